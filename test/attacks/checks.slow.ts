import { expect, test } from '@jest/globals';

import { CHECKS } from './checks.js';
import { survivors } from './mutate.js';

const TIMEOUT_MS = 900_000;

test(
  'without a check the case fails that it stands behind',
  () => {
    expect(survivors(CHECKS)).toEqual([]);
  },
  TIMEOUT_MS,
);
