import { beforeAll, describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { modulo } from '../../../../src/crypto/index.js';
import {
  combineBodies,
  shareFault,
  shareLayout,
  type ShareBody,
} from '../../../../src/gg20/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  sharedSignature,
  signAll,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();
const { group } = set.curve;
const key = dealKey(set, 'small', [1, 2, 4]);
const begun = await begin(key, ASKED);
const signature = sharedSignature(key, begun);
const layout = shareLayout(set, 3, 'interactive');
let shares: ReadonlyMap<PartyIndex, Uint8Array>;
let others: ReadonlyMap<PartyIndex, Uint8Array>;

async function sharesOf(seed: number): Promise<ReadonlyMap<PartyIndex, Uint8Array>> {
  const outcomes = await signAll(key, begun, { seed });
  return new Map(
    [...outcomes].map(([i, outcome]) => {
      if (!outcome.ok) throw outcome.error;
      return [i, outcome.value];
    }),
  );
}

beforeAll(async () => {
  shares = await sharesOf(1);
  // The same session again, as no honest signer runs it: its READYs are of other presignatures.
  others = await sharesOf(2);
});

function shareOf(i: PartyIndex, from = shares): ShareBody<unknown> {
  const share = layout.decode(from.get(i) ?? new Uint8Array());
  if (share === undefined) throw new Error('a share');
  return share;
}

/** The shares of all, with that of signer 2 changed. */
function withShare(change: (share: ShareBody<unknown>) => Partial<ShareBody<unknown>>) {
  const share = shareOf(2);
  return new Map([...shares, [2, layout.encode({ ...share, ...change(share) })]]);
}

const plus = (point: unknown): unknown => group.add(point, group.base);

describe('all shares', () => {
  test('make a signature under the key, by signers none of which combines', () => {
    const made = combineBodies(signature, shares, () => true);
    expect(made.ok).toBe(true);
    expect([...shares].map(([i, body]) => shareFault(signature, i, body))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('make none that the verifier refuses, and then no signer is blamed for a right share', () => {
    expect(combineBodies(signature, shares, () => false)).toEqual({ ok: false, culprits: [] });
  });

  test('of which one is missing make none', () => {
    const [first, second] = [...shares];
    if (first === undefined || second === undefined) throw new Error('shares');
    const some = new Map([first, second]);
    expect(combineBodies(signature, some, () => true)).toEqual({ ok: false, culprits: [] });
  });
});

describe('a wrong share names its signer, whoever combines', () => {
  test.each<[string, (share: ShareBody<unknown>) => Partial<ShareBody<unknown>>, string]>([
    [
      'another s',
      ({ s }) => ({ s: modulo(s + 1n, group.order) }),
      'the share fits its presignature',
    ],
    [
      'another session',
      ({ session }) => ({ session: session.map((byte) => byte ^ 1) }),
      'the share is read',
    ],
    [
      'another R with another s',
      ({ presignature, s }) => ({
        s: modulo(s + 1n, group.order),
        presignature: { ...presignature, R: plus(presignature.R) },
      }),
      'the presignature has this id',
    ],
    [
      'Rb that fits another s',
      ({ presignature, s }) => ({
        s: modulo(s + 1n, group.order),
        presignature: { ...presignature, Rb: presignature.Rb.map(plus) },
      }),
      'the presignature has this id',
    ],
    [
      'a presignature that not all are ready of',
      () => ({ ...shareOf(2, others), readies: shareOf(2).readies }),
      'every signer is ready',
    ],
  ])('%s: %s', (_, change, check) => {
    const lied = withShare(change);
    expect(shareFault(signature, 2, lied.get(2) ?? new Uint8Array())).toBe(check);
    expect(combineBodies(signature, lied, () => true)).toEqual({ ok: false, culprits: [2] });
  });

  test('another id beside a right s does no harm', () => {
    const lied = withShare(({ presigId }) => ({ presigId: presigId.map((byte) => byte ^ 1) }));
    expect(shareFault(signature, 2, lied.get(2) ?? new Uint8Array())).toBe(
      'the presignature has this id',
    );
    expect(combineBodies(signature, lied, () => true).ok).toBe(true);
  });

  test('bytes that are no share', () => {
    const lied = new Map([...shares, [2, new Uint8Array(5)] as const]);
    expect(combineBodies(signature, lied, () => true)).toEqual({ ok: false, culprits: [2] });
  });

  test('s of another message', async () => {
    const digest = new Uint8Array(32).fill(9);
    const other = { ...signature, signed: { ...signature.signed, digest } };
    expect(combineBodies(other, shares, () => true)).toEqual({ ok: false, culprits: [1, 2, 4] });
  });
});

test('a right s beside a wrong public half still makes the signature, with R of the others', () => {
  const made = combineBodies(signature, shares, () => true);
  const lied = withShare(({ presignature }) => ({
    presignature: { ...presignature, R: group.negate(presignature.R) },
  }));
  // −R has the same x: r and s verify, and the recovery id would be another.
  expect(
    combineBodies(signature, new Map([[2, lied.get(2) ?? new Uint8Array()], ...lied]), () => true),
  ).toEqual(made);
});
