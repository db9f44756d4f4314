import { beforeEach, expect, test } from '@jest/globals';
import { keyId } from '../../../../src/common/index.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { Algorithm } from '../../../../src/wire/index.js';
import type { Supply } from '../../../../src/wire/index.js';
import { fill, Ledger, supply } from '../../../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';

let key: DealtKey;
let room: TaskRoom;
let other: TaskRoom;
let checks: SupplyChecks;
let told: number;
/** How many points each job was about. */
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
      jobs.push((input as { supplies: unknown[][] }).supplies.flat().length);
      return compute.run(job, input);
    },
  };
  checks = new SupplyChecks(room.context, room.arithmetic, () => (told += 1));
});

const made = (count: number): Promise<readonly Supply[]> =>
  other.keys.makeSupplies(keyId('treasury'), 1, count);
const verdicts = (supplies: readonly Supply[]) => supplies.map((each) => checks.isGood(each));

test('a job finds out once which commitments are points', async () => {
  const [good] = await made(1);
  const supplies = [
    good ?? supply('node-2', 1),
    supply('node-2', 2, { parts: [fill(5), fill(255)] }),
  ];
  expect(checks.check(key.record, supplies)).toBe(true);
  expect(checks.check(key.record, supplies)).toBe(true);
  expect(verdicts(supplies)).toEqual([undefined, undefined]);
  await settle();
  expect(verdicts(supplies)).toEqual([true, false]);
  expect(checks.check(key.record, supplies)).toBe(false);
  expect([jobs, told]).toEqual([[4], 1]);
});

test('this node’s own commitments are points without a check', () => {
  const own = supply('node-1', 1);
  expect(checks.isGood(own)).toBe(true);
  expect(checks.check(key.record, [own])).toBe(false);
  expect(jobs).toEqual([]);
});

test('many commitments are checked in pieces, so that a share can be computed in between', async () => {
  checks.check(key.record, await made(10));
  await settle();
  expect(jobs).toEqual([8, 8, 4]);
});

test('a check that failed to run can be asked for again', async () => {
  const { compute } = room;
  room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
  const supplies = await made(1);
  expect(checks.check(key.record, supplies)).toBe(true);
  await settle();
  expect([verdicts(supplies), told]).toEqual([[undefined], 1]);
  room.compute = compute;
  expect(checks.check(key.record, supplies)).toBe(true);
  await settle();
  expect(verdicts(supplies)).toEqual([true]);
});

test('a commitment for an algorithm that no key has is a bug, and none of its record is good', () => {
  const supplies = [supply('node-2', 1)];
  const record = { ...key.record, algorithm: Algorithm.UNSPECIFIED };
  expect(() => checks.check(record, supplies)).toThrow('an algorithm that keys can be made of');
  expect(verdicts(supplies)).toEqual([undefined]);
});
