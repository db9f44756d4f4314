import { expect, jest, test } from '@jest/globals';
import { memoryWith, WIPING_DOES_NOTHING } from './leaks.js';

jest.setTimeout(400_000);

test('when all nodes have stopped, no array that this program made holds a secret any more', () => {
  const { secrets, arrays, left } = memoryWith([]);

  expect(left).toEqual({});
  expect(secrets).toBeGreaterThan(100);
  expect(arrays).toBeGreaterThan(5_000);
});

test('hundreds do when wiping does nothing', () => {
  const { left } = memoryWith([WIPING_DOES_NOTHING]);

  const count = Object.values(left).reduce((sum, each) => sum + each, 0);
  expect(count).toBeGreaterThan(100);
});
