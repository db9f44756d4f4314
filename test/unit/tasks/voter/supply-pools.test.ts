import { describe, expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import type { Supply } from '../../../../src/wire/index.js';
import { fill, supply } from '../../../support/builders/ledger.js';
import { bootHexOf, laterBootOf } from '../../../support/builders/task-room.js';

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];
const anything = (): boolean => true;

function pools(): SupplyPools {
  const made = new SupplyPools();
  for (const node of [ONE, TWO]) made.hello(node, bootHexOf(node));
  return made;
}

function assigned(of: SupplyPools, key = 'key'): readonly bigint[] | undefined {
  return of.assign(key, 1, 1, [ONE], anything)?.map(({ counter }) => counter);
}

test('commitments not yet known to be points are not taken, and those that are none are dropped', () => {
  const of = pools();
  of.add(ONE, 'key', 1, [supply(ONE, 1), supply(ONE, 2), supply(ONE, 3)], 0);
  const take = (verdicts: readonly (boolean | undefined)[]) =>
    of
      .assign('key', 1, 1, [ONE], ({ counter }) => verdicts[Number(counter) - 1])
      ?.map(({ counter }) => counter);
  expect(take([undefined, undefined, false])).toBeUndefined();
  expect(of.of('key', 1, [TWO, ONE]).map(({ counter }) => counter)).toEqual([2n, 1n]);
  expect(take([true, undefined])).toEqual([1n]);
  expect(take([true, true])).toEqual([2n]);
});

describe('a pool takes', () => {
  test('a pool takes commitments of a node from its own stream only', () => {
    const of = pools();
    of.add(TWO, 'key', 1, [supply(ONE, 1)], 0);
    expect(of.size).toBe(0);
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    expect(of.size).toBe(1);
  });

  test('a pool takes no commitments of a node without a hello, nor of another run', () => {
    const of = pools();
    of.add(nodeId('node-3'), 'key', 1, [supply('node-3', 1)], 0);
    of.add(ONE, 'key', 1, [supply(ONE, 1, { boot: fill(9, 16) })], 0);
    expect(of.size).toBe(0);
  });

  test.each<[string, Partial<Supply>]>([
    ['a counter beyond what a number holds', { counter: 2n ** 53n }],
    ['counter 0', { counter: 0n }],
    ['a short point', { parts: [fill(5, 31), fill(6)] }],
    ['points of two algorithms', { parts: [fill(5, 32), fill(6, 33)] }],
    ['a long point', { parts: [fill(5), fill(6, 34)] }],
  ])('nothing that would make an attempt void: %s', (_, wrong) => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1, wrong), supply(ONE, 2)], 0);
    expect(assigned(of)).toEqual([2n]);
    expect(of.size).toBe(0);
  });

  test('a pool takes rising counters, over all keys together, and refuses a late copy', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 2)], 0);
    expect(assigned(of)).toEqual([2n]);
    of.add(ONE, 'key', 1, [supply(ONE, 2), supply(ONE, 1)], 0);
    of.add(ONE, 'other', 1, [supply(ONE, 2)], 0);
    expect(of.size).toBe(0);
  });

  test('a pool takes commitments that later ones have passed on the way, once each', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    of.add(ONE, 'key', 1, [supply(ONE, 7)], 0);
    of.add(ONE, 'other', 1, [supply(ONE, 2), supply(ONE, 3)], 0);
    of.named([supply(ONE, 4)]);
    of.add(ONE, 'key', 1, [supply(ONE, 4), supply(ONE, 5)], 0);
    for (const late of [1, 2, 3, 4, 5, 7]) of.add(ONE, 'third', 1, [supply(ONE, late)], 0);
    const counters = (key: string) => of.of(key, 1, [ONE]).map(({ counter }) => counter);
    expect(['key', 'other', 'third'].map(counters)).toEqual([[5n, 7n, 1n], [3n, 2n], []]);
  });

  test('a pool remembers 64 counters of one node that have not come: the newest', () => {
    const of = pools();
    for (const counter of [1, 10, 1_000_000]) of.add(ONE, 'key', 1, [supply(ONE, counter)], 0);
    expect(of.size).toBe(3);
    for (const late of [5, 999_935]) of.add(ONE, 'key', 1, [supply(ONE, late)], 0);
    expect(of.size).toBe(3);
    for (const late of [999_936, 999_999]) of.add(ONE, 'key', 1, [supply(ONE, late)], 0);
    expect(of.size).toBe(5);
  });

  test('a pool refuses a copy of commitments that an entry named before they came', () => {
    const of = pools();
    of.named([supply(ONE, 7)]);
    of.add(ONE, 'key', 1, [supply(ONE, 6), supply(ONE, 7), supply(ONE, 8)], 0);
    expect([assigned(of), assigned(of), assigned(of)]).toEqual([[8n], [6n], undefined]);
  });

  test.each([7n, 2n ** 53n - 1n, 2n ** 64n - 1n])(
    'an entry that names a counter no commitment came with keeps none out: %s',
    (counter) => {
      const of = pools();
      of.named([supply(ONE, 1, { counter, parts: [fill(77), fill(78)] })]);
      of.add(ONE, 'key', 1, [supply(ONE, 6), supply(ONE, 7), supply(ONE, 8)], 0);
      expect([assigned(of), assigned(of), assigned(of)]).toEqual([[8n], [7n], [6n]]);
    },
  );

  test('a pool remembers 256 commitments of one node that entries named before they came: the newest', () => {
    const of = pools();
    for (let at = 1; at <= 300; at++) of.named([supply(ONE, at)]);
    of.add(ONE, 'key', 1, [supply(ONE, 44), supply(ONE, 45), supply(ONE, 300)], 0);
    expect([assigned(of), assigned(of)]).toEqual([[44n], undefined]);
  });

  test('a pool keeps 64 of one node and key, and 16384 of one node: the oldest are dropped', () => {
    const of = pools();
    const many = Array.from({ length: 65 }, (_, at) => supply(ONE, at + 1));
    of.add(ONE, 'key', 1, many, 0);
    expect(of.size).toBe(64);
    of.assign('key', 1, 1, [ONE], ({ counter }) => counter === 1n);
    expect(of.size).toBe(0);

    for (let at = 0; at < 20_000; at++) of.add(ONE, `key-${at}`, 1, [supply(ONE, 100 + at)], 0);
    expect(of.size).toBe(16_384);
    expect(assigned(of, 'key-0')).toBeUndefined();
    expect(assigned(of, 'key-19999')).toEqual([20_099n]);
  });
});

