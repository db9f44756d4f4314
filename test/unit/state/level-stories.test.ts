import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { toHex, utf8 } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { APP, fill, Ledger, NODES, OPERATOR, testGenesis } from '../../support/builders/ledger.js';

/**
 * What each level makes of {@link story}, but for the words of refusals. Level 1 and 2 are fixed for good: logs and disks of
 * them exist. The highest level may still change until a release has it.
 */
const HASHES = [
  [1, '41d16ea304a0a4dd7e1d22c694d0502cc8000365b56b4682efe94b324e5ac0e2'],
  [2, '18969c733f418bfd6ac7389e8c2dca1791a95fe5506a874b4c7ca540cf9d43c6'],
  [3, '7fce891367554abe7aa99fcaaed7839fd53c4b2a4911642852906c46b2cd85c2'],
] as const;

/** Fields of events that came later, and tell what is stored nowhere. */
const LATER = new Set(['keyId', 'requestId', 'vouchedBy', 'nodes']);

const OTHER = 'spiffe://quorate/app/other';
const REQUESTERS = [OPERATOR, APP, OTHER];

/** The same numbers in every run (Numerical Recipes' linear congruential generator). */
function numbers(): (below: number) => number {
  let state = 7;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Entries of every kind at one level: tasks that open, are refused, fail, are done, are forgotten; limits that are reached. */
function story(level: number): string {
  const ledger = new Ledger(testGenesis({ level, keysMax: 12, requestIdsMax: 25 }));
  const draw = numbers();
  const hash = createHash('sha256');
  const note = ({ writes, events }: AppliedEntry): void => {
    for (const [key, value] of writes) hash.update(`${key}=${value && toHex(value)}\n`);
    hash.update(
      JSON.stringify(events, (name, value: unknown) => {
        if (LATER.has(name)) return undefined;
        if (name === 'message') return '';
        if (value instanceof Uint8Array) return toHex(value);
        return typeof value === 'bigint' ? String(value) : value;
      }),
    );
  };
  for (const [at, requester] of REQUESTERS.entries()) ledger.activeKey(`key-${at}`, { requester });
  for (let step = 0; step < 1500; step++) {
    ledger.timeMs += draw(60) === 0 ? 4_000_000 : draw(1000);
    const requester = REQUESTERS[draw(3)] ?? OPERATOR;
    const open = ledger.ask.tasks('', 100, true);
    const task = open[draw(Math.max(1, open.length))];
    const key = `key-${draw(draw(4) === 0 ? 12 : 3)}`;
    switch (draw(6)) {
      case 0:
        note(ledger.generate(key, { requester, requestId: `generate-${draw(60)}` }));
        break;
      case 1:
      case 2: {
        const expireTimeMs = ledger.timeMs + (draw(9) === 0 ? 700_000 : draw(600_000));
        const message = utf8('x'.repeat(draw(300)));
        note(ledger.sign(key, `sign-${draw(60)}`, { requester, message, expireTimeMs }));
        break;
      }
      case 3:
        if (task === undefined) break;
        if (task.kind === 'sign') {
          const value = ledger.signAttempt(task.keyId, task.taskId, task.attempts.length + 1);
          note(ledger.command({ $case: 'attempt', value }));
        } else note(ledger.attempt(task));
        break;
      case 4: {
        if (task === undefined) break;
        const value = { taskId: task.taskId, reason: 'ENOUGH', evidence: [fill(draw(9), 40)] };
        const done = { taskId: task.taskId, attempt: task.attempts.length, material: fill(3, 64) };
        if (draw(4) === 0) note(ledger.command({ $case: 'failed', value }));
        else note(ledger.command({ $case: 'done', value: done }));
        break;
      }
      case 5:
        if (task === undefined || task.kind === 'sign') break;
        for (const node of NODES) {
          note(ledger.command({ $case: 'ready', value: ledger.ready(task, node) }));
        }
        for (const node of NODES) {
          note(ledger.command({ $case: 'installed', value: ledger.installed(task.keyId, node) }));
        }
    }
  }
  for (const [key, value] of ledger.state.scan('')) hash.update(`${key}=${toHex(value)}\n`);
  return hash.digest('hex');
}

test.each(HASHES)(
  'a state of level %i goes on, byte for byte, as in the builds that had no later level',
  (level, hash) => {
    expect(story(level)).toBe(hash);
  },
);

test('each level of this build has its hash', () => {
  expect(HASHES.map(([level]) => level)).toEqual(
    Array.from({ length: BUILD_LEVEL }, (_, at) => at + 1),
  );
});
