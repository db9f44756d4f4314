import { toHex } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import type { Verify } from '../ports/index.js';

/** As many as a leader has on their way into the log. */
const REMEMBERED_MAX = 4096;

/**
 * The same opinions, and a signature of a certificate's key that was right is not computed again: a leader looks at each request
 * before it proposes it, and again when it applies it. What was wrong is forgotten, so that no sender can fill the memory with it.
 */
export function remembering(verify: Verify): Verify {
  const right = new Set<string>();
  return {
    ...verify,
    certified(key, bytes, signature) {
      const parts = [key.bytes, signature, sha256(bytes)].map(toHex);
      const name = [key.kind, ...parts].join(' ');
      if (right.has(name)) return true;
      const holds = verify.certified(key, bytes, signature);
      if (!holds) return false;
      for (const oldest of right) {
        if (right.size < REMEMBERED_MAX) break;
        right.delete(oldest);
      }
      right.add(name);
      return true;
    },
  };
}
