/** `npm run bench`: the figures the project promises, measured on this machine. Ratios are of paired runs; no test depends on them. */
import { setUp } from '../scripts/setup/setup.ts';
import { startDockup } from '../test/support/dockup.ts';
import { ensureImages } from '../test/support/images.ts';
import { benchBundle } from './bundle.ts';
import { benchDeploy } from './deploy.ts';
import { benchMemory, benchStart } from './footprint.ts';
import { benchRequests } from './requests.ts';
import { printTable, type Figure } from './table.ts';

const say = (line: string) => console.log(line);
await setUp({ programs: ['haproxy', 'busybox', 'debootstrap', 'wrk'], socket: '/var/run/docker.sock', mayInstall: true, say });
await ensureImages(say);

const figures: Figure[] = [];
for (const host of ['embedded', 'edge'] as const) {
  say(`measuring the ${host} host …`);
  const dockup = await startDockup({ host });
  try {
    figures.push(await benchStart(dockup));
    if (host === 'embedded') figures.push(...(await benchMemory(dockup)));
    figures.push(await benchDeploy(dockup), await benchRequests(dockup));
  } finally {
    await dockup.stop();
  }
}
figures.push(await benchBundle());
printTable(figures);
process.exitCode = figures.every((figure) => figure.isMet) ? 0 : 1;
