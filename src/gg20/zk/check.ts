import { Bug } from '../../common/index.js';

/** One check of a verifier, by a name that is the same in logs and tests. */
export type Check = { readonly name: string; readonly holds: () => boolean };

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
