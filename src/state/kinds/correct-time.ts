import { refuse } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { CorrectTimeRequest, decode, encode, TimeCorrectedResult } from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import { correctClock, readClock } from '../clock.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  CLOCK_LEVEL,
  CORRECTION_MS_MAX,
  EXPIRY_AHEAD_MS_MAX,
  TIME_BACK_MS_MIN,
  TIME_SEEN_AGO_MS_MAX,
} from '../limits.js';
import { METHODS } from '../methods.js';
import { readTotals, writeTotals } from '../records.js';
import { checkId, notCanonical, refuseField } from '../request-fields.js';
import type { Draft } from '../view.js';

export type ParsedCorrectTime = ParsedRequest & {
  readonly kind: 'correct-time';
  /** The corrections so far plus one. */
  readonly number: number;
  /** The cluster's time as the operator saw it. */
  readonly seenMs: Millis;
  /** The cluster's time from then on. */
  readonly timeMs: Millis;
  readonly allowRepeats: boolean;
};

/**
 * Sets the cluster's time back after a majority of the clocks was wrong. Done by being applied. Its authority is judged
 * at the time that it names, since the cluster's own is what is wrong; its number makes it count once at most, and what
 * the operator has seen of the time keeps it from counting when the time is right again.
 */
export const correctTimeRules: KindRules<ParsedCorrectTime> = {
  kind: 'correct-time',
  level: CLOCK_LEVEL,
  method: METHODS.correctTime,
  askers: { roles: ['operator'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(CorrectTimeRequest, bytes);
    if (request === undefined) return notCanonical('CorrectTimeRequest');
    const { requestId, number, allowRepeats } = request;
    const [seenMs, timeMs] = [Number(request.seenTimeMs), Number(request.timeMs)];
    const wrong = checkId('request_id', requestId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    if (number < 1) return refuseField('number', 'INVALID_NUMBER', 'number must be from 1 on');
    for (const [field, ms] of [
      ['seen_time_ms', seenMs],
      ['time_ms', timeMs],
    ] as const) {
      if (Number.isSafeInteger(ms)) continue;
      return refuseField(field, 'INVALID_TIME', `${field} must be below 2^53`);
    }
    const value = {
      kind: 'correct-time',
      requestId,
      number,
      seenMs,
      timeMs,
      allowRepeats,
    } as const;
    return { ok: true, value };
  },

  checkAccess: () => undefined,
  judgedAt: ({ timeMs }) => timeMs,

  admit(view, asked, { genesis }) {
    const { number, correctionMs } = readClock(view);
    const totals = readTotals(view);
    const nowMs = Number(totals.timeMs);
    const facts = { time_ms: String(nowMs) };
    if (asked.number !== number + 1) {
      return refuse(
        'wrong-state',
        'CORRECTION_NOT_NEXT',
        `The cluster's time has been corrected ${number} times, and this names number ${asked.number}`,
        { field: 'number', facts: { ...facts, number: String(number) } },
      );
    }
    if (nowMs < asked.seenMs || nowMs - asked.seenMs > TIME_SEEN_AGO_MS_MAX) {
      return refuse(
        'wrong-state',
        'TIME_HAS_CHANGED',
        "The cluster's time is not the one that is to be corrected, nor up to ten minutes later",
        { field: 'seen_time_ms', facts },
      );
    }
    const backMs = nowMs - asked.timeMs;
    const tooFar =
      asked.timeMs < genesis.createdMs || Number(correctionMs) + backMs > CORRECTION_MS_MAX;
    if (tooFar || backMs < TIME_BACK_MS_MIN) {
      return refuse(
        'wrong-state',
        'TIME_NOT_BACK',
        "The cluster's time is set back by a minute at least, and not before the cluster was made: " +
          'it goes ahead by the clocks alone',
        { field: 'time_ms', facts },
      );
    }
    const forgottenMs = Number(totals.forgottenMs);
    if (!asked.allowRepeats && forgottenMs > asked.timeMs + EXPIRY_AHEAD_MS_MAX) {
      return refuse(
        'wrong-state',
        'REPEATS_POSSIBLE',
        'Requests that the cluster has carried out and forgotten could be carried out once more: allow_repeats must say so',
        { field: 'allow_repeats', facts: { ...facts, forgotten_ms: String(forgottenMs) } },
      );
    }
    return { ok: true, value: { participants: [], key: undefined } };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { asked }, request) {
    const backMs = readTotals(draft).timeMs - BigInt(asked.timeMs);
    correctClock(draft, asked.timeMs, request);
    if (asked.allowRepeats) takeRepeats(draft, asked.timeMs);
    return encode(TimeCorrectedResult, { number: asked.number, backMs });
  },

  result: () => undefined,
  close: () => undefined,
};

/** The result of a task that corrected the time; `undefined` for any other. */
export function timeCorrectedOf({ kind, outcome }: TaskRecord): TimeCorrectedResult | undefined {
  return kind === correctTimeRules.kind && outcome?.$case === 'result'
    ? decode(TimeCorrectedResult, outcome.value)
    : undefined;
}

/** From now on every request that expires after `timeMs` is taken for one that the cluster has not forgotten. */
function takeRepeats(draft: Draft, timeMs: Millis): void {
  const totals = readTotals(draft);
  if (Number(totals.forgottenMs) <= timeMs) return;
  writeTotals(draft, { ...totals, forgottenMs: BigInt(timeMs) });
}
