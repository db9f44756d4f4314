import { SHARE_KIND } from '../frost/index.js';
import { SESSION_SHARE_KIND } from '../gg20/index.js';
import { ALGORITHMS, isKeyAlgorithm } from '../identity/index.js';
import type { Algorithm } from '../wire/index.js';

/** The kind of the message that carries a signature share of a key of this algorithm. */
export function shareKindOf(algorithm: Algorithm): string {
  const isOfSession = isKeyAlgorithm(algorithm) && ALGORITHMS[algorithm].signing.by === 'session';
  return isOfSession ? SESSION_SHARE_KIND : SHARE_KIND;
}
