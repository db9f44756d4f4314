import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { combineBodies } from '../../../../src/gg20/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  sharedSignature,
  signAll,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();

describe.each<[string, readonly PartyIndex[], number]>([
  ['two signers', [1, 2], 2],
  ['three signers of four, not the first', [2, 3, 4], 4],
  ['five signers', [1, 2, 3, 4, 5], 5],
])('%s', (_, signers, count) => {
  test('sign one message, and their shares make its signature', async () => {
    const key = dealKey(set, 'small', signers, count);
    const begun = await begin(key, ASKED);
    const outcomes = await signAll(key, begun);
    const shares = new Map(
      [...outcomes].map(([i, outcome]) => {
        if (!outcome.ok) throw outcome.error;
        return [i, outcome.value];
      }),
    );
    const made = combineBodies(sharedSignature(key, begun), shares, () => true);
    expect(made.ok).toBe(true);
  }, 120_000);
});
