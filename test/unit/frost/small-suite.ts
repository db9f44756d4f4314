import { concat, utf8 } from '../../../src/common/index.js';
import {
  decodeLittleEndian,
  encodeLittleEndian,
  sha512,
  type Group,
} from '../../../src/crypto/index.js';
import { createSuite, type Suite } from '../../../src/frost/index.js';
import { Algorithm } from '../../../src/wire/index.js';

/** A safe prime p = 2q + 1: the squares modulo p are a group of the prime order q, of 61 bits. */
const q = 2_305_843_009_213_688_669n;
const p = 2n * q + 1n;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

function decode(bytes: Uint8Array): bigint | undefined {
  const point = bytes.length === 32 ? decodeLittleEndian(bytes) : 0n;
  return point > 1n && point < p && power(point, q) === 1n ? point : undefined;
}

/** A group without security, but fast, with encodings as long as Ed25519's: the protocols cannot tell. */
export const smallGroup: Group<bigint> = {
  order: q,
  base: 4n,
  identity: 1n,
  pointBytes: 32,
  scalarBytes: 32,
  decode,
  encode: (point) => encodeLittleEndian(point, 32),
  decodeScalar: (bytes) => {
    const scalar = bytes.length === 32 ? decodeLittleEndian(bytes) : q;
    return scalar < q ? scalar : undefined;
  },
  encodeScalar: (scalar) => encodeLittleEndian(scalar, 32),
  add: (a, b) => (a * b) % p,
  negate: (a) => power(a, q - 1n),
  equal: (a, b) => a === b,
  isIdentity: (a) => a === 1n,
  multiplyBase: (scalar) => power(4n, scalar),
  multiplySecret: power,
  multiplyPublic: power,
  sumOfProducts: (terms) =>
    terms.reduce((sum, [point, scalar]) => (sum * power(point, scalar)) % p, 1n),
};

function hash(word: string, message: Uint8Array): Uint8Array {
  return sha512(concat(utf8(`small ${word} `), message));
}

export const smallSuite: Suite<bigint> = createSuite({
  algorithm: Algorithm.FROST_ED25519_SHA512,
  group: smallGroup,
  H1: (message) => decodeLittleEndian(hash('rho', message)) % q,
  H2: (message) => decodeLittleEndian(hash('chal', message)) % q,
  H3: (message) => decodeLittleEndian(hash('nonce', message)) % q,
  H4: (message) => hash('msg', message),
  H5: (message) => hash('com', message),
});

/** Schnorr verification in the small group: z·G = R + c·PK. */
export function verifySmall(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const [R, PK] = [decode(signature.subarray(0, 32)), decode(publicKey)];
  const z = smallGroup.decodeScalar(signature.subarray(32));
  if (R === undefined || PK === undefined || z === undefined) return false;
  const c = smallSuite.H2(concat(signature.subarray(0, 32), publicKey, message));
  return power(4n, z) === (R * power(PK, c)) % p;
}
