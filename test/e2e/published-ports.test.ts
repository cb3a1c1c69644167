/** Ports of the server that lead straight to an app. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { app } from '../../shared/api/apps.ts';
import { findFreePort } from '../../scripts/local/ports.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

describe('published ports', () => {
  let dockup: Dockup;
  let projectId: string;
  let port: number;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    projectId = (await dockup.createProject()).id;
    port = await findFreePort();
    await make('shop', [{ host_port: port, container_port: 80 }]);
  });
  afterAll(() => dockup.stop());

  const make = (slug: string, ports: object[]) => dockup.createApp(projectId, { name: slug, slug, image: images.busybox, internal_port: 80, env: { VERSION: `${slug} v1` }, stop_timeout: 1, published_ports: ports });
  const visit = async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  const change = (body: object, slug = 'shop') => dockup.request('PUT', `/api/v1/apps/${slug}`, { body });

  test('REL-13 lead to the app, which is replaced stop-first and says so', async () => {
    expect((await dockup.deploy('shop')).strategy).toBe('stop-first');
    expect(await visit()).toBe('shop v1\n');
    await change({ env: { VERSION: 'shop v2' } });
    expect((await dockup.deploy('shop')).strategy).toBe('stop-first');
    expect(await visit()).toBe('shop v2\n');
    expect(await dockup.visit('shop')).toMatchObject({ status: 200, body: 'shop v2\n' });
  });

  test('that another app has are refused before anything is stopped', async () => {
    await make('rival', []);
    await dockup.deploy('rival');
    await change({ published_ports: [{ host_port: port, container_port: 80 }], env: { VERSION: 'rival v2' } }, 'rival');
    expect((await dockup.deployBadly('rival')).problem).toMatchObject({ code: 'host_port_taken', status: 409, detail: expect.stringContaining(String(port)) });
    expect(await dockup.visit('rival')).toMatchObject({ body: 'rival v1\n' });
    expect(await visit()).toBe('shop v2\n');
  });

  test('that a program of the server has are refused, and the old container is started again', async () => {
    const program = createServer().listen(0, '0.0.0.0');
    await once(program, 'listening');
    // A server on TCP always has an address with a port.
    const { port: taken } = program.address() as { port: number };
    await change({ published_ports: [{ host_port: taken, container_port: 80 }] }, 'rival');
    expect((await dockup.deployBadly('rival')).problem).toMatchObject({ code: 'host_port_taken' });
    expect(await dockup.visit('rival')).toMatchObject({ body: 'rival v1\n' });
    program.close();
  });

  test('SEC-04 below 1024 are refused by the policy of the server', async () => {
    await change({ published_ports: [{ host_port: 22, container_port: 80 }] }, 'rival');
    expect((await dockup.deployBadly('rival')).problem).toMatchObject({ code: 'policy_refused', detail: expect.stringContaining('22') });
    expect(await dockup.visit('rival')).toMatchObject({ body: 'rival v1\n' });
  });

  test.each([
    ['twice the same', [{ host_port: 5000, container_port: 80 }, { host_port: 5000, container_port: 81 }], 'invalid_value', '/published_ports'],
    ['no port', [{ host_port: 0, container_port: 80 }], 'out_of_range', '/published_ports/0/host_port'],
    ['an unknown protocol', [{ host_port: 5000, container_port: 80, protocol: 'sctp' }], 'invalid_value', '/published_ports/0/protocol'],
  ])('with %s change nothing', async (_what, ports, code, pointer) => {
    expect(await change({ published_ports: ports })).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    expect((await dockup.expect(200, app, dockup.request('GET', '/api/v1/apps/shop'))).published_ports).toEqual([{ host_port: port, container_port: 80, protocol: 'tcp' }]);
  });

  test('go with the app', async () => {
    expect(await dockup.request('DELETE', '/api/v1/apps/shop')).toMatchObject({ status: 204 });
    await expect(visit()).rejects.toThrow('fetch failed');
  });
});
