import { describe, expect, test } from '@jest/globals';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { SCHEMES, verifyJob } from '../../../src/algorithms/index.js';
import { concat, utf8 } from '../../../src/common/index.js';
import { keccak256, modulo, randomScalar } from '../../../src/crypto/index.js';
import { systemRandom, VERIFIERS } from '../../../src/machine/index.js';
import { Algorithm, Hash } from '../../../src/wire/index.js';

const context = { schemes: SCHEMES, verifiers: VERIFIERS };
const message = utf8('a transaction');
const digest = keccak256(message);
const chainCode = new Uint8Array(32).fill(0xcc);

describe.each([
  ['GG20_SECP256K1', Algorithm.GG20_SECP256K1, secp256k1],
  ['GG20_P256', Algorithm.GG20_P256, p256],
] as const)('a signature by a key of %s', (_name, algorithm, library) => {
  const { group } = SCHEMES[algorithm].sharing;
  const x = randomScalar(group.order, systemRandom);
  const point = (scalar: bigint) => group.encode(group.multiplyBase(scalar));
  const publicKey = point(x);
  const V = [publicKey, point(7n)];
  const key = { threshold: 2, V, publicKey, derivation: { chainCode, path: [] } };

  const options = { prehash: false, lowS: true, format: 'recovered' } as const;
  const made = library.sign(digest, group.encodeScalar(x), options);
  const [recoveryId = 9, signature] = [made[0], made.slice(1)];
  const s = group.decodeScalar(signature.slice(32)) ?? 0n;
  const high = concat(signature.slice(0, 32), group.encodeScalar(modulo(-s, group.order)));

  const hashed = { form: 'hashed', message, hash: Hash.KECCAK256 } as const;
  const input = { algorithm, key, payload: hashed, signature, recoveryId };
  const verify = (changes: Partial<Parameters<typeof verifyJob.compute>[0]>) =>
    verifyJob.compute({ ...input, ...changes }, context);

  test('verifies for the message with its hash, and for the digest', () => {
    expect(verify({})).toEqual(publicKey);
    expect(verify({ payload: { form: 'digest', digest } })).toEqual(publicKey);
  });

  test('does not verify for another hash or message, or with the higher s', () => {
    expect(verify({ payload: { ...hashed, hash: Hash.SHA256 } })).toBeUndefined();
    expect(verify({ payload: { ...hashed, message: utf8('another') } })).toBeUndefined();
    expect(verify({ payload: { form: 'message', message } })).toBeUndefined();
    expect(verify({ signature: high, recoveryId: recoveryId ^ 1 })).toBeUndefined();
  });

  test('does not verify with a recovery id that leads to another key, or without one', () => {
    for (const wrong of [recoveryId ^ 1, recoveryId ^ 2, 4, 255, undefined])
      expect(verify({ recoveryId: wrong })).toBeUndefined();
  });

  test('does not verify under a key at another path', () => {
    const derivation = { chainCode, path: [1] };
    expect(verify({ key: { ...key, derivation } })).toBeUndefined();
  });
});

test('a FROST signature with a recovery id does not verify', () => {
  const algorithm = Algorithm.FROST_SECP256K1_SHA256;
  const { sharing } = SCHEMES[algorithm];
  const V = [3n, 4n].map((each) => sharing.group.encode(sharing.group.multiplyBase(each)));
  const [publicKey = new Uint8Array()] = V;
  const key = { threshold: 2, V, publicKey, derivation: { chainCode, path: [] } };
  const verifiers = { ...VERIFIERS, [algorithm]: { isQuick: true, verify: () => true } };
  const input = { algorithm, key, payload: { form: 'message', message } as const };
  const signed = { ...input, signature: new Uint8Array(65) };
  expect(verifyJob.compute(signed, { ...context, verifiers })).toEqual(publicKey);
  expect(
    verifyJob.compute({ ...signed, recoveryId: 0 }, { ...context, verifiers }),
  ).toBeUndefined();
});
