import { ClusterError } from '../common/index.js';
import type { Gg20Tables } from '../gg20/index.js';
import type { Schemes, Verifiers } from '../algorithms/index.js';
import type { Compute, Primes, Random } from '../ports/index.js';

/** The parts that protocols compute with. */
export type Arithmetic = {
  readonly compute: Compute;
  readonly random: Random;
  readonly primes: Primes;
  readonly schemes: Schemes;
  readonly verifiers: Verifiers;
  readonly gg20: Gg20Tables;
};

/** Claims that a computation ended only because its node stops: no fault to report. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'cancelled';
}
