import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { concat, fromHex } from '../../src/common/index.js';
import { encodeLittleEndian } from '../../src/crypto/index.js';
import type { Suite } from '../../src/frost/index.js';
import { ed25519Suite, p256Suite } from '../support/builders/schemes.js';

const hexBytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

/** Bytes that spell no point of a suite's group, or not in the one spelling that counts. */
export function badPoints(suite: Suite): readonly (readonly [name: string, bytes: Uint8Array])[] {
  const { base, pointBytes } = suite.group;
  const G = suite.group.encode(base);
  const lengths = [
    ['nothing', new Uint8Array()],
    ['one byte too few', G.slice(0, pointBytes - 1)],
    ['one byte too many', concat(G, Uint8Array.of(0))],
  ] as const;
  if (suite.algorithm === ed25519Suite.algorithm) return [...lengths, ...edwards()];
  // On P-256 there is a point with x = 0, on secp256k1 none.
  const off = suite.algorithm === p256Suite.algorithm ? [] : [offCurve()];
  return [...lengths, ...weierstrass(G), ...off];
}

function edwards(): [string, Uint8Array][] {
  return [
    ...ED25519_TORSION_SUBGROUP.map((hex, at): [string, Uint8Array] => [
      `small order ${at}`,
      hexBytes(hex),
    ]),
    ['y ≥ p', encodeLittleEndian(2n ** 255n - 18n, 32)],
    ['off the curve', encodeLittleEndian(2n, 32)],
  ];
}

function offCurve(): [string, Uint8Array] {
  return ['an x that no point has', concat(Uint8Array.of(2), new Uint8Array(32))];
}

function weierstrass(G: Uint8Array): [string, Uint8Array][] {
  const x = G.slice(1);
  return [
    ['the identity', Uint8Array.of(0)],
    ['the identity in full length', new Uint8Array(33)],
    ['x ≥ p', concat(Uint8Array.of(2), new Uint8Array(32).fill(255))],
    ['another prefix', concat(Uint8Array.of(5), x)],
    ['uncompressed', concat(Uint8Array.of(4), x)],
  ];
}
