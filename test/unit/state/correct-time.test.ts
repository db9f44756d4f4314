import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { toHex, utf8 } from '../../../src/common/index.js';
import {
  correctionOf,
  correctionWritten,
  decisionHashOf,
  METHODS,
  readClock,
  timeCorrectedOf,
} from '../../../src/state/index.js';
import { attemptEntry } from '../../../src/state/attempt-entry.js';
import { entryHash } from '../../../src/raft/index.js';
import { CorrectTimeRequest, encode } from '../../../src/wire/index.js';
import type { Request } from '../../../src/wire/index.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import {
  APP,
  GENESIS_MS,
  Ledger,
  signRequest,
  testGenesis,
} from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let authority: RequesterAuthority;
let operator: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
});

const opened = (more: Parameters<typeof testGenesis>[0] = {}): Ledger =>
  new Ledger(testGenesis({ requesterCa: authority.credential.certificate, ...more }));

type Order = Partial<CorrectTimeRequest> & {
  readonly by?: Requester;
  readonly expireTimeMs?: number;
};

/** An operator's request to set the time back to `timeMs`, as the operator sees the cluster now. */
function order(ledger: Ledger, timeMs: number, { by = operator, ...more }: Order = {}): Request {
  const { expireTimeMs = timeMs + MINUTE, ...fields } = more;
  const request = encode(CorrectTimeRequest, {
    requestId: `correct-${readClock(ledger.state).number + 1}`,
    number: readClock(ledger.state).number + 1,
    seenTimeMs: ledger.ask.totals().timeMs,
    timeMs: BigInt(timeMs),
    allowRepeats: false,
    ...fields,
  });
  const method = METHODS.correctTime;
  const { clusterId } = ledger.rules.genesis;
  const value = by.sign({ clusterId, method, expireTimeMs, request });
  const authorization = { by: { $case: 'signed', value } } as const;
  return { method, request, authorization, firstAttempt: undefined };
}

const apply = (ledger: Ledger, request: Request, level = 3): AppliedEntry =>
  ledger.command({ $case: 'request', value: request }, level);

const resultOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : decision?.result.kind;

/** The time of the state, as the last entry has left it. */
const timeOf = (ledger: Ledger): number => Number(ledger.ask.totals().timeMs);

/** A request to sign, by the clock of an honest requester. */
const signing = (ledger: Ledger, id: string, nowMs: number): Request =>
  ledger.request(METHODS.sign, signRequest('treasury', id, utf8('pay')), {
    requester: APP,
    expireTimeMs: nowMs + MINUTE,
  });

/** A cluster with a key whose time a majority of wrong clocks has moved `aheadMs` ahead. */
function wrong(aheadMs: number): { readonly ledger: Ledger; readonly nowMs: number } {
  const ledger = opened();
  ledger.activeKey('treasury', { requester: APP });
  // The request for the key expires before those of now.
  const nowMs = ledger.timeMs + 2 * MINUTE;
  ledger.timeMs = nowMs + aheadMs;
  ledger.append('no-op', new Uint8Array(0));
  return { ledger, nowMs };
}

