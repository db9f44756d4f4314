import { assert } from '../common/index.js';
import { decodeAll, verificationShare } from './key.js';
import { keygenKinds } from './messages.js';
import { publicKeyOf } from './signing-key.js';
import type { Suite } from './suite.js';

/** What everybody learns of a new key. */
export type PublicPart = {
  /** The sum of all A_i, encoded. */
  readonly V: readonly Uint8Array[];
  readonly V_0: Uint8Array;
  readonly publicKey: Uint8Array;
};

/**
 * V_l = Σ_j A_{j,l}; PK = V_0, which clients of Taproot see with its tweak.
 *
 * @param kg2 - Of all participants, in order of index, judged.
 * @returns Nothing when the key or a key share is the identity.
 */
export function publicPart<P>(
  suite: Suite<P>,
  kg2: readonly Uint8Array[],
  threshold: number,
): PublicPart | undefined {
  const { group } = suite;
  const sums: P[] = Array.from({ length: threshold }, () => group.identity);
  for (const body of kg2) {
    const A = decodeAll(suite, keygenKinds.KG2.decode(body)?.coefficients ?? []);
    for (const [l, point] of A?.entries() ?? []) sums[l] = group.add(sums[l] ?? point, point);
  }
  if (sums.some((V_l) => group.isIdentity(V_l))) return undefined;

  const V = sums.map((V_l) => group.encode(V_l));
  const X = kg2.map((_, position) => verificationShare(suite, V, position + 1));
  if (X.some((X_j) => X_j === undefined || group.isIdentity(X_j))) return undefined;
  const [V_0] = V;
  assert(V_0 !== undefined, 'V has a constant term');
  const publicKey = publicKeyOf(suite, V_0);
  return publicKey && { V, V_0, publicKey };
}
