import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, jest, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { concat, toHex, u32be, u64be, utf8 } from '../../../src/common/index.js';
import { aggregate, derivedPublicKey, judgeSignatureShare } from '../../../src/frost/index.js';
import { algorithmName } from '../../../src/identity/index.js';
import {
  dealRandom,
  seededRandom,
  signAll,
  verifies,
} from '../../support/builders/frost-exchange.js';
import { ed25519Suite, FROST_ALGORITHMS, SUITES } from '../../support/builders/schemes.js';
import type { SharedKey } from '../../../src/sharing/index.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(60_000);

const message = utf8('to be signed');
const chainCode = new Uint8Array(32).fill(0xcc);
const suites = FROST_ALGORITHMS.map((algorithm) => {
  const suite = SUITES[algorithm];
  return [algorithmName(algorithm), suite] as const;
});
const LP = (bytes: Uint8Array) => concat(u64be(bytes.length), bytes);
const at = (key: SharedKey, path: readonly number[]): SharedKey => ({
  ...key,
  derivation: { chainCode, path },
});

describe.each(suites)('%s', (_name, suite) => {
  const random = seededRandom(suite.algorithm * 77);
  const { key, shares } = dealRandom(suite, 2, 3, random);

  test('signers sign along a path under a key of its own for each path, with unchanged shares', () => {
    const before = shares.map(({ scalar }) => toHex(scalar));
    const seen = new Set([toHex(key.publicKey)]);
    for (const path of [[0], [1], [0, 0], [0, 1], [1, 0], [2 ** 31 - 1], Array(16).fill(3)]) {
      const derived = derivedPublicKey(suite, at(key, path)) ?? new Uint8Array();
      seen.add(toHex(derived));
      const made = signAll(suite, at(key, path), shares.slice(1), message, random);

      const verify = verifies(suite, derived, message);
      const result = aggregate(suite, at(key, path), made.B, message, made.shares, verify);

      expect(result.ok).toBe(true);
      expect(result.ok && verifies(suite, key.publicKey, message)(result.signature)).toBe(false);
    }
    expect(seen.size).toBe(8);
    expect(shares.map(({ scalar }) => toHex(scalar))).toEqual(before);
    expect(derivedPublicKey(suite, at(key, []))).toEqual(key.publicKey);
  });

  test('shares are judged with the key of their path, and of no other', () => {
    const [path, other] = [at(key, [0, 5]), at(key, [0, 6])];
    const made = signAll(suite, path, shares.slice(1), message, random);
    const judge = (asked: SharedKey, index: number) =>
      judgeSignatureShare(
        suite,
        asked,
        made.B,
        message,
        index,
        made.shares.get(index) ?? new Uint8Array(),
      );

    expect([2, 3].map((index) => judge(path, index))).toEqual(['right', 'right']);
    for (const asked of [other, key])
      expect([2, 3].map((index) => judge(asked, index))).toEqual(['wrong', 'wrong']);
    made.shares.set(3, made.shares.get(2) ?? new Uint8Array());
    const verify = verifies(suite, derivedPublicKey(suite, path) ?? new Uint8Array(), message);
    const result = aggregate(suite, path, made.B, message, made.shares, verify);
    expect(result).toEqual({ ok: false, culprits: [3] });
  });

  test('another chain code derives other keys', () => {
    const derivation = { chainCode: new Uint8Array(32), path: [0] };
    const one = derivedPublicKey(suite, { ...key, derivation });

    expect(one).not.toEqual(derivedPublicKey(suite, at(key, [0])));
  });

  test('no key is derived at hardened numbers, at values that are no number, or deeper than 16', () => {
    for (const path of [
      [2 ** 31],
      [0, 2 ** 32 - 1],
      [2 ** 32],
      [-1],
      [0.5],
      [NaN],
      Array(17).fill(0),
    ])
      expect(derivedPublicKey(suite, at(key, path))).toBeUndefined();
  });
});

test('on Ed25519 the tweak is the hash that the page of exact bytes says', () => {
  const { key } = dealRandom(ed25519Suite, 2, 3, seededRandom(9));
  const path = [7, 2 ** 31 - 1];
  const item = (tag: number, bytes: Uint8Array) => concat(Uint8Array.of(tag), LP(bytes));
  const numbers = path.map((number) => item(2, u32be(number)));
  const transcript = concat(
    LP(utf8('quorate/1')),
    LP(utf8('ed-tweak')),
    u32be(3),
    item(3, key.publicKey),
    item(1, chainCode),
    item(4, concat(u32be(2), ...numbers)),
  );
  const hash = createHash('shake256', { outputLength: 64 }).update(transcript).digest('hex');
  const tweak = BigInt(`0x${hash}`) % ed25519.Point.Fn.ORDER;

  const expected = ed25519.Point.fromBytes(Uint8Array.from(key.publicKey)).add(
    ed25519.Point.BASE.multiply(tweak),
  );
  expect(derivedPublicKey(ed25519Suite, at(key, path))).toEqual(expected.toBytes());
});
