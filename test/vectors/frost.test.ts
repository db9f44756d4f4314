import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex } from '../../src/common/index.js';
import { aggregate, commit, signShare } from '../../src/frost/index.js';
import { verificationShare } from '../../src/sharing/index.js';
import { bind } from '../../src/frost/binding.js';
import { signingKey } from '../../src/frost/signing-key.js';
import { Algorithm } from '../../src/wire/index.js';
import { deal, verifies } from '../support/builders/frost-exchange.js';
import { RFC9591 } from './rfc9591.js';
import { KINDS_OF_ARITHMETIC } from '../support/builders/backends.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

/** Gives the RFC's random values in their order. */
function scripted(...values: readonly string[]) {
  const rest = [...values];
  return { bytes: () => bytes(rest.shift() ?? '') };
}

const names = new Map<Algorithm, string>(
  Object.entries(Algorithm).map(([name, algorithm]) => [algorithm, name]),
);

const cases = KINDS_OF_ARITHMETIC.flatMap(({ kind, suites }) =>
  RFC9591.map((RFC) => [names.get(RFC.algorithm), kind, suites, RFC] as const),
);

describe.each(cases)('%s by %s backends', (_name, _kind, suites, RFC) => {
  const suite = suites[RFC.algorithm];
  const { group } = suite;
  const number = (hex: string) => group.decodeScalar(bytes(hex)) ?? 0n;

  const { key, shares } = deal(suite, RFC.threshold, RFC.count, [
    number(RFC.secret),
    number(RFC.coefficient),
  ]);
  const message = bytes(RFC.message);
  const B = RFC.signers.map(({ index, D, E }) => ({ index, D: bytes(D), E: bytes(E) }));
  const verify = verifies(suite, key.publicKey, message);

  test('the key shares and the public key are those of the RFC', () => {
    expect(toHex(key.publicKey)).toBe(RFC.publicKey);
    expect(shares.map(({ scalar }) => toHex(scalar))).toEqual(RFC.keyShares);
  });

  test('the verification shares computed from V are the points of the key shares', () => {
    for (const { index, scalar: x_i } of shares) {
      const X = verificationShare(suite, key.V, index);
      const expected = group.multiplyBase(group.decodeScalar(x_i) ?? 0n);
      expect(X && group.equal(X, expected)).toBe(true);
    }
  });

  test('RFC 9591 §5.1: nonces and commitments come from the random bytes and the key share', () => {
    for (const { index, hidingRandomness, bindingRandomness, d, e, D, E } of RFC.signers) {
      const random = scripted(hidingRandomness, bindingRandomness);

      const nonce = commit(suite, bytes(RFC.keyShares[index - 1] ?? ''), random);

      expect([nonce.d, nonce.e, nonce.D, nonce.E].map(toHex)).toEqual([d, e, D, E]);
    }
  });

  test('RFC 9591 §4.4: the binding factors', () => {
    const signing = signingKey(suite, key);
    if (signing === undefined) throw new Error('the key is sound');
    const binding = bind(suite, signing, B, message);

    if ('badCommitment' in binding) throw new Error('the commitments are points');
    const factors = [...binding.signers].map(([index, { rho }]) => [
      index,
      toHex(group.encodeScalar(rho)),
    ]);
    expect(factors).toEqual(RFC.signers.map(({ index, rho }) => [index, rho]));
  });

  test('RFC 9591 §5.2: the signature shares', () => {
    const made = RFC.signers.map(({ index, d, e }) => {
      const nonce = { d: bytes(d), e: bytes(e) };
      const share = { index, scalar: bytes(RFC.keyShares[index - 1] ?? '') };
      return signShare(suite, key, share, nonce, B, message);
    });

    expect(made.map((each) => ('share' in each ? toHex(each.share) : each))).toEqual(
      RFC.signers.map(({ share }) => share),
    );
  });

  test('RFC 9591 §5.3: the signature, which an independent verifier takes', () => {
    const given = new Map(RFC.signers.map(({ index, share }) => [index, bytes(share)]));

    const result = aggregate(suite, key, B, message, given, verify);

    expect(result.ok && toHex(result.signature)).toBe(RFC.signature);
  });

  test('blame over the shares of the RFC finds no culprit', () => {
    const given = new Map(RFC.signers.map(({ index, share }) => [index, bytes(share)]));

    const result = aggregate(suite, key, B, message, given, () => false);

    expect(result).toEqual({ ok: false, culprits: [] });
  });
});
