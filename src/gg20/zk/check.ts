import { Bug } from '../../common/index.js';
import type { Group } from '../../crypto/index.js';

/** One check of a verifier, by a name that is the same in logs and tests. */
export type Check = { readonly name: string; readonly holds: () => boolean };

/** Whether a point is the sum of these products, of points and scalars below q; all of them public. */
export function isSum<P>(
  group: Group<P>,
  point: P,
  products: readonly (readonly [P, bigint])[],
): boolean {
  return group.equal(point, group.sumOfProducts(products));
}

/**
 * The first check that fails; nothing when all hold. Checks stand in the order of their cost, and each may rely on those before
 * it.
 */
export function failedCheck(checks: readonly Check[]): string | undefined {
  return checks.find(({ holds }) => !holds())?.name;
}

/**
 * Looks at a proof of this node's own before it is shown: a fault in one half of a computation modulo two primes would show
 * them (Boneh, DeMillo and Lipton 1997).
 *
 * @throws Bug when a check fails.
 */
export function requireOwn(proof: string, checks: readonly Check[]): void {
  const failed = failedCheck(checks);
  if (failed !== undefined) throw new Bug(`an own proof ${proof} fails: ${failed}`);
}
