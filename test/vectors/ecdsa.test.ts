import { describe, expect, test } from '@jest/globals';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  ecdsaToDer,
  ecdsaToRaw,
  ethereumAddress,
  hasLowS,
  recoverPublicKey,
} from '../../src/client/index.js';
import { concat, fromHex, toHex, utf8 } from '../../src/common/index.js';
import {
  doubleSha256,
  encodeBigEndian,
  keccak256,
  p256Group,
  secp256k1Group,
  sha256,
} from '../../src/crypto/index.js';
import { ecdsaBy, verifyEcdsaP256, verifyEcdsaSecp256k1 } from '../../src/machine/index.js';
import { OpensslP256Group } from '../../src/machine/backends/openssl-p256.js';
import { SECP256K1_BACKENDS } from '../../src/machine/backends/secp256k1-backends.js';
import { EIP155, RFC6979_P256, WYCHEPROOF_SECP256K1 as WYCHEPROOF } from './ecdsa.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

/** SEC 1 §2.3.3, of an uncompressed point in hex. */
function compressed(point: string): Uint8Array {
  const whole = bytes(point);
  return concat(Uint8Array.of(2 + ((whole[64] ?? 0) & 1)), whole.subarray(1, 33));
}

const P256_CHECKS = [
  ['@noble/curves', verifyEcdsaP256],
  ['the points of @noble/curves', ecdsaBy(p256Group)],
  ['the points of OpenSSL', ecdsaBy(new OpensslP256Group())],
] as const;
const SECP256K1_CHECKS = [
  ['@noble/curves', verifyEcdsaSecp256k1],
  ['the points of @noble/curves', ecdsaBy(secp256k1Group)],
  ...SECP256K1_BACKENDS.map(
    ({ name, load }) => [`the points of ${name}`, ecdsaBy(load())] as const,
  ),
] as const;

describe.each(P256_CHECKS)('RFC 6979 on P-256 by %s', (_name, verify) => {
  const key = compressed(RFC6979_P256.publicKey);
  test.each(RFC6979_P256.signatures)('$message', ({ message, raw, isLow }) => {
    const digest = sha256(utf8(message));
    const signature = bytes(raw);
    expect(hasLowS('P-256', signature)).toBe(isLow);
    // Of two signatures with the same r the one with the lower s is taken.
    expect(verify(key, digest, signature)).toBe(isLow);
    const { order } = p256Group;
    const s = order - BigInt(`0x${raw.slice(64)}`);
    const other = concat(signature.subarray(0, 32), encodeBigEndian(s, 32));
    expect(hasLowS('P-256', other)).toBe(!isLow);
    expect(verify(key, digest, other)).toBe(!isLow);
  });
});

describe.each(SECP256K1_CHECKS)('Wycheproof on secp256k1 by %s', (_name, verify) => {
  const key = compressed(WYCHEPROOF.publicKey);
  const digest = sha256(utf8(WYCHEPROOF.message));

  test('a signature with the lower s verifies, with the higher it does not', () => {
    expect(verify(key, digest, bytes(WYCHEPROOF.raw.valid))).toBe(true);
    expect(verify(key, digest, bytes(WYCHEPROOF.raw.high))).toBe(false);
  });

  test.each(Object.entries(WYCHEPROOF.wrongRaw))('no signature: %s', (_case, raw) => {
    expect(verify(key, digest, bytes(raw))).toBe(false);
  });
});

test('DER and r ‖ s of the same signature turn into each other', () => {
  for (const form of ['valid', 'high'] as const) {
    const [raw, der] = [bytes(WYCHEPROOF.raw[form]), bytes(WYCHEPROOF.der[form])];
    expect(toHex(ecdsaToDer(raw))).toBe(toHex(der));
    expect(toHex(ecdsaToRaw(der))).toBe(toHex(raw));
  }
});

test.each(Object.entries(WYCHEPROOF.wrongDer))('no DER: %s', (_name, der) => {
  expect(() => ecdsaToRaw(bytes(der))).toThrow('not the DER of an ECDSA signature');
});

test('the hashes are those of Bitcoin and of Ethereum', () => {
  // Of nothing: the hash of an account without code, which stands in Ethereum's Yellow Paper.
  expect(toHex(keccak256(new Uint8Array()))).toBe(
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  );
  expect(toHex(keccak256(bytes(EIP155.encoded)))).toBe(EIP155.digest);
  expect(toHex(doubleSha256(utf8('hello')))).toBe(
    '9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50',
  );
});

test('the key of EIP-155 is recovered from its signature, and has its address', () => {
  const signature = bytes(EIP155.r + EIP155.s);
  const recoveryId = EIP155.v - 35 - 2 * EIP155.chainId;
  const key = recoverPublicKey('secp256k1', bytes(EIP155.digest), signature, recoveryId);
  expect(toHex(key)).toBe(toHex(secp256k1.getPublicKey(bytes(EIP155.secretKey))));
  expect(ethereumAddress(key)).toBe(EIP155.address);
  expect(verifyEcdsaSecp256k1(key, bytes(EIP155.digest), signature)).toBe(true);
});
