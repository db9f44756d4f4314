import { expect, test } from '@jest/globals';

import { isInShard, shardOf } from '../../simulation/crash-points/shard.js';

test('parts of the crash points have all of them together, and none twice', () => {
  const numbers = Array.from({ length: 500 }, (_, at) => at + 3 * 1_000);
  for (const of of [1, 2, 3, 7]) {
    const parts = Array.from({ length: of }, (_, at) => shardOf(`${at + 1}/${of}`));
    const taken = parts.flatMap((part) =>
      numbers.filter((number) => part !== undefined && isInShard(number, part)),
    );
    expect(taken.toSorted((a, b) => a - b)).toEqual(numbers);
  }
});

test('a part is a number of as many as there are', () => {
  expect(shardOf('2/3')).toEqual({ part: 2, of: 3 });
  for (const text of ['', '1', '0/2', '3/2', '1/0', '-1/2', '1/2/3', '1.5/2', '1/2 ', 'a/b']) {
    expect([text, shardOf(text)]).toEqual([text, undefined]);
  }
});
