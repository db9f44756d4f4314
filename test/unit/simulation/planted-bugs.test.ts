import { expect, test } from '@jest/globals';

import { misplaced, PLANTED_BUGS } from '../../simulation/planted-bugs.js';

test('every bug can still be planted: its patterns are there exactly once', () => {
  expect(PLANTED_BUGS.flatMap(({ edits }) => misplaced(edits))).toEqual([]);
});
