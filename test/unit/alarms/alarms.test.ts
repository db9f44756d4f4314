import { beforeEach, expect, test } from '@jest/globals';
import { ALARM_EVERY_MS, ALARM_PLACES_MAX, Alarms } from '../../../src/alarms/index.js';

const [FAR, SECOND] = ['A term is too far ahead', 'A second node leads in one term'] as const;
let lines: unknown[];
let nowMs: number;
let alarms: Alarms;

beforeEach(() => {
  [lines, nowMs] = [[], 0];
  const write = (level: string) => (message: string, fields?: object) =>
    lines.push([level, message, fields]);
  alarms = new Alarms({ elapsed: () => nowMs }, { alarm: write('alarm'), warn: write('warn') });
});

test('5,000 alarms of one kind and peer are one line, and the next line counts those held back', () => {
  for (let term = 0; term < 5_000; term++) alarms.raise(FAR, 'node-2', { term });
  nowMs = ALARM_EVERY_MS;
  alarms.raise(FAR, 'node-2', { term: 9 });

  expect(lines).toEqual([
    ['alarm', FAR, { peer: 'node-2', term: 0 }],
    ['alarm', FAR, { peer: 'node-2', term: 9, held_back: 4_999 }],
  ]);
});

test('an alarm of another kind, or about another peer, is not held back', () => {
  alarms.raise(FAR, 'node-2');
  alarms.raise(SECOND, 'node-2');
  alarms.raise(FAR, 'node-3');
  alarms.raise(FAR, undefined);
  alarms.raise('A peer has not signed what it says of its build', 'node-2');

  expect(lines).toEqual([
    ['alarm', FAR, { peer: 'node-2' }],
    ['alarm', SECOND, { peer: 'node-2' }],
    ['alarm', FAR, { peer: 'node-3' }],
    ['alarm', FAR, {}],
    ['warn', 'A peer has not signed what it says of its build', { peer: 'node-2' }],
  ]);
});

test('callers beyond the places that are told apart share one line, until places are free again', () => {
  for (let peer = 0; peer < 3 * ALARM_PLACES_MAX; peer++) alarms.raise(FAR, `caller-${peer}`);
  expect(lines).toHaveLength(ALARM_PLACES_MAX + 1);

  nowMs = ALARM_EVERY_MS;
  alarms.raise(FAR, 'a late caller');
  expect(lines.slice(ALARM_PLACES_MAX + 1)).toEqual([['alarm', FAR, { peer: 'a late caller' }]]);
});
