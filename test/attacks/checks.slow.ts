import { expect, test } from '@jest/globals';

import { CHECKS } from './checks.js';
import { survivors } from './mutate.js';

const TIMEOUT_MS = 900_000;

test(
  'an attack case fails when the check that it stands for is taken out',
  () => {
    expect(survivors(CHECKS)).toEqual([]);
  },
  TIMEOUT_MS,
);
