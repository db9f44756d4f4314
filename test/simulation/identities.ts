import { createHash } from 'node:crypto';

import { toHex, type NodeId } from '../../src/common/index.js';
import type { Signer, Verify } from '../../src/ports/index.js';
import type { Rng } from './rng.js';

/**
 * Identity keys that cost a hash instead of a curve: a signature is a hash under the node's seed, and the one verifier
 * knows all seeds. Nobody can sign for a node without its signer, which is all that the protocols rely on.
 */
export class Identities {
  readonly #seeds = new Map<string, Uint8Array>();

  /** The signer of `node`, whose public key this verifier knows from now on. */
  signer(node: NodeId, rng: Rng): Signer {
    const seed = rng.bytes(32);
    const publicKey = hash('public', seed);
    this.#seeds.set(toHex(publicKey), seed);
    return { node, publicKey, sign: (bytes) => signature(seed, bytes) };
  }

  identity: Verify['identity'] = (publicKey, bytes, claimed) => {
    const seed = this.#seeds.get(toHex(publicKey));
    return seed !== undefined && Buffer.compare(signature(seed, bytes), claimed) === 0;
  };
}

function signature(seed: Uint8Array, bytes: Uint8Array): Uint8Array {
  const half = hash('signature', seed, bytes);
  const whole = new Uint8Array(64);
  whole.set(half, 0);
  whole.set(half, 32);
  return whole;
}

function hash(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash('sha256').update(label);
  for (const part of parts) state.update(part);
  return Uint8Array.from(state.digest());
}
