/** `npm run bench`: the figures the project promises, measured on this machine. Ratios are of paired runs; no test depends on them. */
import { setUp } from '../scripts/setup/setup.ts';
import { startDockup } from '../test/support/dockup.ts';
import { ensureImages } from '../test/support/images.ts';
import { benchBundle } from './bundle.ts';
import { benchBusy } from './busy.ts';
import { benchDeploy } from './deploy.ts';
import { benchExec } from './exec.ts';
import { benchMemory, benchStart } from './footprint.ts';
import { benchLogs } from './logs.ts';
import { benchRequests } from './requests.ts';
import { printTable, type Figure } from './table.ts';
import { benchUpload, withUpload } from './upload.ts';

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
    figures.push(await benchDeploy(dockup), await benchRequests(dockup), await benchExec(dockup), ...(await benchLogs(dockup)), ...(await benchUpload(dockup)));
    if (host === 'embedded') figures.push(...(await withUpload(dockup, ({ upload }) => benchBusy(dockup, upload))));
  } finally {
    await dockup.stop();
  }
}
figures.push(await benchBundle());
printTable(figures);
process.exitCode = figures.every((figure) => figure.isMet) ? 0 : 1;
