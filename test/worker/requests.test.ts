/** Requests whose handling differs between the runtimes: bodies, and replies without one. */
import { expect, test } from 'vitest';
import { credentials, fetchApi } from './api.ts';

const post = (body: BodyInit, type = 'application/json') => fetchApi('/api/v1/projects', { method: 'POST', headers: { authorization: `Bearer ${credentials.api_key}`, 'content-type': type }, body });

test.each([
  ['half an object', '{"name":', 'application/json', 400, 'malformed_json'],
  ['a text', 'name', 'text/plain', 415, 'unsupported_media_type'],
  ['two megabytes', JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) }), 'application/json', 413, 'payload_too_large'],
])('%s is refused', async (_what, body, type, status, code) => {
  const response = await post(body, type);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});

test('a body that does not tell its length is counted', async () => {
  const chunk = new TextEncoder().encode(' '.repeat(64 * 1024));
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let i = 0; i < 20; i++) controller.enqueue(chunk);
      controller.close();
    },
  });
  const response = await post(body);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'payload_too_large' });
});

test('the spec is answered with 304 to whoever has it', async () => {
  const first = await fetchApi('/swagger.json');
  const etag = first.headers.get('etag') ?? '';
  expect((await first.json<{ openapi: string }>()).openapi).toBe('3.1.0');
  const again = await fetchApi('/.well-known/openapi.json', { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe('');
});
