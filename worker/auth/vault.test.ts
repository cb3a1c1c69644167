import { expect, test } from 'vitest';
import { createVault } from './vault.ts';

const secret = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const vault = createVault(secret);

test.each(['', 'dkp_4f9a1c', 'ünï\u0000cödé 🗝', 'x'.repeat(200_000)])('what was sealed opens again (%#)', async (text) => {
  expect(await vault.open(await vault.seal(text, 'place'), 'place')).toBe(text);
});

test('SEC-12 a sealed text shows nothing, and never looks the same twice', async () => {
  const [one, two] = [await vault.seal('dkp_4f9a1c', 'place'), await vault.seal('dkp_4f9a1c', 'place')];
  expect(one).not.toBe(two);
  expect(one).toMatch(/^v1\.[\w+/=]{16}\.[\w+/=]+$/);
  expect(atob(one.split('.')[2] ?? '')).not.toContain('dkp_');
});

test('SEC-12 it opens in its own place only', async () => {
  await expect(vault.open(await vault.seal('text', 'app-env:app_1'), 'app-env:app_2')).rejects.toBeInstanceOf(Error);
});

test('SEC-12 it opens with its own key only', async () => {
  await expect(createVault(`${secret}0`).open(await vault.seal('text', 'place'), 'place')).rejects.toBeInstanceOf(Error);
});

test('every changed byte is noticed', async () => {
  const [version, iv, body = ''] = (await vault.seal('text', 'place')).split('.');
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  for (let i = 0; i < bytes.length; i++) {
    const tampered = bytes.with(i, (bytes[i] ?? 0) ^ 1);
    await expect(vault.open(`${version}.${iv}.${btoa(String.fromCharCode(...tampered))}`, 'place')).rejects.toBeInstanceOf(Error);
  }
});

test.each(['', 'v1', 'v1.', 'v2.AAAA.AAAA', 'plain text', 'v1.!.!'])('what is no sealed text is refused: %j', async (text) => {
  await expect(vault.open(text, 'place')).rejects.toBeInstanceOf(Error);
});

test('a fingerprint is the same for the same value, and depends on the key', async () => {
  expect(await vault.fingerprint('value')).toMatch(/^[0-9a-f]{12}$/);
  expect(await vault.fingerprint('value')).toBe(await vault.fingerprint('value'));
  expect(await vault.fingerprint('value')).not.toBe(await vault.fingerprint('value '));
  expect(await vault.fingerprint('value')).not.toBe(await createVault(`${secret}0`).fingerprint('value'));
});
