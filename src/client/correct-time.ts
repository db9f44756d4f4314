import type { Millis } from '../common/index.js';
import type { Cluster, CorrectTimeRequest, Timestamp } from '../wire/index.js';
import { wrongAnswer } from './methods.js';

export type CorrectTimeInput = {
  /** The cluster's time from then on, ms since 1970; this machine's clock unless given. */
  readonly timeMs?: Millis | undefined;
  /** The cluster as a node has shown it; asked for unless given. */
  readonly seen?: Pick<Cluster, 'clusterTime' | 'timeCorrections'> | undefined;
  /** Go on though requests that are carried out and forgotten could be carried out once more. */
  readonly allowRepeats?: boolean | undefined;
  readonly requestId?: string | undefined;
};

/**
 * The request that an operator signs to set the cluster's time back, bound to what a node has shown of it.
 *
 * @throws QuorateError RESULT_INVALID when the node has shown no time.
 */
export function correctTimeRequest(
  seen: Pick<Cluster, 'clusterTime' | 'timeCorrections'>,
  { allowRepeats = false }: CorrectTimeInput,
  timeMs: Millis,
  requestId: string,
): CorrectTimeRequest {
  if (seen.clusterTime === undefined) throw wrongAnswer('no time of the cluster');
  return {
    requestId,
    number: seen.timeCorrections + 1,
    seenTimeMs: millisOf(seen.clusterTime),
    timeMs: BigInt(timeMs),
    allowRepeats,
  };
}

function millisOf({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1000n + BigInt(Math.floor(nanos / 1_000_000));
}
