import { ECDH } from 'node:crypto';
import { concat, fromHex } from '../../common/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import { Algorithm } from '../../wire/index.js';

/** How the public key of an algorithm stands in SubjectPublicKeyInfo (RFC 5280 §4.1): the DER before it, and its own form. */
type Spki = {
  readonly prefix: string;
  /** Of the key's bytes as the cluster has them, the bytes in the bit string. */
  readonly point: (publicKey: Uint8Array) => Uint8Array;
};

/** RFC 5480: id-ecPublicKey, the curve, and an uncompressed point of 65 bytes, which every reader takes. */
const P256_PREFIX = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
const SECP256K1_PREFIX = '3056301006072a8648ce3d020106052b8104000a034200';

const P256: Spki = {
  prefix: P256_PREFIX,
  point: (publicKey) => uncompressed(publicKey, 'prime256v1'),
};
const SECP256K1: Spki = {
  prefix: SECP256K1_PREFIX,
  point: (publicKey) => uncompressed(publicKey, 'secp256k1'),
};

const SPKI: Readonly<Record<KeyAlgorithm, Spki>> = {
  // RFC 8410.
  [Algorithm.FROST_ED25519_SHA512]: {
    prefix: '302a300506032b6570032100',
    point: (publicKey) => publicKey,
  },
  [Algorithm.FROST_P256_SHA256]: P256,
  [Algorithm.FROST_SECP256K1_SHA256]: SECP256K1,
  [Algorithm.GG20_SECP256K1]: SECP256K1,
  [Algorithm.GG20_P256]: P256,
  // BIP-340: x alone stands for the point whose y is even.
  [Algorithm.FROST_SECP256K1_TAPROOT]: {
    prefix: SECP256K1_PREFIX,
    point: (publicKey) => uncompressed(concat(Uint8Array.of(2), publicKey), 'secp256k1'),
  },
};

const PEM_LINE_CHARS = 64;

/** A public key as PEM, line by line: what OpenSSL, TLS libraries and key stores read. */
export function publicKeyPem(algorithm: KeyAlgorithm, publicKey: Uint8Array): string[] {
  const { prefix, point } = SPKI[algorithm];
  const der = concat(fromHex(prefix) ?? new Uint8Array(), point(publicKey));
  const base64 = Buffer.from(der).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${PEM_LINE_CHARS}}`, 'g')) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----'];
}

function uncompressed(point: Uint8Array, curve: string): Uint8Array {
  const hex = ECDH.convertKey(point, curve, undefined, 'hex', 'uncompressed');
  return fromHex(String(hex)) ?? new Uint8Array();
}
