import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { toHex, utf8 } from '../../../src/common/index.js';
import { quorate } from './fake-surroundings.js';

const pair = generateKeyPairSync('ed25519');
const publicKey = toHex(
  new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
);
const message = 'a message';
const signature = toHex(new Uint8Array(sign(undefined, Buffer.from(message), pair.privateKey)));
const flags = ['verify', '--public-key', publicKey, '--signature', signature];

test('says valid and ends with 0 for a signature over the message, whole clusters away', async () => {
  const ran = await quorate([...flags, '--message', message]);
  expect(ran).toEqual({ status: 0, out: 'valid', err: '' });
});

test('says invalid and ends with 1 for any other message', async () => {
  const ran = await quorate([...flags, '--message', `${message} `]);
  expect(ran).toEqual({ status: 1, out: 'invalid', err: '' });
});

test('takes the message from standard input, byte for byte', async () => {
  expect((await quorate(flags, { stdin: utf8(message) })).out).toBe('valid');
  expect((await quorate(flags, { stdin: utf8(`${message}\n`) })).out).toBe('invalid');
});

test('prints one JSON object', async () => {
  const ran = await quorate([...flags, '--message', message, '--json']);
  expect(JSON.parse(ran.out)).toEqual({ valid: true, public_key: publicKey });
});

test.each([
  ['neither key', ['verify', '-s', signature, '-m', 'x'], /Name a key of the cluster/],
  ['both keys', [...flags, 'demo', '-m', 'x'], /Name a key of the cluster/],
  ['no signature', ['verify', '--public-key', publicKey, '-m', 'x'], /--signature/],
  [
    'a short signature',
    ['verify', '--public-key', publicKey, '-s', 'abcd', '-m', 'x'],
    /--signature must be 128 hex characters \(64 bytes\)/,
  ],
])('refuses %s with 2', async (_, argv, words) => {
  const ran = await quorate(argv);
  expect(ran.err).toMatch(words);
  expect(ran.status).toBe(2);
});
