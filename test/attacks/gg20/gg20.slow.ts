import { expect, test } from '@jest/globals';

import { GG20_ATTACKS } from './rows.js';
import { harmless } from './weakened.js';

const TIMEOUT_MS = 900_000;

test(
  'each attack on GG20 succeeds on a copy of the code without the checks that it stands for',
  async () => {
    expect(await harmless(GG20_ATTACKS)).toEqual([]);
  },
  TIMEOUT_MS,
);
