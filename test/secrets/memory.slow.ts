import { expect, jest, test } from '@jest/globals';
import { memoryWith } from './leaks.js';

jest.setTimeout(600_000);

test('when all nodes have stopped, no array that this program made holds a secret any more', () => {
  const { secrets, arrays, left } = memoryWith([]);

  expect(left).toEqual({});
  expect(secrets).toBeGreaterThan(100);
  expect(arrays).toBeGreaterThan(5_000);
});
