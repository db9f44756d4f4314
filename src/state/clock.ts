import type { Millis } from '../common/index.js';
import { ClockRecord, encode } from '../wire/index.js';
import type { Request } from '../wire/index.js';
import { remembering } from './decoded.js';
import { ADDRESS, readTotals, writeTotals } from './records.js';
import type { Draft, StateWrite, View } from './view.js';

/*
 * The state machine's clock: the timestamp of the last applied entry, less what operators have corrected. The log's
 * timestamps never go back; the clock does when an operator says so, and at no other time
 * (docs/decisions/0028-the-clusters-time-can-be-corrected.md).
 */

const decodeClock = remembering((bytes) => ClockRecord.decode(bytes));

/** The corrections so far; all zero before the first. */
export function readClock(view: View): ClockRecord {
  const bytes = view.get(ADDRESS.clock);
  return bytes === undefined ? ClockRecord.fromPartial({}) : decodeClock(bytes);
}

/** How far the state machine's clock is behind the log's timestamps. */
export function correctionOf(view: View): Millis {
  return Number(readClock(view).correctionMs);
}

/**
 * The state machine's clock at an entry of this timestamp.
 *
 * @param logMs - The entry's `timeMs`.
 */
export function clusterTime(view: View, logMs: Millis): Millis {
  return logMs - correctionOf(view);
}

/** Sets the state machine's clock back to `timeMs`, with the operator's request as the proof. */
export function correctClock(draft: Draft, timeMs: Millis, request: Request): void {
  const { number, correctionMs } = readClock(draft);
  const totals = readTotals(draft);
  const record: ClockRecord = {
    number: number + 1,
    correctionMs: correctionMs + totals.timeMs - BigInt(timeMs),
    correctedBy: { ...request, firstAttempt: undefined },
  };
  draft.put(ADDRESS.clock, encode(ClockRecord, record));
  writeTotals(draft, { ...totals, timeMs: BigInt(timeMs) });
}

/** The correction that an entry's writes bring, if they bring one. */
export function correctionWritten(writes: readonly StateWrite[]): Millis | undefined {
  const bytes = writes.find(([key]) => key === ADDRESS.clock)?.[1];
  return bytes && Number(ClockRecord.decode(bytes).correctionMs);
}
