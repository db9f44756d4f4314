import { expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { combineBodies } from '../../../../src/gg20/index.js';
import { Algorithm } from '../../../../src/wire/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  sharedSignature,
  signAll,
  type SharedTestKey,
} from '../../../support/builders/gg20-signing.js';
import {
  dealtSharing,
  newSharing,
  runReshare,
  type HeldSharing,
} from '../../../support/builders/reshare-exchange.js';
import { smallSuite } from '../../frost/small-suite.js';

const set = smallSet();
const sharing = { ...smallSuite, algorithm: Algorithm.GG20_SECP256K1 } as const;

/** A key whose sharing is this one, with these signers. @param mixed - A share of another sharing for the last of them. */
function keyOf(
  { V, shares, version }: HeldSharing,
  signers: readonly PartyIndex[],
  mixed?: HeldSharing,
): SharedTestKey {
  const dealt = dealKey(set, 'small', signers, shares.length);
  const own = new Map(
    [...dealt.own].map(([index, { material }], at) => {
      const from = mixed !== undefined && at === signers.length - 1 ? mixed.shares : shares;
      const { scalar = new Uint8Array() } = from[index - 1] ?? {};
      return [index, { material, scalar }] as const;
    }),
  );
  return { ...dealt, basis: { ...dealt.basis, V, version }, own };
}

async function signs(key: SharedTestKey): Promise<boolean> {
  const begun = await begin(key, ASKED);
  const outcomes = await signAll(key, begun);
  const shares = new Map(
    [...outcomes].flatMap(([i, outcome]) => (outcome.ok ? [[i, outcome.value] as const] : [])),
  );
  return combineBodies(sharedSignature(key, begun), shares, () => true).ok;
}

test('ECDSA: shares of a reshare sign under the key that was there, and a share of the version before beside them does not', async () => {
  const base = dealtSharing(sharing, 2, ['a', 'b', 'c']);
  const made = newSharing(
    await runReshare({ sharing, base, receivers: ['a', 'b', 'c', 'd'], threshold: 3 }),
  );

  expect(made.V[0]).toEqual(base.V[0]);
  expect(await signs(keyOf(base, [1, 3]))).toBe(true);
  expect(await signs(keyOf(made, [1, 2, 4]))).toBe(true);
  expect(await signs(keyOf(made, [1, 2, 3], base))).toBe(false);
});
