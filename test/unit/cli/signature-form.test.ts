import { describe, expect, test } from '@jest/globals';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Algorithm, ecdsaToDer, ethereumSignature } from '../../../src/client/index.js';
import { formsJson, inForm, readSignature, requireForm } from '../../../src/cli/signature-form.js';
import { concat, toHex, utf8 } from '../../../src/common/index.js';
import { doubleSha256, keccak256, sha256 } from '../../../src/crypto/index.js';
import { quorate } from './fake-context.js';

const { GG20_SECP256K1, GG20_P256, FROST_ED25519_SHA512 } = Algorithm;
const secret = sha256(utf8('secret of a test'));
const publicKey = toHex(secp256k1.getPublicKey(secret));
const message = 'a transaction';

/** A signature of one key, for tests only. */
function signed(digest: Uint8Array) {
  const made = secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'recovered' });
  return { signature: made.slice(1), recoveryId: made[0] ?? 9 };
}

const { signature, recoveryId } = signed(sha256(utf8(message)));
const ethereum = ethereumSignature(signature, recoveryId);
const der = ecdsaToDer(signature);

test('a signature is written in each form', () => {
  const given = { signature, recoveryId };
  expect(inForm(given, 'raw')).toEqual(signature);
  expect(inForm(given, 'der')).toEqual(der);
  expect(inForm(given, 'ethereum')).toEqual(ethereum);
});

test('programs get all forms that a signature has', () => {
  const forms = { recovery_id: recoveryId, signature_der: toHex(der) };
  const given = { signature, recoveryId };
  expect(formsJson(GG20_SECP256K1, given)).toEqual({
    ...forms,
    signature_ethereum: toHex(ethereum),
  });
  expect(formsJson(GG20_P256, given)).toEqual(forms);
  expect(formsJson(GG20_SECP256K1, { signature, recoveryId: 2 })).toEqual({
    ...forms,
    recovery_id: 2,
  });
  expect(formsJson(FROST_ED25519_SHA512, { signature, recoveryId: undefined })).toEqual({});
});

test('a form is refused for keys whose signatures do not have it', () => {
  for (const algorithm of [GG20_SECP256K1, GG20_P256, FROST_ED25519_SHA512])
    for (const form of ['raw', undefined] as const)
      expect(() => requireForm(form, algorithm)).not.toThrow();
  expect(() => requireForm('der', GG20_P256)).not.toThrow();
  expect(() => requireForm('der', FROST_ED25519_SHA512)).toThrow(/--format der is of ECDSA/);
  expect(() => requireForm('ethereum', GG20_SECP256K1)).not.toThrow();
  for (const algorithm of [GG20_P256, FROST_ED25519_SHA512])
    expect(() => requireForm('ethereum', algorithm)).toThrow(/is of GG20_SECP256K1 signatures/);
});

function read(
  bytes: Uint8Array,
  algorithm: Algorithm = GG20_SECP256K1,
  form?: 'raw' | 'der' | 'ethereum',
) {
  return readSignature('--signature', bytes, algorithm, form);
}

describe('a signature that is given', () => {
  test('is read by its length, or in the form that is named', () => {
    expect(read(signature)).toEqual({ signature });
    expect(read(der)).toEqual({ signature });
    expect(read(ethereum)).toEqual({ signature, recoveryId });
    expect(read(der, GG20_P256)).toEqual({ signature });
    expect(read(signature, GG20_P256, 'raw')).toEqual({ signature });
    // DER of small numbers may have 64 bytes too.
    const small = concat(new Uint8Array(8), signature.slice(0, 24), signature.slice(0, 32));
    expect(read(ecdsaToDer(small), GG20_P256, 'der')).toEqual({ signature: small });
  });

  test('is refused in a form that it is not in', () => {
    expect(() => read(der, GG20_SECP256K1, 'raw')).toThrow(/--signature must be 64 bytes/);
    expect(() => read(signature, GG20_SECP256K1, 'der')).toThrow(/not the DER/);
    expect(() => read(signature, GG20_SECP256K1, 'ethereum')).toThrow(/has 64 bytes/);
    expect(() => read(ethereum, GG20_P256)).toThrow(/not the DER/);
    expect(() => read(new Uint8Array(63))).toThrow(/not the DER/);
    expect(() => read(der, FROST_ED25519_SHA512)).toThrow(/--signature must be 64 bytes/);
  });
});

async function verify(given: Uint8Array, ...flags: string[]) {
  const argv = ['verify', '--public-key', publicKey, '--algorithm', 'GG20_SECP256K1'];
  return quorate([...argv, '--signature', toHex(given), ...flags]);
}

describe('verify of ECDSA', () => {
  test.each([
    ['raw', signature],
    ['der', der],
    ['ethereum', ethereum],
  ])('verify takes the form %s, named or not', async (form, given) => {
    expect((await verify(given, '-m', message)).out).toBe('valid');
    expect((await verify(given, '-m', message, '--format', form)).out).toBe('valid');
    const other = await verify(given, '-m', `${message}.`);
    expect([other.out, other.status]).toEqual(['invalid', 8]);
  });

  test.each([
    ['sha256', sha256(utf8(message))],
    ['keccak256', keccak256(utf8(message))],
    ['double-sha256', doubleSha256(utf8(message))],
  ])('verify hashes with %s, and takes that digest itself', async (hash, digest) => {
    const given = signed(digest).signature;
    expect((await verify(given, '-m', message, '--hash', hash)).out).toBe('valid');
    expect((await verify(given, '--digest', toHex(digest))).out).toBe('valid');
    expect((await verify(given, '--digest', toHex(sha256(digest)))).out).toBe('invalid');
    const another = hash === 'sha256' ? 'keccak256' : 'sha256';
    expect((await verify(given, '-m', message, '--hash', another)).out).toBe('invalid');
  });

  test('an Ethereum signature whose v is of another key is invalid', async () => {
    const wrong = ethereumSignature(signature, recoveryId ^ 1);
    expect((await verify(wrong, '-m', message)).out).toBe('invalid');
  });

  test('verify refuses a hash, digest or form that does not go with the key, and exits with 2', async () => {
    const wrong = [
      ['-m', message, '--hash', 'sha512'],
      ['-m', message, '--format', 'pem'],
      ['--digest', 'abcd'],
      [],
    ];
    for (const flags of wrong) expect((await verify(signature, ...flags)).status).toBe(2);
  });
});
