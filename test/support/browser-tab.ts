/** Headless Chromium as somebody uses it: tabs that are clicked and typed in, over its DevTools protocol. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../scripts/setup/programs.ts';

export interface Browser {
  /** With cookies and storage of its own; tabs of the same `person` share them. */
  open(url: string, person?: string): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  go(url: string): Promise<void>;
  /** The value of an expression in the page, as in its console. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until the expression is true. */
  until(expression: string): Promise<void>;
  click(selector: string): Promise<void>;
  /** In place of what is there. */
  type(selector: string, text: string): Promise<void>;
  press(key: 'Tab' | 'Enter' | 'Space'): Promise<void>;
  /** Errors of scripts and what the page's policy refused, since the tab is open. */
  readonly complaints: string[];
  /** Every address that was asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

type Send = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>;
interface Message {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0'];

export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'dockup-browser-'));
  const child = spawn((await findProgram('chromium')) ?? 'chromium', [...flags, `--user-data-dir=${profile}`, 'about:blank'], { stdio: 'ignore' });
  const end = async () => {
    await endChild(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { send, listen, close } = await connect(await findDebugger(profile));
    const contexts = new Map<string, string>();
    return {
      open: async (url, person = 'somebody') => {
        if (!contexts.has(person)) contexts.set(person, String((await send('Target.createBrowserContext'))['browserContextId']));
        const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId: contexts.get(person) });
        const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
        const tab = await createTab((method, params) => send(method, params, String(sessionId)), (handle) => listen(String(sessionId), handle));
        await tab.go(url);
        return { ...tab, close: async () => void (await send('Target.closeTarget', { targetId })) };
      },
      close: async () => {
        close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function createTab(send: Send, listen: (handle: (method: string, params: Record<string, unknown>) => void) => void): Promise<Omit<Tab, 'close'>> {
  const complaints: string[] = [];
  const requests: string[] = [];
  listen((method, params) => {
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') {
      const text = JSON.stringify(params);
      // A request that is refused is told of as well: the page shows those.
      if (!text.includes('Failed to load resource')) complaints.push(text);
    }
    if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { url: string }).url);
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  // A tab that nobody looks at would have no focus, and no clipboard.
  await send('Emulation.setFocusEmulationEnabled', { enabled: true });

  async function evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  }
  async function until(expression: string): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
      // In the middle of a navigation there is no page to ask.
      if (await evaluate(`Boolean(${expression})`).catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`never true: ${expression}, in ${String(await evaluate('location.href + " " + document.body.innerText'))}, which says ${complaints.join('\n')}`);
    }
  }
  const find = (selector: string) => `document.querySelector(${JSON.stringify(selector)})`;
  const isVisible = (selector: string) => `${find(selector)}?.getClientRects().length > 0`;

  return {
    complaints,
    requests,
    evaluate,
    until,
    go: async (url) => {
      await send('Page.navigate', { url });
      await until('document.readyState === "complete" && location.href !== "about:blank"');
    },
    click: async (selector) => {
      await until(isVisible(selector));
      await evaluate(`${find(selector)}.click()`);
    },
    type: async (selector, text) => {
      await until(isVisible(selector));
      await evaluate(`${find(selector)}.focus(); ${find(selector)}.select()`);
      await send('Input.insertText', { text });
    },
    press: async (key) => {
      const text = { Tab: '', Enter: '\r', Space: ' ' }[key];
      const description = { key: key === 'Space' ? ' ' : key, code: key, windowsVirtualKeyCode: { Tab: 9, Enter: 13, Space: 32 }[key] };
      await send('Input.dispatchKeyEvent', { type: text === '' ? 'rawKeyDown' : 'keyDown', ...description, ...(text !== '' && { text }) });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...description });
    },
  };
}

/** Chromium writes where it listens once it does. */
async function findDebugger(profile: string): Promise<string> {
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const [port, path] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
    if (port !== undefined && path !== undefined) return `ws://127.0.0.1:${port}${path}`;
    if (Date.now() > deadline) throw new Error('start Chromium: it does not listen');
  }
}

async function connect(address: string) {
  const socket = new WebSocket(address);
  const waiting = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  const listeners = new Map<string, (method: string, params: Record<string, unknown>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, method, sessionId = '', params = {}, result = {}, error } = JSON.parse(String(data)) as Message;
    if (id === undefined) return listeners.get(sessionId)?.(method ?? '', params);
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error.message));
  });
  await once(socket, 'open');
  let count = 0;
  const send: Send = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    });
  return { send, listen: (sessionId: string, handle: (method: string, params: Record<string, unknown>) => void) => void listeners.set(sessionId, handle), close: () => socket.close() };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(late);
}
