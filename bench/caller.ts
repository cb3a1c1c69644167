/** A caller with a thread of its own: how long its calls take is not how busy the process is that reads a flood and sends an image meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

interface Calls {
  url: string;
  token: string;
  seconds: number;
}

/** ms that each call took. They follow one another, at most ten a second. */
export async function callFor(calls: Calls): Promise<number[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: calls });
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  worker.on('message', resolve);
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('the caller ended without a word')));
  return promise;
}

async function measure({ url, token, seconds }: Calls): Promise<number[]> {
  const times: number[] = [];
  for (const deadline = performance.now() + seconds * 1000; performance.now() < deadline; await sleep(100)) {
    const began = performance.now();
    const reply = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    const body = await reply.text();
    if (reply.status !== 200) throw new Error(`bench busy: ${reply.status} ${body}`);
    times.push(performance.now() - began);
  }
  return times;
}

if (!isMainThread) parentPort?.postMessage(await measure(workerData as Calls));
