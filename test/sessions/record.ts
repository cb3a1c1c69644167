/**
 * `npm run record:session`: records a session of the protocol this build speaks, with a real executor on a real engine. Done once for each version, before it is
 * released; the recordings of released versions stay as they are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createdServer } from '../../shared/api/servers.ts';
import { protocolVersion } from '../../shared/protocol/messages.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { startExecutorProcess } from '../support/executor-process.ts';
import { ensureImages, images } from '../support/images.ts';
import { writeRecording, type Entry, type RecordedStep } from './recording.ts';
import { steps, type Stage } from './scenario.ts';
import { openTap } from './tap.ts';

const say = (line: string) => console.log(line);
/** For what the executor still has to tell of a step. */
const rest = () => sleep(1_500);

await ensureImages(say);
const plane = await startControlPlane({ host: 'embedded' });
const tap = await openTap(plane.url);
const { id: serverId, enrolment_token: enrolmentToken } = await plane.expect(201, createdServer, plane.request('POST', '/api/v1/servers', { body: { name: 'recorded' } }));

const recorded: RecordedStep[] = [{ step: 'hello', entries: [] }];
const watchers = new Set<(entry: Entry) => void>();
tap.onEntry((entry) => {
  recorded.at(-1)?.entries.push(entry);
  for (const watch of watchers) watch(entry);
});
const until = (wanted: (entry: Entry) => boolean) =>
  new Promise<void>((resolve) => {
    const watch = (entry: Entry) => {
      if (!wanted(entry)) return;
      watchers.delete(watch);
      resolve();
    };
    watchers.add(watch);
  });

const reported = until((entry) => 'message' in entry && entry.message.type === 'event' && entry.message.event.kind === 'report');
const executor = await startExecutorProcess({ serverId, apiUrl: tap.url, enrolmentToken });
try {
  await reported;
  await rest();
  const stage: Stage = {
    api: plane,
    url: plane.url,
    token: plane.credentials.api_key,
    serverId,
    image: images.busybox,
    slug: 'recorded',
    nextCall: (method) => until((entry) => 'message' in entry && entry.message.type === 'call' && entry.message.method === method),
  };
  for (const { name, run } of steps) {
    recorded.push({ step: name, entries: [] });
    say(`${name}: ${JSON.stringify(await run(stage))}`);
    await rest();
  }
  await writeRecording(protocolVersion, recorded);
} finally {
  await executor.stop();
  await tap.close();
  await plane.stop();
}
