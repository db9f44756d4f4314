import { describe, expect, test } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { toHex } from '../../../src/common/index.js';
import { publicKeyPem } from '../../../src/cli/format/public-key.js';
import { outputOf, printBytes, requireReader } from '../../../src/cli/output.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { fakeContext } from './fake-context.js';

/** Generators of the groups, as the cluster writes public keys, with x and y (SEC 2 §2.4.1, FIPS 186-5, RFC 8032 §5.1). */
const POINTS = {
  secp256k1: {
    x: '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    y: '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
  },
  p256: {
    x: '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
    y: '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  },
};

const KEYS: Readonly<Record<string, readonly [publicKey: string, jwk: object]>> = {
  FROST_ED25519_SHA512: [
    `58${'66'.repeat(31)}`,
    { kty: 'OKP', crv: 'Ed25519', x: hexToUrl(`58${'66'.repeat(31)}`) },
  ],
  FROST_SECP256K1_SHA256: [`02${POINTS.secp256k1.x}`, jwk('secp256k1', POINTS.secp256k1)],
  FROST_SECP256K1_TAPROOT: [POINTS.secp256k1.x, jwk('secp256k1', POINTS.secp256k1)],
  FROST_P256_SHA256: [`03${POINTS.p256.x}`, jwk('P-256', POINTS.p256)],
  GG20_SECP256K1: [`02${POINTS.secp256k1.x}`, jwk('secp256k1', POINTS.secp256k1)],
  GG20_P256: [`03${POINTS.p256.x}`, jwk('P-256', POINTS.p256)],
};

function jwk(crv: string, { x, y }: { readonly x: string; readonly y: string }): object {
  return { kty: 'EC', crv, x: hexToUrl(x), y: hexToUrl(y) };
}

function hexToUrl(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

describe('a public key as PEM is the key that OpenSSL reads', () => {
  test.each(KEY_ALGORITHMS.map((algorithm) => [ALGORITHMS[algorithm].name, algorithm] as const))(
    '%s',
    (name, algorithm) => {
      const [publicKey, expected] = KEYS[name] ?? ['', {}];

      const lines = publicKeyPem(algorithm, new Uint8Array(Buffer.from(publicKey, 'hex')));

      expect(createPublicKey(lines.join('\n')).export({ format: 'jwk' })).toEqual(expected);
      expect(lines[0]).toBe('-----BEGIN PUBLIC KEY-----');
      for (const line of lines.slice(1, -1)) expect(line).toMatch(/^[A-Za-z0-9+/=]{1,64}$/);
    },
  );

  test('a point that is on no curve is not printed as a key', () => {
    const nowhere = new Uint8Array(33).fill(255);
    expect(() => publicKeyPem(Algorithm.FROST_P256_SHA256, nowhere)).toThrow(/convert|point/i);
  });
});

test('bytes are printed as hex, as base64, or as they are', () => {
  const { context, out } = fakeContext();
  const bytes = Uint8Array.of(0, 255, 10);
  for (const output of ['hex', 'base64', 'raw'] as const) printBytes(bytes, output, context);
  expect(out).toEqual([toHex(bytes), 'AP8K', '\u0000\u00ff\n']);
});

test('raw bytes are refused for a terminal, and go to a file', () => {
  const terminal = fakeContext({ outputIsTerminal: true }).context;
  expect(() => requireReader('raw', terminal)).toThrow(/--output raw is for a file/);
  expect(() => requireReader('hex', terminal)).not.toThrow();
  expect(() => requireReader('raw', fakeContext().context)).not.toThrow();
  expect(outputOf({ json: true })).toBe('json');
  expect(outputOf({})).toBe('hex');
});
