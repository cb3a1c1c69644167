import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const passwords = createPasswords();

test('a password verifies against its own hash only', async () => {
  const hash = await passwords.hash('correct horse battery staple');
  expect(await passwords.verify('correct horse battery staple', hash)).toBe(true);
  for (const wrong of ['', 'correct horse battery stapl', 'Correct horse battery staple', hash]) expect(await passwords.verify(wrong, hash)).toBe(false);
});

test('two hashes of one password differ, and neither shows it', async () => {
  const [one, two] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
  expect(one).not.toBe(two);
  expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w+/]{22}==\$[\w+/]{43}=$/);
});

test('the parameters stand in the hash, so that an older and cheaper one still verifies', async () => {
  // RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), the first 32 bytes.
  const hash = `scrypt$16384$8$1$${btoa('SodiumChloride')}$${Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex').toString('base64')}`;
  expect(await passwords.verify('pleaseletmein', hash)).toBe(true);
  expect(await passwords.verify('pleaseletmeout', hash)).toBe(false);
});

test('without a hash no password is right, not even one that derives to nothing', async () => {
  for (const password of ['', 'correct horse battery staple']) expect(await passwords.verify(password, undefined)).toBe(false);
});

test('the same letters typed on another keyboard are the same password', async () => {
  expect(await passwords.verify('cafe\u0301 au lait', await passwords.hash('caf\u00e9 au lait'))).toBe(true);
});

test.each(['', 'plain', 'bcrypt$1$2$3$4$5', 'scrypt$32768$8$1'])('what is no hash verifies nothing: %j', async (hash) => {
  expect(await passwords.verify('anything', hash)).toBe(false);
});
