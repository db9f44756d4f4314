import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import {
  judge5,
  judge7,
  open5,
  open7,
  type Fault,
  type JudgedSession,
  type Opening5,
  type Opening7,
} from '../../../../src/gg20/index.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  presignAll,
  type PresignOptions,
  type PresignTrace,
} from '../../../support/builders/gg20-presign.js';
import { dealSigners } from '../../../support/builders/gg20-signers.js';
import {
  join5,
  join7,
  masksLayout,
  productsLayout,
  split5,
  split7,
} from '../../../../src/gg20/blame/split-openings.js';

const set = smallSet();
const { group } = set.curve;
const q = group.order;
const random = seededRandom(6);
const SIGNERS: readonly PartyIndex[] = [1, 2, 3];
const key = dealSigners(set, 'small', SIGNERS);
const LIAR = 2;

function get<K, V>(map: ReadonlyMap<K, V> | undefined, at: K): V {
  const value = map?.get(at);
  if (value === undefined) throw new Error(`nothing of ${String(at)}`);
  return value;
}

/** A run that goes wrong, and all that was said in it. */
function run(options: Omit<PresignOptions, 'trace'>): PresignTrace {
  const trace: Partial<PresignTrace> = {};
  presignAll(key, undefined, { ...options, trace });
  return trace as PresignTrace;
}

function judged({ ssid }: PresignTrace): JudgedSession<unknown> {
  const { ssid0, facts } = get(key.sessions, 1);
  return { set, ssid0, ssid, signers: SIGNERS, facts };
}

function openings5(trace: PresignTrace): Map<PartyIndex, Opening5> {
  return new Map(
    SIGNERS.map((i) => {
      const opening = open5(get(key.sessions, i), get(trace.opened, i), get(trace.masks, i));
      const session = judged(trace);
      const { head, entries } = split5(session, i, opening);
      const shown = masksLayout(set, SIGNERS.length).decode(entries)?.entries ?? [];
      expect(join5(session, i, head, shown)).toEqual(opening);
      expect(join5(session, i, head, shown.toReversed())).toBeUndefined();
      return [i, opening];
    }),
  );
}

function openings7(trace: PresignTrace): Map<PartyIndex, Opening7<unknown>> {
  return new Map(
    SIGNERS.map((i) => {
      const toMe = new Map(
        SIGNERS.filter((j) => j !== i).map((j) => [j, get(get(trace.answers, j), i)]),
      );
      const opening = open7(
        get(key.sessions, i),
        trace.ssid,
        get(trace.opened, i),
        toMe,
        get(trace.products, i),
        get(trace.sums, i),
        { R: trace.R, S: get(trace.round6, i).S },
        random,
      );
      const session = judged(trace);
      const { head, entries } = split7(session, i, opening);
      const shown = productsLayout(set, SIGNERS.length).decode(entries)?.entries ?? [];
      expect(join7(session, i, head, shown)).toEqual(opening);
      expect(join7(session, i, head, shown.toReversed())).toBeUndefined();
      return [i, opening];
    }),
  );
}

const culprit = (check: string): readonly Fault[] => [{ culprit: LIAR, check }];

