import { expect, test } from '@jest/globals';
import { resharingOf } from '../../src/state/index.js';
import { nextDue } from '../../src/state/resharing.js';
import { Ledger } from '../support/builders/ledger.js';
import { seededRandom } from '../support/builders/frost-exchange.js';
import { keyAmong, keyOf, makeVersion, refresh } from '../support/builders/resharing.js';

const HOUR_MS = 3_600_000;
const SEEDS = Number(process.env['QUORATE_SEEDS'] ?? 60);
const EPOCHS = 4;

/** Numbers below `below`, the same for a seed. */
function drawn(seed: number): (below: number) => number {
  const random = seededRandom(seed);
  return (below) => new DataView(random.bytes(4).buffer).getUint32(0) % below;
}

/**
 * Two leaders whose clocks differ by up to an hour each propose a refresh whenever they believe that it is due, some twice,
 * some late, some of them to fail. An entry's time is the log's: it never goes back, whoever leads.
 */
function refreshesOf(seed: number): {
  readonly activeMs: readonly number[];
  readonly opened: number;
} {
  const draw = drawn(seed);
  const ledger = new Ledger();
  const keyId = `key-${seed}`;
  keyAmong(ledger, keyId, { reshareInterval: { seconds: 3600n, nanos: 0 } });
  const skews = [draw(2 * HOUR_MS) - HOUR_MS, draw(2 * HOUR_MS) - HOUR_MS];
  const activeMs: number[] = [];
  let opened = 0;
  let nowMs = ledger.timeMs;
  const endMs = nowMs + EPOCHS * HOUR_MS;
  while (nowMs < endMs) {
    nowMs += 30_000 + draw(240_000);
    const leader = skews[draw(2)] ?? 0;
    ledger.timeMs = Math.max(ledger.timeMs, nowMs + leader);
    // Proposed by both leaders, and once more by a leader that has not applied the first.
    for (let at = 0; at <= draw(3); at++) {
      const [id] = refresh(ledger, keyId).changedTasks;
      if (id === undefined) continue;
      opened += 1;
      if (draw(4) === 0) {
        ledger.command({ $case: 'failed', value: { taskId: id, reason: 'NO', evidence: [] } });
      } else {
        makeVersion(ledger, id);
        activeMs.push(ledger.timeMs);
      }
    }
  }
  expect(keyOf(ledger, keyId).version).toBe(activeMs.length + 1);
  expect(resharingOf(keyOf(ledger, keyId)).taskId).toBe('');
  return { activeMs, opened };
}

test('a key gets one new version in each interval, whichever leader proposes it and whatever its clock shows', () => {
  let opened = 0;
  let made = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { activeMs, opened: count } = refreshesOf(seed);
    const slots = activeMs.map((ms) => nextDue(`key-${seed}`, ms - HOUR_MS / 4, HOUR_MS));
    // Two in one interval would have the same next time.
    expect([seed, new Set(slots).size]).toEqual([seed, slots.length]);
    expect([seed, activeMs.length]).toEqual([seed, Math.max(activeMs.length, EPOCHS - 2)]);
    opened += count;
    made += activeMs.length;
  }
  expect(opened).toBeGreaterThan(made);
});
