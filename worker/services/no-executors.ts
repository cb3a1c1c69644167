import { AppError } from '../../shared/errors.ts';
import type { ExecutorClient, Sockets } from './ports.ts';

const refuse = () => Promise.reject(new AppError('executor_offline', { detail: 'Executors are not reached from here.' }));

/** For tools that work on the database alone. */
export const noExecutors: ExecutorClient = {
  call: refuse,
  presence: async () => ({ isConnected: false, status: 'offline', since: null, reason: null, epoch: null, usage: {} }),
  settled: refuse,
  disconnect: async () => undefined,
  accept: refuse,
  attach: refuse,
  stream: refuse,
  upload: refuse,
  download: refuse,
  transfer: refuse,
  history: async () => [],
  forget: async () => undefined,
  announce: async () => undefined,
  awaitEvent: refuse,
  conclude: async () => undefined,
  lookAtRights: async () => undefined,
};

export const noSockets: Sockets = { refuse };