describe('an operator’s correction of the time', () => {
  test('requests that were expired by the wrong time are carried out after a correction', () => {
    const { ledger, nowMs } = wrong(400 * DAY);
    expect(resultOf(apply(ledger, signing(ledger, 'one', nowMs)))).toBe('REQUEST_EXPIRED');

    const applied = apply(ledger, order(ledger, nowMs));

    expect(resultOf(applied)).toBe('opened');
    expect(timeOf(ledger)).toBe(nowMs);
    expect(correctionWritten(applied.writes)).toBe(400 * DAY);
    const [task = ''] = applied.changedTasks;
    expect(timeCorrectedOf(ledger.task(task))).toEqual({ number: 1, backMs: BigInt(400 * DAY) });
    expect(ledger.task(task)).toMatchObject({
      createTimeMs: BigInt(nowMs),
      endTimeMs: BigInt(nowMs),
    });
    expect(ledger.ask.tasks('', 9, true)).toEqual([]);
    expect(resultOf(apply(ledger, signing(ledger, 'one', nowMs)))).toBe('opened');
  });

  test('after a correction the time goes on with the timestamps of the log', () => {
    const { ledger, nowMs } = wrong(DAY);
    apply(ledger, order(ledger, nowMs));

    ledger.timeMs += 5 * MINUTE;
    ledger.append('no-op', new Uint8Array(0));

    expect(timeOf(ledger)).toBe(nowMs + 5 * MINUTE);
  });

  test('a second correction adds to the first', () => {
    const { ledger, nowMs } = wrong(DAY);
    apply(ledger, order(ledger, nowMs));
    ledger.timeMs += DAY;
    ledger.append('no-op', new Uint8Array(0));

    expect(resultOf(apply(ledger, order(ledger, nowMs + MINUTE)))).toBe('opened');

    expect(timeOf(ledger)).toBe(nowMs + MINUTE);
    expect(readClock(ledger.state)).toMatchObject({ number: 2 });
    expect(correctionOf(ledger.state)).toBe(2 * DAY - MINUTE);
  });

  test('the proof of a correction stays in the state', () => {
    const { ledger, nowMs } = wrong(DAY);
    const request = order(ledger, nowMs);
    apply(ledger, request);
    expect(readClock(ledger.state).correctedBy).toEqual(request);
  });

  test('an attempt of after a correction can be shown with the hash of its entry, and at the corrected time', () => {
    const { ledger, nowMs } = wrong(DAY);
    apply(ledger, order(ledger, nowMs));
    const task = apply(ledger, signing(ledger, 'one', nowMs)).changedTasks[0] ?? '';
    const attempt = ledger.signAttempt('treasury', task, 1);
    const { entry } = ledger.command({ $case: 'attempt', value: attempt });

    const [record] = ledger.task(task).attempts;
    if (record === undefined) throw new Error('no attempt');
    const shown = attemptEntry(ledger.task(task), record);

    expect(record.timeMs - record.correctionMs).toBe(BigInt(nowMs));
    expect(shown).toMatchObject({ timeMs: entry.timeMs, payload: entry.payload });
    expect(entryHash(record.previousHash, { ...entry, ...shown })).toEqual(entry.hash);
  });
});

describe('a correction is refused', () => {
  test.each<[string, string, (ledger: Ledger, nowMs: number) => Order & { readonly to?: number }]>([
    ['its number is not the next', 'CORRECTION_NOT_NEXT', () => ({ number: 2 })],
    [
      'the time is not yet what it names',
      'TIME_HAS_CHANGED',
      (ledger) => ({ seenTimeMs: BigInt(ledger.timeMs + 1) }),
    ],
    [
      'the time has gone on by more than ten minutes',
      'TIME_HAS_CHANGED',
      (ledger) => ({ seenTimeMs: BigInt(ledger.timeMs - 10 * MINUTE - 1) }),
    ],
    ['it sets the time ahead', 'TIME_NOT_BACK', (ledger) => ({ to: ledger.timeMs + 1 })],
    [
      'it sets the time back by less than a minute',
      'TIME_NOT_BACK',
      (ledger) => ({ to: ledger.timeMs - MINUTE + 1 }),
    ],
    [
      'it goes back to before the cluster was made',
      'TIME_NOT_BACK',
      () => ({ to: GENESIS_MS - 1 }),
    ],
    [
      'it has expired at the time that it names',
      'REQUEST_EXPIRED',
      (_, nowMs) => ({ expireTimeMs: nowMs }),
    ],
    [
      'it expires more than ten minutes after the time that it names',
      'EXPIRY_TOO_FAR',
      (_, nowMs) => ({ expireTimeMs: nowMs + 10 * MINUTE + 1 }),
    ],
    ['it has no number', 'INVALID_NUMBER', () => ({ number: 0 })],
    ['it names a time that no clock shows', 'INVALID_TIME', () => ({ timeMs: 2n ** 53n })],
  ])('when %s', (_name, reason, change) => {
    const { ledger, nowMs } = wrong(DAY);
    const { to = nowMs, ...fields } = change(ledger, nowMs);
    const before = timeOf(ledger);

    const applied = apply(ledger, order(ledger, to, fields));

    expect(resultOf(applied)).toBe(reason);
    expect([timeOf(ledger), correctionOf(ledger.state)]).toEqual([before, 0]);
  });

  test('when an application asks for it', async () => {
    const { ledger, nowMs } = wrong(DAY);
    const by = await authority.requester('app', 'bob');
    expect(resultOf(apply(ledger, order(ledger, nowMs, { by })))).toBe('ROLE_FORBIDDEN');
    expect(correctionOf(ledger.state)).toBe(0);
  });

  test('when a node vouches for it', () => {
    const { ledger, nowMs } = wrong(DAY);
    const { method, request } = order(ledger, nowMs);
    const vouched = ledger.request(method, request, { expireTimeMs: nowMs + MINUTE });
    expect(resultOf(apply(ledger, vouched))).toBe('SIGNATURE_REQUIRED');
  });

  test('when the operator’s certificate is not good at the time that it names, though it is now', async () => {
    const { ledger, nowMs } = wrong(DAY);
    const by = await authority.requester('operator', 'late', 30, nowMs + HOUR);
    expect(resultOf(apply(ledger, order(ledger, nowMs, { by })))).toBe('CERTIFICATE_OUT_OF_DATE');
  });

  test('below level 3, as a request that cannot be read', () => {
    const ledger = opened({ level: 2 });
    ledger.timeMs += DAY;
    ledger.append('no-op', new Uint8Array(0));
    const applied = apply(ledger, order(ledger, GENESIS_MS), 2);
    expect(applied.alarm).toBe('a request that cannot be read');
    expect(apply(ledger, order(ledger, GENESIS_MS), 3).alarm).toBe(
      "a command above the cluster's level",
    );
    expect(timeOf(ledger)).toBe(ledger.timeMs);
  });
});

