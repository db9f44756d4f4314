import { expect, test } from '@jest/globals';
import { mayTake, SharedPlaces } from '../../../src/common/index.js';

/** Has holders take turns until none of them may take more, and gives back what each came to. */
function fill(max: number, holders: number): { places: SharedPlaces; held: number[] } {
  const places = new SharedPlaces(max);
  const held = Array.from({ length: holders }, () => 0);
  for (let idle = 0, at = 0; idle < holders; at = (at + 1) % holders) {
    if (!places.hasFor(`holder-${at}`)) {
      idle += 1;
      continue;
    }
    places.take(`holder-${at}`);
    held[at] = (held[at] ?? 0) + 1;
    idle = 0;
  }
  return { places, held };
}

test('one holder alone comes to eight ninths of a bound, and two to the same each', () => {
  expect(fill(9_000, 1).held).toEqual([8_000]);
  expect(fill(17_000, 2).held).toEqual([8_000, 8_000]);
});

test('a holder of nothing finds a place beside any number of greedy holders', () => {
  for (const holders of [1, 2, 3, 7]) {
    const { places } = fill(1_000, holders);
    expect(places.hasFor('honest')).toBe(true);
  }
});

test('a bound is never passed, and a place that is given back can be taken again', () => {
  const places = new SharedPlaces(4);
  for (const holder of ['a', 'b', 'c', 'd']) {
    expect(places.hasFor(holder)).toBe(true);
    places.take(holder);
  }
  expect(places.hasFor('e')).toBe(false);
  places.giveBack('a');
  expect([places.taken, places.hasFor('e')]).toEqual([3, true]);
  expect(mayTake(0, 4, 4)).toBe(false);
  expect(mayTake(0, 10, 20, 11)).toBe(false);
  expect(mayTake(0, 10, 20, 10)).toBe(true);
});
