import { expect, test } from '@jest/globals';
import { fromHex, toHex } from '../../src/common/index.js';
import { decodeLittleEndian } from '../../src/crypto/index.js';
import {
  aggregate,
  commit,
  ed25519Suite,
  signShare,
  verificationShare,
} from '../../src/frost/index.js';
import { bind } from '../../src/frost/binding.js';
import { deal, verifyEd25519 } from '../support/frost-exchange.js';
import { RFC9591_ED25519 as RFC } from './rfc9591-ed25519.js';

const suite = ed25519Suite;
const { group } = suite;
const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

const { key, shares } = deal(suite, RFC.threshold, RFC.count, [
  decodeLittleEndian(bytes(RFC.secret)),
  decodeLittleEndian(bytes(RFC.coefficient)),
]);
const message = bytes(RFC.message);
const B = RFC.signers.map(({ index, D, E }) => ({ index, D: bytes(D), E: bytes(E) }));
const verify = (signature: Uint8Array) => verifyEd25519(key.publicKey, message, signature);

/** Gives the RFC's random values in their order. */
function scripted(...values: readonly string[]) {
  const rest = [...values];
  return { bytes: () => bytes(rest.shift() ?? '') };
}

test('the key shares and the public key are those of the RFC', () => {
  expect(toHex(key.publicKey)).toBe(RFC.publicKey);
  expect(shares.map(({ scalar }) => toHex(scalar))).toEqual(RFC.keyShares);
});

test('the verification shares computed from V are the points of the key shares', () => {
  for (const { index, scalar } of shares) {
    const X = verificationShare(suite, key.V, index);
    const expected = group.multiplyBase(decodeLittleEndian(scalar));
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
  const binding = bind(suite, key, B, message);

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

test('RFC 9591 §5.3: the signature, which verifies as Ed25519', () => {
  const given = new Map(RFC.signers.map(({ index, share }) => [index, bytes(share)]));

  const result = aggregate(suite, key, B, message, given, verify);

  expect(result.ok && toHex(result.signature)).toBe(RFC.signature);
});

test('blaming the shares of the RFC finds no culprit', () => {
  const given = new Map(RFC.signers.map(({ index, share }) => [index, bytes(share)]));

  const result = aggregate(suite, key, B, message, given, () => false);

  expect(result).toEqual({ ok: false, culprits: [] });
});
