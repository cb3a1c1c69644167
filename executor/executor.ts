/** Puts the parts of the executor together and runs them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFinished } from '../shared/status.ts';
import type { ExecutorEvent } from '../shared/protocol/events.ts';
import { limits } from '../shared/protocol/limits.ts';
import { ingressOf, type Config } from './config.ts';
import { Deployments } from './deploy/deployments.ts';
import { removeUnfinished } from './files.ts';
import { createHandlers } from './handlers/handlers.ts';
import { createStreamHandlers } from './handlers/streams.ts';
import { createHello } from './hello.ts';
import { openHost } from './host.ts';
import { postJson } from './http.ts';
import { enrol, loadIdentity, type Identity } from './identity.ts';
import { Link } from './link.ts';
import { createLoadedImages, type LoadedImages } from './images/loaded-images.ts';
import { createLocks } from './locks.ts';
import { describeError, type Log } from './log.ts';
import { createDiskWatch } from './observe/disk-watch.ts';
import { keepWatch } from './observe/keep-watch.ts';
import { Observer } from './observe/observer.ts';
import { Outbox } from './outbox.ts';
import { claimDirectory } from './pid-file.ts';
import { createTransfers } from './transfers.ts';
import { createUploads, type Uploads } from './uploads/uploads.ts';

export interface ExecutorOptions {
  config: Config;
  log: Log;
  /** The control plane has let this executor in, for the first time in this process. */
  onConnected: (serverId: string, apiUrl: string) => void;
}

const defaultApiUrl = 'http://localhost:3000';

/** Runs until the signal aborts; apps and routing go on without it. @throws Error that says what to do when it cannot start */
export async function runExecutor(options: ExecutorOptions, signal: AbortSignal): Promise<void> {
  const { dir, apiUrl, enrolmentToken } = options.config;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const release = await claimDirectory(dir);
  try {
    await removeUnfinished(dir);
    const identity = (await loadIdentity(dir)) ?? (await enrol({ dir, apiUrl: apiUrl ?? defaultApiUrl, token: enrolmentToken, post: postJson }));
    await work(options, identity, signal);
  } finally {
    await release();
  }
}

async function work({ config, log, onConnected }: ExecutorOptions, identity: Identity, signal: AbortSignal): Promise<void> {
  const { serverId, connectToken } = identity;
  const apiUrl = config.apiUrl ?? identity.apiUrl;
  const outbox = new Outbox({
    onOutcomeAcknowledged: (id) => {
      // An app that was removed meanwhile took its deployments out of the journal.
      if (host.journal.get(id) === undefined) return;
      host.journal.change(id, { isAcknowledged: true }).catch((error: unknown) => log.error('an outcome could not be marked as told', { deployment: id, error: describeError(error) }));
    },
  });
  const emit = (event: ExecutorEvent) => {
    outbox.push(event);
    // The engine has no event for a container that becomes the app's current one.
    if (event.kind === 'deployment' && isFinished(event.status)) observer.look().catch(() => undefined);
  };
  const host = await openHost({ config, serverId, log, emit });
  const { engine, journal, proxy, clock } = host;
  const observer = new Observer({ engine, journal, proxy, clock, containers: host.containers, log, emit });
  const deployments = new Deployments(host);
  const disks = createDiskWatch(host);
  for (const outcome of journal.unacknowledged()) outbox.push(outcome);

  let reportInterval: number = limits.reportInterval;
  let isFirst = true;
  const uploads = createUploads({ dir: join(config.dir, 'uploads'), maxBytes: config.maxUpload });
  const loaded = createLoadedImages({ path: join(config.dir, 'loaded-images.json'), engine, journal });
  sweepUploads([uploads, loaded], log, signal);
  const context = { host, deployments, observer, transfers: createTransfers({ apiUrl, connectToken }), uploads, loaded, loads: createLocks(), apps: createLocks() };
  const link = new Link({
    apiUrl,
    connectToken,
    hello: () => createHello(engine, deployments, ingressOf(config)),
    handlers: createHandlers(context),
    streamHandlers: createStreamHandlers(context),
    outbox,
    clock,
    log,
    onWelcome: (welcome) => {
      reportInterval = welcome.report_interval;
      void observer.report();
      void disks.tell();
      if (isFirst) onConnected(serverId, apiUrl);
      isFirst = false;
    },
  });
  await Promise.all([link.run(signal), disks.run(signal), keepWatch({ host, deployments, observer, reportInterval: () => reportInterval, signal })]);
}

/** Now, and every hour. */
function sweepUploads(swept: (Uploads | LoadedImages)[], log: Log, signal: AbortSignal): void {
  const sweep = () => void Promise.all(swept.map((kept) => kept.sweep())).catch((error: unknown) => log.warn('old uploads are not removed yet', { error: describeError(error) }));
  const timer = setInterval(sweep, 3_600_000);
  signal.addEventListener('abort', () => clearInterval(timer));
  sweep();
}
