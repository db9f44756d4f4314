import type { Verifiers } from '../algorithms/index.js';
import { Bug } from '../common/index.js';
import { testGg20 } from '../gg20/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../identity/index.js';
import type { Verify } from '../ports/index.js';
import { ED25519, FINAL, P256 } from './known-signatures.js';
import type { Known } from './known-signatures.js';
import { VERIFIERS } from './verifiers.js';
import { nodeVerify } from './verify.js';

/** Other cryptography under Node's names has other bounds, and computes other things in silence. */
const OPENSSL = /^[34]\./;

/**
 * Checks known signatures, and for each three that are almost it, and known powers. Called once at start, so that a broken
 * OpenSSL stops the node and not the cluster.
 *
 * @throws Bug when an answer is wrong, or where Node's cryptography is not OpenSSL's.
 */
export function selfTest(
  check: Verify = nodeVerify,
  verifiers: Verifiers = VERIFIERS,
  openssl: string | undefined = process.versions.openssl,
): void {
  if (openssl === undefined || !OPENSSL.test(openssl)) {
    throw new Bug(`OpenSSL 3 or 4 is needed, and this is ${openssl ?? 'none'}`);
  }
  testGg20();
  const opinions: readonly (readonly [string, Known, Opinion])[] = [
    ['Ed25519', ED25519, (...asked) => check.identity(...asked)],
    [
      'Ed25519',
      ED25519,
      (bytes, ...asked) => check.certified({ kind: 'ed25519', bytes }, ...asked),
    ],
    ['P-256', P256, (bytes, ...asked) => check.certified({ kind: 'p256', bytes }, ...asked)],
    ...KEY_ALGORITHMS.map(
      (algorithm) =>
        [ALGORITHMS[algorithm].name, FINAL[algorithm], verifiers[algorithm].verify] as const,
    ),
  ];
  for (const [name, { publicKey, message, signature }, opinion] of opinions) {
    const right =
      opinion(publicKey, message, signature) &&
      !opinion(publicKey, message, withWrongBit(signature, signature.length - 1)) &&
      !opinion(publicKey, withWrongBit(message, 0), signature) &&
      !opinion(withWrongBit(publicKey, 1), message, signature);
    if (!right) throw new Bug(`${name} verification gives a wrong answer to a known test`);
  }
}

type Opinion = (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

function withWrongBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}
