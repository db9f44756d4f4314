import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { toHex, utf8 } from '../../../src/common/index.js';
import { quorate } from './fake-context.js';

const pair = generateKeyPairSync('ed25519');
const publicKey = toHex(
  new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
);
const message = 'a message';
const signature = toHex(new Uint8Array(sign(undefined, Buffer.from(message), pair.privateKey)));
const flags = ['verify', '--public-key', publicKey, '--signature', signature];

test('verify exits with 0 for a signature over the message, without any cluster', async () => {
  const ran = await quorate([...flags, '--message', message]);
  expect(ran).toEqual({ status: 0, out: 'valid', err: '' });
});

test('verify says invalid and exits with 8 for any other message', async () => {
  const ran = await quorate([...flags, '--message', `${message} `]);
  expect(ran).toEqual({ status: 8, out: 'invalid', err: '' });
});

test('verify takes the message from standard input, byte for byte', async () => {
  const read = [...flags, '--file', '-'];
  expect((await quorate(read, { stdin: utf8(message) })).out).toBe('valid');
  expect((await quorate(read, { stdin: utf8(`${message}\n`) })).out).toBe('invalid');
});

test('verify --json prints one JSON object', async () => {
  const ran = await quorate([...flags, '--message', message, '--json']);
  expect(JSON.parse(ran.out)).toEqual({ valid: true, public_key: publicKey });
});

test('verify accepts signatures of each algorithm, and none as those of another', async () => {
  // RFC 9591, appendix E.5.
  const named = [
    'verify',
    '--public-key',
    '02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f',
    '--signature',
    '024c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6' +
      'a46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02',
    '--message',
    'test',
  ];
  const asked = (algorithm: string) => quorate([...named, '--algorithm', algorithm]);

  expect((await asked('FROST_SECP256K1_SHA256')).out).toBe('valid');
  expect((await asked('FROST_P256_SHA256')).out).toBe('invalid');
  expect((await asked('FROST_SECP256K1_TAPROOT')).err).toMatch(
    /--public-key must be 32 bytes \(64 hex characters\), not 33/,
  );
  expect((await quorate(named)).status).toBe(2);
  expect((await asked('ECDSA')).err).toMatch(/is no algorithm; there are FROST_ED25519_SHA512, /);
});

test.each([
  ['neither key', ['verify', '-s', signature, '-m', 'x'], /Name a key of the cluster/],
  ['both keys', [...flags, 'demo', '-m', 'x'], /Name a key of the cluster/],
  [
    'an algorithm of a key that has its own',
    ['verify', 'demo', '--algorithm', 'FROST_P256_SHA256', '-s', signature, '-m', 'x'],
    /--algorithm goes with --public-key/,
  ],
  ['no signature', ['verify', '--public-key', publicKey, '-m', 'x'], /--signature/],
  [
    'a short signature',
    ['verify', '--public-key', publicKey, '-s', 'abcd', '-m', 'x'],
    /--signature must be 64 bytes \(128 hex characters\)/,
  ],
])('verify refuses %s and exits with 2', async (_, argv, words) => {
  const ran = await quorate(argv);
  expect(ran.err).toMatch(words);
  expect(ran.status).toBe(2);
});
