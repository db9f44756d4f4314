import { beforeEach, expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { nodeId } from '../../../src/common/index.js';
import { LEVEL_BEHIND_MS, LevelGuard } from '../../../src/node/level-guard.js';

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];
let lines: unknown[];
let nowMs: number;
let level: number;
let guard: LevelGuard;

beforeEach(() => {
  [lines, nowMs, level] = [[], 0, 1];
  const write = (message: string, fields?: object) => lines.push({ message, ...fields });
  const clock = { elapsed: () => nowMs };
  guard = new LevelGuard(() => level, clock, new Alarms(clock, { alarm: write, warn: write }));
});

const MESSAGE = 'Dropped messages above the level of the cluster';

test('the level guard admits a message without a level, or with none above the cluster’s', () => {
  expect(guard.admits(ONE, 1)).toBe(true);
  expect(guard.admits(ONE, undefined)).toBe(true);
  expect(guard.admits(ONE, 2)).toBe(false);
  level = 2;
  expect(guard.admits(ONE, 2)).toBe(true);
});

test('the level guard says nothing of peers that have applied a raise before this node', () => {
  for (; nowMs < LEVEL_BEHIND_MS; nowMs += 100) expect(guard.admits(ONE, 2)).toBe(false);
  level = 2;
  expect(guard.admits(ONE, 2)).toBe(true);
  for (const endMs = 2 * LEVEL_BEHIND_MS; nowMs < endMs; nowMs += 100) {
    expect(guard.admits(ONE, 3)).toBe(false);
  }
  expect(lines).toEqual([]);

  guard.admits(ONE, 3);
  expect(lines).toMatchObject([{ message: MESSAGE, peer: ONE, level: 3, cluster_level: 2 }]);
});

test('the level guard counts what it drops of a peer that goes on, and logs the counts once in ten seconds', () => {
  for (let count = 0; count < 5; count++) guard.admits(ONE, 2);
  guard.admits(TWO, 3);
  nowMs = LEVEL_BEHIND_MS;
  guard.admits(ONE, 2);
  guard.admits(TWO, 3);
  nowMs += 9_999;
  guard.admits(ONE, 2);
  expect(lines).toHaveLength(2);
  nowMs += 1;
  guard.admits(ONE, 2);

  expect(lines).toEqual([
    { message: MESSAGE, peer: ONE, level: 2, cluster_level: 1, total: 6 },
    { message: MESSAGE, peer: TWO, level: 3, cluster_level: 1, total: 2 },
    { message: MESSAGE, peer: ONE, level: 2, cluster_level: 1, total: 8, held_back: 1 },
  ]);
});