describe('Type 5: a delta that is not what the products give', () => {
  const trace = run({
    products: (i, _, right) => (i === LIAR ? { ...right, alpha: right.alpha + 1n } : right),
  });
  const openings = openings5(trace);
  const judge = (changed: Partial<Opening5> = {}, rounds: Partial<PresignTrace> = {}) =>
    judge5(
      judged(trace),
      { ...trace, ...rounds },
      new Map([...openings, [LIAR, { ...get(openings, LIAR), ...changed }]]),
      trace.R,
    );

  test('its sender is named, and no other', () => {
    expect(judge()).toEqual(culprit('delta is what the products give'));
  });

  test('without a lie no opening names a signer', () => {
    const honest = run({});
    expect(judge5(judged(honest), honest, openings5(honest), honest.R)).toEqual([]);
  });

  test('with no R, where the deltas add up to 0, it is named as well', () => {
    const faults = judge5(judged(trace), trace, openings, undefined);
    expect(faults).toEqual(culprit('delta is what the products give'));
  });

  const mine = get(openings, LIAR);
  const [first, ...rest] = mine.masks;
  if (first === undefined) throw new Error('a mask');
  test.each<[string, string, Partial<Opening5>]>([
    ['another k', 'K opens', { k: (mine.k + 1n) % q }],
    ['another randomness of K', 'K opens', { r: mine.r + 1n }],
    ['a randomness of K that is no unit', 'K opens', { r: 0n }],
    ['a gamma of 0', 'gamma is a scalar and not 0', { gamma: 0n }],
    ['another gamma', 'Gamma opens its commitment', { gamma: (mine.gamma + 1n) % q }],
    ['another salt', 'Gamma opens its commitment', { salt: new Uint8Array(32) }],
    [
      'another mask',
      'every product with gamma opens',
      { masks: [{ ...first, beta: first.beta + 1n }, ...rest] },
    ],
    [
      'a mask of q^5',
      'every product with gamma opens',
      { masks: [{ ...first, beta: q ** 5n }, ...rest] },
    ],
    [
      'another randomness of a product',
      'every product with gamma opens',
      { masks: [{ ...first, nonce: first.nonce + 1n }, ...rest] },
    ],
    ['no mask', 'every product with gamma opens', { masks: [] }],
  ])('an opening with %s names its sender: “%s”', (_, check, changed) => {
    expect(judge(changed)).toEqual(culprit(check));
  });

  test('an Rb that is not k·R names its sender', () => {
    const Rb = group.add(get(trace.round5, LIAR).Rb, group.base);
    const round5 = new Map([...trace.round5, [LIAR, { Rb }]]);
    expect(judge({}, { round5 })).toEqual(culprit('Rb is k·R'));
  });
});

describe('Type 7: an S that is not what the products give', () => {
  const trace = run({
    products: (i, _, right) => (i === LIAR ? { ...right, mu: right.mu + 1n } : right),
  });
  const openings = openings7(trace);
  const judge = (changed: Partial<Opening7<unknown>> = {}) =>
    judge7(
      judged(trace),
      trace,
      new Map([...openings, [LIAR, { ...get(openings, LIAR), ...changed }]]),
      trace.R,
    );

  test('its sender is named, and no other', () => {
    expect(judge()).toEqual(culprit('S is what the products give'));
  });

  test('without a lie no opening names a signer', () => {
    const honest = run({});
    expect(judge7(judged(honest), honest, openings7(honest), honest.R)).toEqual([]);
  });

  const mine = get(openings, LIAR);
  const [first, ...rest] = mine.products;
  if (first === undefined) throw new Error('a product');
  test.each<[string, string, Partial<Opening7<unknown>>]>([
    ['another k', 'K opens', { k: (mine.k + 1n) % q }],
    ['another randomness of K', 'K opens', { r: mine.r + 1n }],
    [
      'another plaintext, which would make up for the lie',
      'every product with w opens',
      { products: [{ ...first, mu: first.mu + 1n }, ...rest] },
    ],
    [
      'a plaintext with N added',
      'every product with w opens',
      {
        products: [{ ...first, mu: first.mu + get(key.sessions, LIAR).own.key.N }, ...rest],
      },
    ],
    [
      'another randomness of a product',
      'every product with w opens',
      { products: [{ ...first, nonce: first.nonce + 1n }, ...rest] },
    ],
    ['no product', 'every product with w opens', { products: [] }],
  ])('an opening with %s names its sender: “%s”', (_, check, changed) => {
    expect(judge(changed)).toEqual(culprit(check));
  });

  test('a proof that is another signer’s names its sender', () => {
    const honest = run({});
    const opened = openings7(honest);
    const changed = { ...get(opened, LIAR), proof: get(opened, 1).proof };
    const faults = judge7(judged(honest), honest, new Map([...opened, [LIAR, changed]]), honest.R);
    expect(faults).toEqual(culprit('S is what the products give'));
  });
});
