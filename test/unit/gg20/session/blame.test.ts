import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { SigningAbort, SilentInBlame } from '../../../../src/gg20/index.js';
import type { Compute } from '../../../../src/ports/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  corruptWork,
  dealKey,
  signAll,
  type Attack,
  type Outcome,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();
const key = dealKey(set, 'small', [1, 2, 4]);
const begun = await begin(key, ASKED);
const LIAR = 2;

/** Signer 2 adds up other products than it has decrypted: `at` is a byte of alpha or of mu. */
function wrongSums(at: 'alpha' | 'mu'): Compute {
  return corruptWork(key.compute, (name, input) => {
    if (name !== 'gg20/sum-products') return input;
    const { secret, ...rest } = input as {
      secret: { products: readonly Uint8Array[] } & Record<string, unknown>;
    };
    const products = secret.products.map((each, position) => {
      const end = at === 'alpha' ? each.length / 2 : each.length;
      return each.map((byte, place) => (position === 0 && place === end - 1 ? byte ^ 1 : byte));
    });
    return { ...rest, secret: { ...secret, products } };
  });
}

function faultsOf<T>(outcomes: ReadonlyMap<PartyIndex, Outcome<T>>, i: PartyIndex) {
  const outcome = outcomes.get(i);
  if (outcome?.ok !== false || !(outcome.error instanceof SigningAbort)) return outcome;
  return outcome.error.faults;
}

const DELTA: Attack = { work: { [LIAR]: wrongSums('alpha') } };
const SIGMA: Attack = { work: { [LIAR]: wrongSums('mu') } };

describe('a sum that is wrong though every message is right by itself', () => {
  test('a wrong delta is found by openings', async () => {
    const outcomes = await signAll(key, begun, DELTA);
    for (const i of [1, 4]) {
      expect(faultsOf(outcomes, i)).toEqual([
        { culprit: 2, check: 'delta is what the products give' },
      ]);
    }
  });

  test('a wrong sigma is found by openings', async () => {
    const outcomes = await signAll(key, begun, SIGMA);
    for (const i of [1, 4]) {
      expect(faultsOf(outcomes, i)).toEqual([{ culprit: 2, check: 'S is what the products give' }]);
    }
  });

  test.each([
    ['opening-5', DELTA],
    ['opening-7', SIGMA],
  ])('a wrong %s names its signer', async (round, attack) => {
    const outcomes = await signAll(key, begun, {
      ...attack,
      lie: ({ from, round: its, body }) =>
        // The first field is k.
        from === 4 && its === round
          ? body.map((byte, at) => (at === K_AT ? byte ^ 1 : byte))
          : body,
    });
    const named = faultsOf(outcomes, 1);
    expect(named).toEqual([{ culprit: 4, check: 'K opens' }]);
  });

  test('an answer that is shown otherwise than listed names its shower', async () => {
    const outcomes = await signAll(key, begun, {
      ...DELTA,
      lie: ({ from, round, body }) =>
        from === 4 && round === 'answers'
          ? body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte))
          : body,
    });
    expect(faultsOf(outcomes, 1)).toEqual([
      { culprit: 4, check: 'the answers that it shows are the listed ones' },
    ]);
  });

  test.each([
    ['opening-5', DELTA],
    ['opening-7', SIGMA],
    ['answers', SIGMA],
    ['masks', DELTA],
    ['products', SIGMA],
  ])('a signer that stays silent in %s is reported, and is no culprit', async (round, attack) => {
    const outcomes = await signAll(key, begun, {
      ...attack,
      overdue: true,
      tamper: ({ from, round: its, body }) => (from === LIAR && its === round ? undefined : body),
    });
    for (const i of [1, 4]) {
      const outcome = outcomes.get(i);
      expect(outcome).toMatchObject({ ok: false });
      if (outcome?.ok !== false) continue;
      expect(outcome.error).toBeInstanceOf(SilentInBlame);
      expect(outcome.error).toMatchObject({ silent: [2], isOverdue: true });
    }
  });

  test('a session that is closed while it is looked into tells that it was', async () => {
    const outcomes = await signAll(key, begun, {
      ...SIGMA,
      // Nothing is opened before all have told what they had heard.
      tamper: ({ from, round, body }) => (from === LIAR && round === 's-echo' ? undefined : body),
    });
    for (const i of [1, 4]) {
      expect(outcomes.get(i)).toMatchObject({ ok: false, error: { isOverdue: false } });
    }
  });

  test('signers that have all opened and do not agree are silent in nothing', async () => {
    const outcomes = await signAll(key, begun, {
      ...DELTA,
      overdue: true,
      tamper: ({ from, round, body }) =>
        from === LIAR && round === 'opening-5-echo' ? undefined : body,
    });
    for (const i of [1, 4]) {
      expect(outcomes.get(i)).toMatchObject({ ok: false, error: { silent: [], isOverdue: true } });
    }
  });

  test('an opening that differs by receiver names its sender by two signatures', async () => {
    const outcomes = await signAll(key, begun, {
      ...DELTA,
      tamper: ({ from, to, round, body }) =>
        from === LIAR && to === 4 && round === 'opening-5'
          ? body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte))
          : body,
    });
    for (const i of [1, 4]) {
      expect(outcomes.get(i)).toMatchObject({ ok: false, error: { culprits: [2] } });
    }
  });
});

describe('blame and READY exclude each other', () => {
  test('S that differ by receiver, good for one and bad for the other, open nothing (row 26)', async () => {
    const said: string[] = [];
    const outcomes = await signAll(key, begun, {
      tamper({ from, to, round, isBroadcast, body }) {
        said.push(`${from} ${round}`);
        const isIt = from === LIAR && to === 4 && round === 's' && isBroadcast;
        return isIt ? body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte)) : body;
      },
    });
    expect(said.filter((each) => each.includes('opening') || each.includes('answers'))).toEqual([]);
    expect([1, 4].map((i) => outcomes.get(i)?.ok)).toEqual([false, false]);
  });

  test('a signer that opened never says READY', async () => {
    const said: string[] = [];
    await signAll(key, begun, {
      ...SIGMA,
      tamper({ from, round, body }) {
        said.push(`${from} ${round}`);
        return body;
      },
    });
    expect(said).toContain('1 opening-7');
    expect(said.filter((each) => each.endsWith('ready'))).toEqual([]);
  });
});

/** T's prefix and label, the count, and the head of the first item. The small group's scalars begin with their lowest byte. */
const K_AT = 8 + 7 + 8 + 'presign/opening-5'.length + 4 + 9;
