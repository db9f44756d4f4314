import { expect, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { p256 as p256Curve } from '@noble/curves/nist.js';
import { secp256k1 as secp256k1Curve } from '@noble/curves/secp256k1.js';
import { concat, fromHex, utf8 } from '../../../src/common/index.js';
import { nodeVerify, selfTest, VERIFIERS } from '../../../src/machine/index.js';
import { verifySignature } from '../../../src/client/index.js';
import { KEY_ALGORITHMS } from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { RFC9591 } from '../../vectors/rfc9591.js';

const { publicKey: PUBLIC, privateKey } = generateKeyPairSync('ed25519');
const KEY = Uint8Array.from(PUBLIC.export({ format: 'der', type: 'spki' }).subarray(12));
const MESSAGE = utf8('message');
const SIGNATURE = Uint8Array.from(sign(undefined, MESSAGE, privateKey));

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

test('the self-test of verifiers passes, and fails with a verifier that says yes or no to everything', () => {
  expect(() => selfTest()).not.toThrow();
  for (const openssl of ['', '1.1.1w', '0.0.0']) {
    expect(() => selfTest(nodeVerify, VERIFIERS, openssl)).toThrow('OpenSSL 3 or 4 is needed');
  }
  expect(() => selfTest({ identity: () => true, certified: () => true }, VERIFIERS)).toThrow(
    'wrong answer',
  );
  for (const algorithm of KEY_ALGORITHMS)
    for (const answer of [true, false]) {
      const liar = { isQuick: true, verify: () => answer };
      expect(() => selfTest(nodeVerify, { ...VERIFIERS, [algorithm]: liar })).toThrow(
        'wrong answer',
      );
    }
});

test('a signature of another library call verifies, for facts and for results', () => {
  expect(nodeVerify.identity(KEY, MESSAGE, SIGNATURE)).toBe(true);
  expect(VERIFIERS[Algorithm.FROST_ED25519_SHA512].verify(KEY, MESSAGE, SIGNATURE)).toBe(true);
});

test('a signature by an algorithm that no key has does not verify', () => {
  for (const algorithm of [Algorithm.UNSPECIFIED, Algorithm.UNRECOGNIZED, 77 as Algorithm])
    expect(verifySignature({ algorithm, publicKey: KEY }, MESSAGE, SIGNATURE)).toBe(false);
  const algorithm = Algorithm.FROST_ED25519_SHA512;
  expect(verifySignature({ algorithm, publicKey: KEY }, MESSAGE, SIGNATURE)).toBe(true);
});

test('keys and signatures of a wrong length do not verify, and throw no exception', () => {
  for (const length of [0, 31, 33, 64])
    expect(nodeVerify.identity(new Uint8Array(length), MESSAGE, SIGNATURE)).toBe(false);
  for (const length of [0, 63, 65])
    expect(nodeVerify.identity(KEY, MESSAGE, new Uint8Array(length))).toBe(false);
});

test('keys and signatures of a wrong length or uncompressed do not verify under the other algorithms either', () => {
  const [p256, secp256k1] = [RFC9591[1], RFC9591[2]];
  for (const [algorithm, RFC, Point] of [
    [Algorithm.FROST_P256_SHA256, p256, p256Curve.Point],
    [Algorithm.FROST_SECP256K1_SHA256, secp256k1, secp256k1Curve.Point],
  ] as const) {
    const [key, message, signature] = [RFC.publicKey, RFC.message, RFC.signature].map(bytes);
    if (!key || !message || !signature) throw new Error('it is hex');
    const { verify } = VERIFIERS[algorithm];
    const whole = (point: Uint8Array) => Point.fromBytes(point).toBytes(false);
    const long = concat(whole(signature.slice(0, 33)), signature.slice(33));

    expect(verify(key, message, signature)).toBe(true);
    expect(verify(whole(key), message, signature)).toBe(false);
    expect(verify(key, message, long)).toBe(false);
    for (const wrong of [signature.slice(1), concat(signature, Uint8Array.of(0)), new Uint8Array()])
      expect(verify(key, message, wrong)).toBe(false);
    for (const wrong of [key.slice(1), new Uint8Array(33), new Uint8Array()])
      expect(verify(wrong, message, signature)).toBe(false);
  }
});

test('bytes that are no point do not verify', () => {
  const none = [
    new Uint8Array(32).fill(0xff),
    fromHex('0200000000000000000000000000000000000000000000000000000000000000'),
  ];
  for (const key of none)
    expect(nodeVerify.identity(key ?? KEY, MESSAGE, new Uint8Array(64))).toBe(false);
});

test('s plus the group order is no second signature', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = 0n;
  for (const byte of SIGNATURE.slice(32).toReversed()) s = (s << 8n) | BigInt(byte);
  const second = Uint8Array.from(SIGNATURE);
  let rest = s + order;
  for (let at = 32; at < 64; at++, rest >>= 8n) second[at] = Number(rest & 0xffn);

  expect(rest).toBe(0n);
  expect(nodeVerify.identity(KEY, MESSAGE, second)).toBe(false);
});

test('more keys than the cache holds still verify', () => {
  for (let at = 0; at < 1_100; at++) {
    const key = new Uint8Array(32);
    new DataView(key.buffer).setUint32(0, at);
    nodeVerify.identity(key, MESSAGE, SIGNATURE);
  }
  expect(nodeVerify.identity(KEY, MESSAGE, SIGNATURE)).toBe(true);
});
