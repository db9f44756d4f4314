import { expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import { RETRY_MS_MIN } from '../../../src/rpc/limits.js';
import { Pace } from '../../../src/rpc/pace.js';

const LIMITS = { callsPerSecond: 10, callsBurst: 3, callsOpenPerCallerMax: 2, callsOpenMax: 3 };

function refusalOf(run: () => unknown): ClusterError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}

test('a caller that has used up its calls is told when to retry, and then may call', () => {
  let nowMs = 0;
  const pace = new Pace(LIMITS, () => nowMs);
  for (let call = 0; call < 3; call++) pace.enter('a')();

  const refusal = refusalOf(() => pace.enter('a'));
  expect(refusal).toMatchObject({ code: 'overloaded', reason: 'CALLS_TOO_FAST' });
  expect(refusal?.details.retryAfterMs).toBe(RETRY_MS_MIN);
  expect(refusalOf(() => pace.request('a'))?.reason).toBe('CALLS_TOO_FAST');
  expect(refusalOf(() => pace.enter('b')())).toBeUndefined();

  nowMs += 100;
  expect(refusalOf(() => pace.enter('a')())).toBeUndefined();
  expect(refusalOf(() => pace.enter('a')())?.reason).toBe('CALLS_TOO_FAST');
});

test('a long pause of a caller earns no more than the burst', () => {
  let nowMs = 0;
  const pace = new Pace(LIMITS, () => nowMs);
  pace.request('a');
  nowMs += 3_600_000;
  for (let call = 0; call < 3; call++) pace.request('a');
  expect(refusalOf(() => pace.request('a'))?.reason).toBe('CALLS_TOO_FAST');
});

test('open calls are limited for each caller and for all, and their end makes room', () => {
  const pace = new Pace({ ...LIMITS, callsBurst: 100 }, () => 0);
  const leave = pace.enter('a');
  pace.enter('a');
  expect(refusalOf(() => pace.enter('a'))).toMatchObject({ reason: 'TOO_MANY_CALLS' });
  pace.enter('b');
  expect(refusalOf(() => pace.enter('c'))).toMatchObject({ reason: 'TOO_MANY_CALLS' });
  leave();
  expect(refusalOf(() => pace.enter('c'))).toBeUndefined();
});

test('a flood of callers makes no other caller’s used-up calls or open calls forgotten', () => {
  let nowMs = 0;
  const pace = new Pace({ ...LIMITS, callsOpenMax: 10 }, () => nowMs);
  for (let call = 0; call < 3; call++) pace.request('busy');
  for (let call = 0; call < 2; call++) pace.enter('open');
  const taken = Array.from({ length: 3_000 }, (_, at) =>
    refusalOf(() => pace.request(`name-${at}`)),
  );

  expect(taken.filter((refusal) => refusal !== undefined).length).toBeGreaterThan(1_900);
  expect(refusalOf(() => pace.request('busy'))?.reason).toBe('CALLS_TOO_FAST');
  nowMs += 1_000;
  expect(refusalOf(() => pace.request('busy'))).toBeUndefined();
  expect(refusalOf(() => pace.enter('open'))?.reason).toBe('TOO_MANY_CALLS');
});
