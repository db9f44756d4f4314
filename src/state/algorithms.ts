import { Algorithm } from '../wire/index.js';

/** All that the state knows of an algorithm: how long its points, public keys and signatures are. */
export type Lengths = {
  readonly pointBytes: number;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
};

/** RFC 9591: R and z of 65 bytes, and the key is a compressed point. */
const SCHNORR: Lengths = { pointBytes: 33, publicKeyBytes: 33, signatureBytes: 65 };

const LENGTHS: ReadonlyMap<Algorithm, Lengths> = new Map<Algorithm, Lengths>([
  [
    Algorithm.FROST_ED25519_SHA512,
    { pointBytes: 32, publicKeyBytes: 32, signatureBytes: 64 }, // RFC 8032
  ],
  [Algorithm.FROST_SECP256K1_SHA256, SCHNORR],
  [
    Algorithm.FROST_SECP256K1_TAPROOT,
    { pointBytes: 33, publicKeyBytes: 32, signatureBytes: 64 }, // BIP-340: x alone
  ],
  [Algorithm.FROST_P256_SHA256, SCHNORR],
]);

/** Algorithms that keys can be made of. */
export const ALGORITHMS: readonly Algorithm[] = [...LENGTHS.keys()];

const POINT_LENGTHS: ReadonlySet<number> = new Set(
  [...LENGTHS.values()].map(({ pointBytes }) => pointBytes),
);

/** `undefined` for an algorithm that no key can have. */
export function lengthsOf(algorithm: Algorithm): Lengths | undefined {
  return LENGTHS.get(algorithm);
}

/** Claims that some algorithm has points of this length. */
export function isPointLength(bytes: number): boolean {
  return POINT_LENGTHS.has(bytes);
}
