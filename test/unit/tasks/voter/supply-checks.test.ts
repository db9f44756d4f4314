import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, nodeId } from '../../../../src/common/index.js';
import { CHECKED_AHEAD_MAX, SUPPLY_CHECKS } from '../../../../src/tasks/limits.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import { Algorithm } from '../../../../src/wire/index.js';
import type { Supply } from '../../../../src/wire/index.js';
import { fill, Ledger, NODES, supply } from '../../../support/builders/ledger.js';
import { bootHexOf, dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';

const [ONE, TWO, THREE] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];
let key: DealtKey;
let room: TaskRoom;
let other: TaskRoom;
let pools: SupplyPools;
let checks: SupplyChecks;
let told: number;
/** How many commitments each job was about. */
let jobs: number[];

beforeEach(async () => {
  const ledger = new Ledger();
  key = dealKey(ledger);
  [room, other] = [new TaskRoom('node-1', ledger), new TaskRoom('node-2', ledger)];
  await other.hold(key);
  [told, jobs] = [0, []];
  const { compute } = room;
  room.compute = {
    idle: () => true,
    run(job, input) {
      jobs.push((input as { supplies: unknown[] }).supplies.length);
      return compute.run(job, input);
    },
  };
  pools = new SupplyPools();
  for (const node of NODES) pools.hello(node, bootHexOf(node));
  checks = new SupplyChecks(room.context, room.arithmetic, pools, () => (told += 1));
});

/** So many good commitments of node-2, which keeps no nonces for them. */
async function made(count: number): Promise<readonly Supply[]> {
  const supplies = await other.keys.makeSupplies(keyId('treasury'), 1, count);
  other.keys.named(supplies);
  return supplies;
}

/** Pools so many good commitments of node-2. */
async function announce(count: number): Promise<void> {
  pools.add(TWO, 'treasury', 1, await made(count), room.clock.elapsed());
}

let counter = 0;
/** Pools bytes of a node that are no points. */
function announceNoPoints(node: string, count: number, id = 'treasury'): void {
  const parts = [fill(5), fill(255)];
  const supplies = Array.from({ length: count }, () => supply(node, ++counter, { parts }));
  pools.add(nodeId(node), id, 1, supplies, room.clock.elapsed());
}

const verdicts = (node = TWO, id = 'treasury') =>
  pools.of(id, 1, [node]).map((each) => checks.isGood(each));
const checked = (): number => jobs.reduce((sum, count) => sum + count, 0);

/** Lets all jobs end that follow from the last need. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle();
}

describe('a check', () => {
  test('a job finds out once which commitments are points', async () => {
    await announce(2);
    expect(checks.check(key.record, TWO)).toBe(true);
    expect(checks.check(key.record, TWO)).toBe(true);
    expect(verdicts()).toEqual([undefined, undefined]);
    await settled();
    // Of a key that is seldom used only the one that may be needed next.
    expect(verdicts()).toEqual([true, undefined]);
    expect(checks.check(key.record, TWO)).toBe(true);
    expect([jobs, told]).toEqual([[1], 1]);
  });

  test('a node whose commitments are no points has none to name', async () => {
    announceNoPoints('node-2', 3);
    expect(checks.check(key.record, TWO)).toBe(true);
    await settled();
    expect(verdicts()).toEqual([false, false, false]);
    expect(checks.check(key.record, TWO)).toBe(false);
  });

  test('this node’s own commitments are points without a check', () => {
    const own: Supply = supply('node-1', 1);
    pools.add(ONE, 'treasury', 1, [own], 0);
    expect(checks.isGood(own)).toBe(true);
    expect(checks.check(key.record, ONE)).toBe(true);
    expect(jobs).toEqual([]);
  });

  test('many commitments are checked in pieces, and no more than may be needed next', async () => {
    await announce(40);
    checks.check(key.record, TWO);
    await settled();
    expect(jobs).toEqual([8, 8]);
    expect(verdicts().slice(0, CHECKED_AHEAD_MAX)).toEqual(Array(CHECKED_AHEAD_MAX).fill(true));
    expect(checks.busy).toBe(false);

    // One is used: one is looked at in its place.
    pools.assign('treasury', 1, 1, [TWO], (each) => checks.isGood(each));
    checks.check(key.record, TWO);
    await settled();
    expect(jobs).toEqual([8, 8, 1]);
  });

  test('a check that failed to run can be asked for again', async () => {
    const { compute } = room;
    room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
    await announce(1);
    expect(checks.check(key.record, TWO)).toBe(true);
    await settled();
    expect([verdicts(), told, checks.busy]).toEqual([[undefined], 1, false]);
    room.compute = compute;
    expect(checks.check(key.record, TWO)).toBe(true);
    await settled();
    expect(verdicts()).toEqual([true]);
  });

  test('a commitment for an algorithm that no key has is not good', async () => {
    announceNoPoints('node-2', 1);
    checks.check({ ...key.record, algorithm: Algorithm.UNSPECIFIED }, TWO);
    await settled();
    expect([verdicts(), jobs]).toEqual([[undefined], []]);
  });

  test('nothing is checked once the node has stopped', async () => {
    await announce(8);
    checks.check(key.record, TWO);
    checks.close();
    await settled();
    expect([jobs, told]).toEqual([[8], 0]);
  });
});

/** Announces and asks as a leader does that must have more. */
async function flood(node: string, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    announceNoPoints(node, 8);
    checks.check(key.record, nodeId(node));
    await settled();
  }
}

