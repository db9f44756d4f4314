import { toHex, type PartyIndex } from '../common/index.js';
import { evaluateInExponent } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job } from '../ports/index.js';
import type { KeyShare, SharingContext, SharingGroup } from './group.js';
import { keygen } from './messages.js';

/** All points of a list, or `undefined` if one of them is none. */
export function decodeAll<P>(
  { group }: Pick<SharingGroup<P>, 'group'>,
  encoded: readonly Uint8Array[],
): readonly P[] | undefined {
  const points = encoded.map((each) => group.decode(each)).filter((point) => point !== undefined);
  return points.length === encoded.length ? points : undefined;
}

/** X_j = Σ_l j^l·V_l: the point of j's key share. `undefined` when V holds bytes that are no point. */
export function verificationShare<P>(
  sharing: SharingGroup<P>,
  V: readonly Uint8Array[],
  j: PartyIndex,
): P | undefined {
  const name = `${j}/${V.map(toHex).join('/')}`;
  const known = sharing.verificationShares.get(name);
  if (known !== undefined) return known;

  const points = decodeAll(sharing, V);
  if (points === undefined) return undefined;
  const X_j = evaluateInExponent(sharing.group, points, j);
  sharing.verificationShares.set(name, X_j);
  return X_j;
}

/** Whether the share is of the sharing with this V: x_i·G = Σ_l i^l·V_l. */
export function isShareOf<P>(
  sharing: SharingGroup<P>,
  V: readonly Uint8Array[],
  { index, scalar }: KeyShare,
): boolean {
  const { group } = sharing;
  const x_i = group.decodeScalar(scalar);
  const X_i = verificationShare(sharing, V, index);
  return x_i !== undefined && X_i !== undefined && group.equal(group.multiplyBase(x_i), X_i);
}

/**
 * The new sharing's public polynomial, encoded: V_l = Σ_j A_{j,l}.
 *
 * @param openBodies - Openings of all participants, in order of index, checked.
 * @returns Nothing when a coefficient or the point of a key share is the identity.
 */
export function publicPolynomial<P>(
  sharing: SharingGroup<P>,
  openBodies: readonly Uint8Array[],
  threshold: number,
): readonly Uint8Array[] | undefined {
  const opened = openBodies.map((body) => keygen.rounds.open.all.decode(body)?.coefficients ?? []);
  return sumOfPolynomials(sharing, opened, threshold, openBodies.length);
}

/**
 * The sum of committed polynomials, encoded.
 *
 * @param opened - The points of each polynomial, `threshold` of each, checked.
 * @param count - Participants that hold shares on the sum, with the indices 1 .. count.
 * @returns Nothing when a coefficient or the point of a key share is the identity.
 */
export function sumOfPolynomials<P>(
  sharing: SharingGroup<P>,
  opened: readonly (readonly Uint8Array[])[],
  threshold: number,
  count: number,
): readonly Uint8Array[] | undefined {
  const { group } = sharing;
  const sums: P[] = Array.from({ length: threshold }, () => group.identity);
  for (const coefficients of opened) {
    const A = decodeAll(sharing, coefficients);
    for (const [l, point] of A?.entries() ?? []) sums[l] = group.add(sums[l] ?? point, point);
  }
  if (sums.some((V_l) => group.isIdentity(V_l))) return undefined;

  const V = sums.map((V_l) => group.encode(V_l));
  const X = Array.from({ length: count }, (_, at) => verificationShare(sharing, V, at + 1));
  return X.some((X_j) => X_j === undefined || group.isIdentity(X_j)) ? undefined : V;
}

export type PublicPolynomialInput = {
  readonly algorithm: KeyAlgorithm;
  readonly openBodies: readonly Uint8Array[];
  readonly threshold: number;
};

/** {@link publicPolynomial}. */
export const publicPolynomialJob: Job<
  PublicPolynomialInput,
  readonly Uint8Array[] | undefined,
  SharingContext
> = {
  name: 'sharing/public-polynomial',
  lane: 'generation',
  compute: ({ algorithm, openBodies, threshold }, { schemes }) =>
    publicPolynomial(schemes[algorithm].sharing, openBodies, threshold),
};
