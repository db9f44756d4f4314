import { beforeEach, expect, test } from '@jest/globals';
import { observationBytes } from '../../../src/identity/index.js';
import { isAdmissible, readMonitor } from '../../../src/state/index.js';
import type { Observation } from '../../../src/wire/index.js';
import {
  identityKeyOf,
  Ledger,
  NODES,
  sealOf,
  testGenesis,
} from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';

/* What voters say of each other in the log, and when a leader may hand over by it. */

const MINUTE_MS = 60_000;
let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger();
});

/** A voter's word, signed by it; `windows` by the voter that it is of. */
function said(
  nodeId: string,
  windows: Readonly<Record<string, readonly number[]>> = {},
  more: Partial<Observation> = {},
): Observation {
  const unsigned = {
    nodeId,
    timeMs: BigInt(ledger.timeMs),
    links: NODES.filter((node) => node !== nodeId).map((node) => ({
      nodeId: node,
      windowMs: [...(windows[node] ?? windows[nodeId] ?? [1, 1, 1])],
    })),
    ...more,
  };
  const bytes = observationBytes(ledger.rules.genesis.clusterId, unsigned);
  return { ...unsigned, signature: sealOf(identityKeyOf(nodeId), bytes) };
}

const observe = (...observations: readonly Observation[]): AppliedEntry =>
  ledger.command({ $case: 'observations', value: { observations: [...observations] } });

const replace = (fromNodeId: string, toNodeId: string): AppliedEntry =>
  ledger.command({ $case: 'leaderSwitch', value: { fromNodeId, toNodeId } });

const observers = (): readonly string[] =>
  readMonitor(ledger.state).record.observations.map(({ observer }) => observer);

/** All voters find the first one slow, from its term's beginning to two minutes later. */
function slowLeader(): void {
  const slow = { 'node-1': [90, 90, 90] };
  observe(...NODES.map((node) => said(node, slow)));
  ledger.timeMs += 2 * MINUTE_MS;
  observe(...NODES.map((node) => said(node, slow)));
}

test('the newest word of each voter is kept, with the time of its entry', () => {
  observe(said('node-1'), said('node-2'));
  ledger.timeMs += 1_000;
  observe(said('node-2', { 'node-3': [7, 8, 9] }));
  const { record, said: kept } = readMonitor(ledger.state);
  expect(record.observations.map(({ observer, appliedMs }) => [observer, appliedMs])).toEqual([
    ['node-1', ledger.timeMs - 1_000],
    ['node-2', ledger.timeMs],
  ]);
  expect(record.observations[1]?.links.get('node-3')).toEqual([7, 8, 9]);
  expect(kept.get('node-2')?.signature).toHaveLength(64);
});

test('a message that is no voter’s own word about other voters changes nothing, and raises no alarm', () => {
  const [first] = said('node-1').links;
  if (first === undefined) throw new Error('there are other voters');
  const own = said('node-1');
  const wrong: readonly Observation[] = [
    { ...own, signature: new Uint8Array(64) },
    { ...own, timeMs: own.timeMs + 1n },
    { ...said('node-2'), nodeId: 'node-1' },
    said('stranger'),
    said('node-1', {}, { links: [] }),
    said('node-1', {}, { links: [first, first] }),
    said('node-1', {}, { links: own.links.toReversed() }),
    said('node-1', {}, { links: [{ nodeId: 'node-1', windowMs: [1, 1, 1] }] }),
    said('node-1', {}, { links: [{ nodeId: 'stranger', windowMs: [1, 1, 1] }] }),
    said('node-1', {}, { links: [{ ...first, windowMs: [1, 1] }] }),
    said('node-1', {}, { links: [{ ...first, windowMs: [1, 1, 1, 1] }] }),
    said('node-1', {}, { links: [{ ...first, windowMs: [1, 1, 10_001] }] }),
    said('node-1', {}, { timeMs: BigInt(ledger.timeMs + 30_001) }),
    said('node-1', {}, { timeMs: BigInt(ledger.timeMs - 30_001) }),
  ];
  for (const each of wrong) {
    expect(isAdmissible(ledger.state, each, ledger.timeMs, ledger.rules)).toBe(false);
    expect(observe(each).alarm).toBeUndefined();
    expect(observers()).toEqual([]);
  }
  expect(isAdmissible(ledger.state, own, ledger.timeMs, ledger.rules)).toBe(true);
});

test('an older word takes the place of no newer one, and of two in one entry the first counts', () => {
  const older = said('node-1', { 'node-2': [5, 5, 5] });
  ledger.timeMs += 1;
  const newer = said('node-1');
  ledger.timeMs += 1;
  const newest = said('node-1', { 'node-2': [9, 9, 9] });
  observe(newer, newest);
  observe(older);
  observe(newer);
  const { record } = readMonitor(ledger.state);
  expect(record.observations).toHaveLength(1);
  expect(record.observations[0]?.links.get('node-2')).toEqual([1, 1, 1]);
});

test('a leader may hand over to a voter that did better, and the record says so', () => {
  slowLeader();
  const { events, alarm } = replace('node-1', 'node-3');
  expect(alarm).toBeUndefined();
  expect(events).toEqual([{ type: 'leader-switch-recorded', from: 'node-1', to: 'node-3' }]);
  expect(readMonitor(ledger.state).record.switches).toEqual([
    {
      term: 1,
      from: 'node-1',
      to: 'node-3',
      atMs: ledger.timeMs,
      fromPoints: 36,
      toPoints: 98,
      outcome: 'open',
    },
  ]);
});

test('a switch that the observations do not permit is void, with an alarm', () => {
  const words = 'a switch of leaders that the observations do not permit';
  const isVoid = (from: string, to: string): void => {
    const before = readMonitor(ledger.state).record;
    expect(replace(from, to).alarm).toBe(words);
    expect(readMonitor(ledger.state).record).toEqual(before);
  };
  isVoid('node-1', 'node-2');
  slowLeader();
  isVoid('node-2', 'node-3');
  isVoid('node-2', 'node-1');
  isVoid('node-1', 'stranger');
  isVoid('stranger', 'node-2');
  isVoid('node-1', 'node-1');
  ledger.timeMs += 30_001;
  isVoid('node-1', 'node-2');
});

test('a second switch of the same leader is void, until the first has failed and its voter is muted', () => {
  slowLeader();
  replace('node-1', 'node-2');
  expect(replace('node-1', 'node-3').alarm).toBeDefined();
  ledger.timeMs += 10_000;
  observe(said('node-2', { 'node-1': [90, 90, 90] }));
  const { record } = readMonitor(ledger.state);
  expect(record.switches[0]?.outcome).toBe('failed');
  expect(record.mutes).toEqual([
    { node: 'node-2', failures: 1, untilMs: ledger.timeMs + 5 * MINUTE_MS },
  ]);
  expect(replace('node-1', 'node-2').alarm).toBeDefined();
  expect(replace('node-1', 'node-3').alarm).toBeUndefined();
});

test('below level 3 neither is a command', () => {
  ledger = new Ledger(testGenesis({ level: 2 }));
  expect(observe(said('node-1')).alarm).toBe("a command above the cluster's level");
  expect(replace('node-1', 'node-2').alarm).toBe("a command above the cluster's level");
});

test('after the cluster’s clock was set back voters are heard again at once', () => {
  ledger.timeMs += 60 * MINUTE_MS;
  observe(said('node-1'));
  ledger.timeMs -= 60 * MINUTE_MS;
  const now = said('node-1');
  expect(isAdmissible(ledger.state, now, ledger.timeMs, ledger.rules)).toBe(true);
});
