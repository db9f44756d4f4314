import type { PartyIndex } from '../common/index.js';
import type { JobName } from '../ports/index.js';
import type { Algorithm, KeygenOpening } from '../wire/index.js';

export type OpenKeygenInput = {
  readonly algorithm: Algorithm;
  readonly sessionId: Uint8Array;
  readonly index: PartyIndex;
  /** a_{i,0} .. a_{i,t−1} and the proof's k. Moved, and wiped. */
  readonly coefficients: readonly Uint8Array[];
  readonly k: Uint8Array;
  readonly salt: Uint8Array;
};

export type CheckOpeningInput = {
  readonly algorithm: Algorithm;
  readonly sessionId: Uint8Array;
  readonly who: PartyIndex;
  readonly threshold: number;
  readonly commitBody: Uint8Array;
  readonly openBody: Uint8Array;
};

export type CheckValueInput = {
  readonly algorithm: Algorithm;
  readonly openBody: Uint8Array;
  /** It holds a secret: moved, and wiped. */
  readonly valueBody: Uint8Array;
  readonly to: PartyIndex;
};

export type PublicPolynomialInput = {
  readonly algorithm: Algorithm;
  readonly openBodies: readonly Uint8Array[];
  readonly threshold: number;
};

/** {@link openingOf}. */
export const openKeygenJob: JobName<OpenKeygenInput, KeygenOpening> = 'sharing/open-keygen';
/** {@link isRightOpening}: one job for each participant, so that nothing waits behind all of them. */
export const checkOpeningJob: JobName<CheckOpeningInput, boolean> = 'sharing/check-opening';
/** {@link isRightValue}. */
export const checkValueJob: JobName<CheckValueInput, boolean> = 'sharing/check-value';
/** {@link publicPolynomial}. */
export const publicPolynomialJob: JobName<
  PublicPolynomialInput,
  readonly Uint8Array[] | undefined
> = 'sharing/public-polynomial';
