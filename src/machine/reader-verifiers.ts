import type { Verifiers } from '../algorithms/index.js';
import type { Group } from '../crypto/index.js';
import { knowsPoints } from './backends/known-points.js';
import { OpensslP256Group } from './backends/openssl-p256.js';
import { SECP256K1_BACKENDS } from './backends/secp256k1-backends.js';
import { verifiersBy } from './verifiers.js';

let chosen: Verifiers | undefined;

/**
 * The verifiers of a program that reads keys and signatures, chosen when the first is needed: by libsecp256k1 where one of its
 * packages is installed, which need not be, and by OpenSSL.
 */
export function readerVerifiers(): Verifiers {
  chosen ??= verifiersBy({ secp256k1: installedSecp256k1(), p256: soundP256() });
  return chosen;
}

/** Nothing where no package is installed that gives the right answers: @noble/curves verifies then. */
function installedSecp256k1(): Group<unknown> | undefined {
  for (const { kind, load } of SECP256K1_BACKENDS) {
    if (kind === 'javascript') return undefined;
    try {
      const group = load();
      if (knowsPoints('secp256k1', group)) return group;
    } catch {
      // The package is not installed, or is another version.
    }
  }
  return undefined;
}

function soundP256(): Group<unknown> | undefined {
  const group = new OpensslP256Group();
  return knowsPoints('p256', group) ? group : undefined;
}
