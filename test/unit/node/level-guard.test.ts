import { beforeEach, expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { nodeId } from '../../../src/common/index.js';
import { LevelGuard } from '../../../src/node/level-guard.js';

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];
let lines: unknown[];
let nowMs: number;
let level: number;
let guard: LevelGuard;

beforeEach(() => {
  [lines, nowMs, level] = [[], 0, 1];
  const write = (message: string, fields?: object) => lines.push({ message, ...fields });
  const alarms = new Alarms({ elapsed: () => nowMs }, { alarm: write, warn: write });
  guard = new LevelGuard(() => level, alarms);
});

test('the level guard admits a message without a level, or with none above the cluster’s', () => {
  expect(guard.admits(ONE, 1)).toBe(true);
  expect(guard.admits(ONE, undefined)).toBe(true);
  expect(guard.admits(ONE, 2)).toBe(false);
  level = 2;
  expect(guard.admits(ONE, 2)).toBe(true);
  expect(lines).toHaveLength(1);
});

test('the level guard counts the dropped messages of each peer, and logs the counts once in ten seconds', () => {
  for (let count = 0; count < 5; count++) guard.admits(ONE, 2);
  guard.admits(TWO, 3);
  nowMs = 9_999;
  guard.admits(ONE, 2);
  expect(lines).toHaveLength(2);
  nowMs = 10_000;
  guard.admits(ONE, 2);

  const message = 'Dropped messages above the level of the cluster';
  expect(lines).toEqual([
    { message, peer: ONE, level: 2, cluster_level: 1, total: 1 },
    { message, peer: TWO, level: 3, cluster_level: 1, total: 1 },
    { message, peer: ONE, level: 2, cluster_level: 1, total: 7, held_back: 5 },
  ]);
});
