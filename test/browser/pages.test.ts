/** What a person sees who opens an address in a browser. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openPage } from '../support/browser.ts';
import { startDockup, type Dockup } from '../support/dockup.ts';
import { images } from '../support/images.ts';

describe('in a browser', () => {
  let dockup: Dockup;
  beforeAll(async () => {
    dockup = await startDockup({ host: inject('host') });
    const project = await dockup.createProject();
    await dockup.createApp(project.id, { name: 'page', slug: 'page', image: images.nginx, internal_port: 80 });
    await dockup.deploy('page');
  });
  afterAll(() => dockup.stop());

  test('the root of the API is a page that leads to the machine-readable documents', async () => {
    const page = await openPage(`${dockup.url}/`);
    expect(page).toContain('Dockup');
    expect(page).toContain('/api/v1/openapi.json');
    expect(page).toContain('/llms.txt');
  });

  test('the page about errors has an entry that a problem document can link to', async () => {
    expect(await openPage(`${dockup.url}/errors`)).toContain('id="slug_taken"');
  });

  test('an app opens at its own address, which resolves without any set-up', async () => {
    expect(await openPage(`http://page-app.localhost:${dockup.httpPort}/`)).toContain('Welcome to nginx!');
  });

  test('an address without an app says so', async () => {
    expect(await openPage(`http://nobody-app.localhost:${dockup.httpPort}/`)).toContain('No app at this address');
  });
});
