/** The launcher as a client of the public API: it has no other door than everybody else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createdServer, serverPage, type Server } from '../../shared/api/servers.ts';
import { SetupError } from '../setup/error.ts';

export interface Credentials {
  url: string;
  email: string;
  password: string;
  api_key: string;
}

export function readCredentials(dataDir: string): Promise<Credentials> {
  return readCredentialsFile(join(dataDir, 'credentials.json'));
}

export async function readCredentialsFile(path: string): Promise<Credentials> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SetupError(`${path} is gone, and with it the API key that the launcher works with. Put it back, or begin anew with \`npm run down\`.`, { cause });
  });
  // Written by the first start and by nobody else.
  return JSON.parse(text) as Credentials;
}

export async function isAnswering(apiUrl: string): Promise<boolean> {
  return fetch(`${apiUrl}/api/v1/system/status`).then(
    (response) => response.ok,
    () => false,
  );
}

export interface Client {
  listServers(): Promise<Server[]>;
  /** Answers the enrolment token. */
  registerServer(name: string): Promise<string>;
  removeServer(id: string): Promise<void>;
}

export function createClient(apiUrl: string, { api_key }: Credentials): Client {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${apiUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${api_key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new SetupError(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }
  return {
    listServers: async () => serverPage.parse(await call('GET', '/servers?limit=200')).data,
    registerServer: async (name) => createdServer.parse(await call('POST', '/servers', { name })).enrolment_token,
    removeServer: async (id) => void (await call('DELETE', `/servers/${id}`)),
  };
}