describe('a pool drops', () => {
  test('a pool drops all commitments of an earlier run, and their late copies', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    of.hello(ONE, laterBootOf(ONE));
    expect(of.size).toBe(0);
    of.add(ONE, 'key', 1, [supply(ONE, 2)], 0);
    expect(of.size).toBe(0);
  });

  test('a pool drops nothing when the same run connects again', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    of.hello(ONE, bootHexOf(ONE));
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    expect(assigned(of)).toEqual([1n]);
  });

  test('a pool drops commitments that an applied entry names: of the right run, with the same bytes', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1), supply(ONE, 2)], 0);
    of.named([supply(ONE, 2, { boot: fill(9, 16) })]);
    of.named([supply(ONE, 2, { parts: [fill(77), fill(78)] })]);
    expect(of.size).toBe(2);
    of.named([supply(ONE, 2), supply(TWO, 1), supply('stranger', 1)]);
    expect(assigned(of)).toEqual([1n]);
  });

  test('a pool drops commitments that are 45 s old', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    of.add(ONE, 'key', 1, [supply(ONE, 2)], 1);
    of.expire(44_999);
    expect(of.size).toBe(2);
    of.expire(45_000);
    expect(of.size).toBe(1);
    expect(assigned(of)).toEqual([2n]);
  });

  test('a pool drops commitments that do not decode, when they would be used', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1), supply(ONE, 2)], 0);
    expect(of.assign('key', 1, 1, [ONE], ({ counter }) => counter === 1n)).toEqual([
      supply(ONE, 1),
    ]);
    expect(of.size).toBe(0);
  });
});

describe('an assignment', () => {
  test('an assignment takes one supply of each node, sorted, of the key and version only, and never twice', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    of.add(TWO, 'key', 1, [supply(TWO, 1)], 0);
    expect(of.assign('key', 2, 2, [TWO, ONE], anything)).toBeUndefined();
    expect(of.assign('other', 1, 2, [TWO, ONE], anything)).toBeUndefined();
    expect(of.assign('key', 1, 2, [TWO, ONE], anything)).toEqual([supply(ONE, 1), supply(TWO, 1)]);
    expect(of.assign('key', 1, 1, [TWO, ONE], anything)).toBeUndefined();
  });

  test('an assignment takes no supplies where they are too few', () => {
    const of = pools();
    of.add(ONE, 'key', 1, [supply(ONE, 1)], 0);
    expect(of.assign('key', 1, 2, [TWO, ONE], anything)).toBeUndefined();
    expect(assigned(of)).toEqual([1n]);
  });
});
