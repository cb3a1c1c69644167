/** A client of server-sent events: what a browser's EventSource does, with headers. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

export interface SentEvent {
  id: string | undefined;
  /** `message` where the stream says nothing else. */
  event: string;
  data: unknown;
}

export interface EventSource {
  response: Response;
  /** The next event; undefined once the stream has ended. */
  next(): Promise<SentEvent | undefined>;
  /** As if the client were gone. */
  leave(): void;
}

interface Options {
  url: string;
  token: string;
  lastEventId?: string;
}

export async function openEventSource({ url, token, lastEventId }: Options): Promise<EventSource> {
  const gone = new AbortController();
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const response = await fetch(url, { headers, signal: gone.signal });
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const events = parse(response.body);
  return { response, next: async () => (await events.next()).value ?? undefined, leave: () => gone.abort() };
}

async function* parse(body: NonNullable<Response['body']>): AsyncGenerator<SentEvent> {
  let fields: Record<string, string> = {};
  for await (const line of createInterface({ input: Readable.from(body) })) {
    const [, name = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (name !== '') fields[name] = value;
    if (line !== '') continue;
    if (fields['data'] !== undefined) yield { id: fields['id'], event: fields['event'] ?? 'message', data: JSON.parse(fields['data']) };
    fields = {};
  }
}
