/** The table of Dokploy's procedures, and the page that is printed from it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/local/settings.ts';
import { renderPage } from '../../worker/dokploy/page.ts';
import { listed, unlisted } from '../../worker/dokploy/procedures.ts';
import { instead } from '../../worker/dokploy/instead.ts';
import { routes } from '../../worker/registry.ts';

const missing = listed.filter(({ procedure }) => procedure === null);
const works = new Set(listed.filter(({ procedure }) => procedure !== null).map(({ path }) => path));

test('there are 604, and no others', () => {
  expect(listed).toHaveLength(604);
  expect(unlisted).toEqual([]);
});

test('docs/dokploy.md is what `npm run docs:dokploy` writes', async () => {
  expect(await readFile(join(root, 'docs/dokploy.md'), 'utf8')).toBe(renderPage(listed));
});

test('what does not work has a reason, and what works has none', () => {
  expect(missing.filter(({ instead: reason }) => reason === '').map(({ path }) => path)).toEqual([]);
  expect(Object.keys(instead).filter((path) => works.has(path) || !listed.some((entry) => entry.path === path))).toEqual([]);
});

test('a reason that names a procedure names one that works, and one that names a route names one that there is', () => {
  const routers = new Set(listed.map(({ path }) => path.slice(0, path.indexOf('.'))));
  const named = missing.flatMap(({ path, instead: reason }) => [...reason.matchAll(/\b([a-zA-Z]+)\.[a-zA-Z]+\b/g)].filter(([, router = '']) => routers.has(router)).map(([name]) => ({ path, name })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ name }) => !works.has(name)).map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  const addresses = new Set(routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`));
  const asked = missing.flatMap(({ path, instead: reason }) => [...reason.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/api\/v1\/[\w{}/-]+)/g)].map(([, method, address]) => ({ path, route: `${method} ${address}` })));
  expect(asked.filter(({ route }) => !addresses.has(route)).map(({ path, route }) => `${path}: ${route}`)).toEqual([]);
});