describe('a flood of commitments by one node', () => {
  test('a flood is checked within the budget of its node, which grows with time', async () => {
    await flood('node-3', 40);
    expect(checked()).toBe(SUPPLY_CHECKS.burst);
    expect(checks.busy).toBe(true);

    room.clock.pass(1000);
    checks.tick();
    await settled();
    await flood('node-3', 40);
    expect(checked()).toBe(SUPPLY_CHECKS.burst + SUPPLY_CHECKS.perSecond);
  });

  test('a flood keeps no commitments of another node from being checked', async () => {
    await flood('node-3', 40);
    expect(checks.check(key.record, THREE)).toBe(false);
    await announce(4);
    expect(checks.check(key.record, TWO)).toBe(true);
    await settled();
    expect(verdicts()[0]).toBe(true);
  });

  test('keys that are used once each are signed with as fast as ever: no check waits for the budget', async () => {
    const times = 2 * SUPPLY_CHECKS.burst;
    let used = 0;
    for (let at = 0; at < times; at++) {
      const record = { ...key.record, keyId: `key-${at}` };
      pools.add(TWO, record.keyId, 1, await made(2), room.clock.elapsed());
      checks.check(record, TWO);
      await settle();
      const [supplied] =
        pools.assign(record.keyId, 1, 1, [TWO], (each) => checks.isGood(each)) ?? [];
      if (supplied === undefined) continue;
      used += 1;
      checks.used(supplied);
      // The next one, ahead of a need that does not come.
      checks.check(record, TWO);
      await settle();
    }
    expect([used, checked()]).toEqual([times, 2 * times]);
  });

  test('a flood for one key keeps none of the same node for another key waiting for long', async () => {
    announceNoPoints('node-2', 64, 'flooded');
    checks.check({ ...key.record, keyId: 'flooded' }, TWO);
    announceNoPoints('node-2', 1);
    expect(checks.check(key.record, TWO)).toBe(true);
    await settled();
    expect(jobs.slice(0, 3)).toEqual([8, 8, 1]);
    expect(verdicts()).toEqual([false]);
  });

  test('one job at a time is under way for each node', () => {
    const { compute } = room;
    const under: string[] = [];
    room.compute = {
      idle: () => false,
      run: (job, input) => {
        under.push(job.name);
        return compute.run(job, input);
      },
    };
    announceNoPoints('node-2', 64);
    announceNoPoints('node-3', 64);
    for (let turn = 0; turn < 50; turn++) {
      for (const node of [TWO, THREE]) checks.check(key.record, node);
    }
    expect(under).toEqual(['signing/check-supplies', 'signing/check-supplies']);
  });

  test('commitments that are used pay for the next checks of their node: no signature waits for the budget', async () => {
    let signatures = 0;
    const more = SUPPLY_CHECKS.burst + 20;
    for (let turn = 0; turn < more; turn++) {
      await announce(1);
      checks.check(key.record, TWO);
      await settle();
      const [used] = pools.assign('treasury', 1, 1, [TWO], (each) => checks.isGood(each)) ?? [];
      if (used === undefined) continue;
      checks.used(used);
      signatures += 1;
    }
    expect(signatures).toBe(more);
  });
});