describe('a correction that is repeated', () => {
  test('a correction is known while its id is remembered, and not the next when that is forgotten', () => {
    const { ledger, nowMs } = wrong(DAY);
    const request = order(ledger, nowMs);
    apply(ledger, request);
    expect(resultOf(apply(ledger, request))).toBe('known');

    ledger.timeMs += 2 * HOUR;
    apply(ledger, signing(ledger, 'another', 0));
    const again = apply(ledger, request);

    expect(resultOf(again)).toBe('CORRECTION_NOT_NEXT');
    expect(timeOf(ledger)).toBe(nowMs + 2 * HOUR);
  });

  test('a correction that was held back does not count when the time has gone on', () => {
    const { ledger, nowMs } = wrong(DAY);
    const request = order(ledger, nowMs);
    ledger.timeMs += 11 * MINUTE;
    expect(resultOf(apply(ledger, request))).toBe('TIME_HAS_CHANGED');
  });
});

describe('requests of before a correction', () => {
  test('a request that was carried out before the time went wrong, and forgotten since, is not carried out again', () => {
    const ledger = opened();
    ledger.activeKey('treasury', { requester: APP });
    const nowMs = ledger.timeMs;
    const request = signing(ledger, 'one', nowMs);
    const task = apply(ledger, request).changedTasks[0] ?? '';
    ledger.command({ $case: 'failed', value: { taskId: task, reason: 'ENOUGH', evidence: [] } });
    ledger.timeMs += DAY;
    // Timers run with any request.
    apply(ledger, signing(ledger, 'two', nowMs));
    expect(ledger.ask.task(task)).toBeUndefined();

    apply(ledger, order(ledger, nowMs));

    expect(resultOf(apply(ledger, request))).toBe('REQUEST_MAYBE_FORGOTTEN');
    // A later expiry tells it from all that was forgotten.
    const later = ledger.request(METHODS.sign, request.request, {
      requester: APP,
      expireTimeMs: nowMs + MINUTE + 1,
    });
    expect(resultOf(apply(ledger, later))).toBe('opened');
  });

  test('a request that was carried out in the wrong time is known until that time is there', () => {
    const { ledger, nowMs } = wrong(DAY);
    const request = signing(ledger, 'one', nowMs + DAY);
    const task = apply(ledger, request).changedTasks[0] ?? '';
    ledger.command({ $case: 'failed', value: { taskId: task, reason: 'ENOUGH', evidence: [] } });
    apply(ledger, order(ledger, nowMs));

    for (const passedMs of [0, 2 * HOUR, DAY - 2 * HOUR]) {
      ledger.timeMs += passedMs;
      expect(resultOf(apply(ledger, request))).toBe('known');
    }
    ledger.timeMs += 2 * HOUR;
    expect(resultOf(apply(ledger, request))).toBe('REQUEST_EXPIRED');
  });

  test('a correction that could have requests carried out twice is refused, unless the operator allows it', () => {
    const { ledger, nowMs } = wrong(DAY);
    const request = signing(ledger, 'one', nowMs + DAY);
    const task = apply(ledger, request).changedTasks[0] ?? '';
    ledger.command({ $case: 'failed', value: { taskId: task, reason: 'ENOUGH', evidence: [] } });
    ledger.timeMs += 2 * HOUR;
    apply(ledger, signing(ledger, 'two', nowMs));
    expect(ledger.ask.task(task)).toBeUndefined();

    const refused = apply(ledger, order(ledger, nowMs));
    const allowed = apply(ledger, order(ledger, nowMs, { allowRepeats: true }));

    expect(resultOf(refused)).toBe('REPEATS_POSSIBLE');
    expect(resultOf(allowed)).toBe('opened');
    expect(resultOf(apply(ledger, signing(ledger, 'three', nowMs)))).toBe('opened');
  });

  test('no signed request opens a task twice, whatever the clocks and the operators do', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          what: fc.constant('ask' as const),
          id: fc.integer({ min: 0, max: 9 }),
          lifeMs: fc.integer({ min: 1, max: 10 * MINUTE }),
        }),
        fc.record({ what: fc.constant('replay' as const), at: fc.nat() }),
        fc.record({ what: fc.constant('close' as const), at: fc.nat() }),
        fc.record({
          what: fc.constant('pass' as const),
          ms: fc.constantFrom(1, 30_000, 11 * MINUTE, HOUR, 3 * HOUR, DAY),
        }),
        fc.record({
          what: fc.constant('correct' as const),
          backMs: fc.constantFrom(MINUTE, 5 * MINUTE, HOUR, 3 * HOUR, DAY),
        }),
      ),
      { minLength: 20, maxLength: 60 },
    );
    const seen = { corrections: 0, replays: 0 };
    fc.assert(
      fc.property(steps, (story) => {
        const ledger = opened();
        ledger.activeKey('treasury', { requester: APP });
        const asked: Request[] = [];
        const openedOnce = new Set<string>();
        const ask = (request: Request): string | undefined => {
          const result = resultOf(apply(ledger, request));
          if (result !== 'opened') return result;
          const name = toHex(decisionHashOf(request));
          expect(openedOnce.has(name)).toBe(false);
          openedOnce.add(name);
          return result;
        };
        for (const step of story) {
          switch (step.what) {
            case 'ask': {
              const request = ledger.request(
                METHODS.sign,
                signRequest('treasury', `id-${step.id}`, utf8('pay')),
                { requester: APP, expireTimeMs: timeOf(ledger) + step.lifeMs },
              );
              asked.push(request);
              ask(request);
              break;
            }
            case 'replay': {
              const request = asked[step.at % Math.max(1, asked.length)];
              if (request === undefined) break;
              seen.replays += 1;
              ask(request);
              break;
            }
            case 'close': {
              const open = ledger.ask.tasks('', 100, true);
              const task = open[step.at % Math.max(1, open.length)];
              if (task === undefined) break;
              const value = { taskId: task.taskId, reason: 'ENOUGH', evidence: [] };
              ledger.command({ $case: 'failed', value });
              break;
            }
            case 'pass':
              ledger.timeMs += step.ms;
              ledger.append('no-op', new Uint8Array(0));
              break;
            case 'correct': {
              const request = order(ledger, timeOf(ledger) - step.backMs);
              if (resultOf(apply(ledger, request)) === 'opened') seen.corrections += 1;
            }
          }
        }
      }),
      { numRuns: 25 },
    );
    expect(seen.corrections).toBeGreaterThan(10);
    expect(seen.replays).toBeGreaterThan(50);
  });
});
