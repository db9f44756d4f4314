import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../../src/common/index.js';
import { OPEN_BYTES_MAX } from '../../../src/state/limits.js';
import { readRequester } from '../../../src/state/requesters.js';
import { encode, LevelRecord, Totals } from '../../../src/wire/index.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { APP, Ledger, OPERATOR, testGenesis } from '../../support/builders/ledger.js';

const GREEDY = 'spiffe://quorate/app/greedy';

const reasonOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : decision?.result.kind;

/** How many of the same are opened, one after the other, until one is refused, and why that is. */
function until(ask: (at: number) => AppliedEntry): { opened: number; reason: string | undefined } {
  for (let opened = 0; ; opened++) {
    const reason = reasonOf(ask(opened));
    if (reason !== 'opened') return { opened, reason };
  }
}

function close(ledger: Ledger, applied: AppliedEntry): void {
  const [taskId = ''] = applied.changedTasks;
  ledger.command({ $case: 'failed', value: { taskId, reason: 'ENOUGH', evidence: [] } });
}

/** A cluster with a key that two requesters may use, and a way for each to sign. */
function cluster(more: Parameters<typeof testGenesis>[0]): {
  ledger: Ledger;
  sign: (requester: string, at: number) => AppliedEntry;
} {
  const ledger = new Ledger(testGenesis(more));
  ledger.activeKey('treasury', { allowedSigners: [GREEDY, APP] });
  const sign = (requester: string, at: number): AppliedEntry =>
    ledger.sign('treasury', `sign-${at}`, { requester });
  return { ledger, sign };
}

describe('from level 2 on, one requester cannot fill what all share', () => {
  test('a requester alone comes to eight ninths of the open signatures, and another finds a place', () => {
    const { sign } = cluster({ openSignTasksMax: 90 });
    expect(until((at) => sign(GREEDY, at))).toEqual({ opened: 80, reason: 'REQUESTER_OVER_SHARE' });
    expect(reasonOf(sign(APP, 0))).toBe('opened');
    expect(reasonOf(sign(OPERATOR, 0))).toBe('opened');
  });

  test('a requester finds a place again when one of its tasks has its outcome', () => {
    const { ledger, sign } = cluster({ openSignTasksMax: 90 });
    const first = sign(GREEDY, 1000);
    until((at) => sign(GREEDY, at));
    close(ledger, first);
    expect(reasonOf(sign(GREEDY, 2000))).toBe('opened');
    expect(reasonOf(sign(GREEDY, 2001))).toBe('REQUESTER_OVER_SHARE');
  });

  test('a requester alone comes to eight ninths of the remembered request ids', () => {
    const { ledger, sign } = cluster({ requestIdsMax: 91 });
    const asked = until((at) => {
      const applied = sign(GREEDY, at);
      close(ledger, applied);
      return applied;
    });
    expect(asked).toEqual({ opened: 80, reason: 'REQUESTER_OVER_SHARE' });
    expect(reasonOf(sign(APP, 0))).toBe('opened');
    // An hour after their outcomes they are forgotten, and counted no longer.
    ledger.timeMs += 3_600_000;
    expect(until((at) => sign(APP, 1 + at)).opened).toBeGreaterThan(5);
    expect(readRequester(ledger.state, GREEDY)).toEqual(
      readRequester(ledger.state, 'spiffe://quorate/app/stranger'),
    );
    expect(ledger.state.get('requester/app/greedy')).toBeUndefined();
  });

  test('a requester alone comes to eight ninths of the keys', () => {
    const { ledger } = cluster({ keysMax: 19 });
    for (let at = 0; at < 16; at++) ledger.activeKey(`key-${at}`, { requester: GREEDY });
    expect(reasonOf(ledger.generate('more', { requester: GREEDY }))).toBe('REQUESTER_OVER_SHARE');
    expect(reasonOf(ledger.generate('more', { requester: APP }))).toBe('opened');
  });

  test('requests that are open come to a number of bytes at most', () => {
    const { ledger, sign } = cluster({});
    sign(APP, 0);
    const openBytes = BigInt(OPEN_BYTES_MAX - 100);
    ledger.state.put([['totals', encode(Totals, { ...ledger.ask.totals(), openBytes })]]);
    expect(reasonOf(sign(APP, 1))).toBe('REQUESTER_OVER_SHARE');
    ledger.state.put([['totals', encode(Totals, { ...ledger.ask.totals(), openBytes: 0n })]]);
    expect(reasonOf(sign(APP, 1))).toBe('opened');
  });

  test('the bytes of a request are counted while it is open', () => {
    const { ledger } = cluster({});
    const message = utf8('x'.repeat(50_000));
    const applied = ledger.sign('treasury', 'large', { requester: APP, message });
    expect(Number(ledger.ask.totals().openBytes)).toBeGreaterThan(50_000);
    expect(readRequester(ledger.state, APP).openBytes).toBe(ledger.ask.totals().openBytes);
    close(ledger, applied);
    expect(ledger.ask.totals().openBytes).toBe(0n);
  });
});

describe('a state of level 1', () => {
  test('below level 2 a requester fills all there is, and nothing is counted with it', () => {
    const { ledger, sign } = cluster({ level: 1, openSignTasksMax: 90 });
    expect(until((at) => sign(GREEDY, at))).toEqual({ opened: 90, reason: 'TOO_MANY_TASKS' });
    expect([...ledger.state.scan('requester/')]).toEqual([]);
    expect(ledger.ask.totals().openBytes).toBe(0n);
  });

  test('tasks that were opened at level 1 are counted with nobody after the raise, and end as they would have', () => {
    const { ledger, sign } = cluster({ level: 1, openSignTasksMax: 90 });
    const before = [1, 2, 3].map((at) => sign(GREEDY, at));
    ledger.state.put([['level', encode(LevelRecord, { level: 2, raisedBy: undefined })]]);
    const after = [4, 5].map((at) => sign(GREEDY, at));
    expect(readRequester(ledger.state, GREEDY)).toMatchObject({
      taskCount: 2,
      open: [{ kind: 'sign', count: 2 }],
    });

    for (const applied of [...before, ...after]) close(ledger, applied);
    expect(readRequester(ledger.state, GREEDY)).toMatchObject({ taskCount: 2, open: [] });
    ledger.timeMs += 3_600_001;
    sign(APP, 9);
    expect(ledger.state.get('requester/app/greedy')).toBeUndefined();
    expect(ledger.ask.totals().taskCount).toBe(1);
  });
});
