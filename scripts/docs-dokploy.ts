/** `npm run docs:dokploy`: writes docs/dokploy.md from the table of procedures. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderPage } from '../worker/dokploy/page.ts';
import { listed } from '../worker/dokploy/procedures.ts';
import { root } from './local/settings.ts';

await writeFile(join(root, 'docs/dokploy.md'), renderPage(listed));
