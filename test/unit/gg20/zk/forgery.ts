import type { Check, ProofContext } from '../../../../src/gg20/index.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';
import { smallSet, testMaterial } from '../../../support/builders/gg20.js';

/**
 * A false proof, by the check that is to stop it. The verifier without that check would take it: no other check fails, or `also`
 * names the ones that do.
 */
export type Forgery = {
  readonly check: string;
  readonly what: string;
  readonly checks: () => readonly Check[];
  /** Checks that must fail with this one, whatever is forged. */
  readonly also?: readonly string[];
};

/** Names of all checks that fail: those after a failed one are looked at too. */
export function failures(checks: readonly Check[]): readonly string[] {
  return checks.filter(({ holds }) => !holds()).map(({ name }) => name);
}

/** The checks that fail, sorted. */
export function stoppedBy({ checks }: Forgery): readonly string[] {
  return [...failures(checks())].sort();
}

/** The checks that must fail, and no other, sorted. */
export function mustStop({ check, also = [] }: Forgery): readonly string[] {
  return [check, ...also].sort();
}

/** Checks that no forgery of the table is for. */
export function withoutForgery(
  checks: readonly Check[],
  forgeries: readonly Forgery[],
): readonly string[] {
  const named = new Set(forgeries.map(({ check }) => check));
  return checks.map(({ name }) => name).filter((name) => !named.has(name));
}

export const set = smallSet();
export const random = seededRandom(20);
export const prover = testMaterial('small', 1);
export const verifier = testMaterial('small', 2);

/** The place of the proofs of these tests. */
export const context: ProofContext = {
  ssid: random.bytes(32),
  prover: 1,
  verifier: 2,
  round: 1,
};

/** A value for which `isFit` holds, of those that `make` gives. */
export function search<V>(make: () => V, isFit: (value: V) => boolean): V {
  for (let tried = 0; tried < 20_000; tried++) {
    const value = make();
    if (isFit(value)) return value;
  }
  throw new Error('nothing fits');
}

/** Claims that a number of this many bytes can be written. */
export function fits(value: bigint, bytes: number): boolean {
  return value < 1n << BigInt(8 * bytes);
}

/** What `make` gives at last: it draws other numbers until all of them can be written. */
export function written<V>(make: () => V): V {
  for (let tried = 0; tried < 500; tried++) {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new Error('nothing can be written');
}
