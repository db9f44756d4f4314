import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import {
  judgeSigning,
  publicSession,
  SigningAbort,
  signingFault,
} from '../../../../src/gg20/index.js';
import type { Compute } from '../../../../src/ports/index.js';
import type { Envelope } from '../../../../src/wire/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  corruptWork,
  dealKey,
  fieldsOf,
  signAll,
  verifiedMessages,
  type Attack,
  type OnTheWay,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();
const key = dealKey(set, 'small', [1, 2, 4]);
const begun = await begin(key, ASKED);
const session = publicSession(key.tables, begun.facts);
const signers = [1, 2, 4];
const LIAR = 2;

function judge(
  accused: PartyIndex,
  envelopes: readonly Envelope[],
  statement: readonly Uint8Array[],
) {
  const messages = verifiedMessages(key, envelopes);
  return judgeSigning({ protocol: 'gg20-sign', session, accused }, messages, statement);
}

/** The last byte of a field in a message of signer 2 is another; that of the last field where none is named. */
function lieAbout(round: string, isBroadcast: boolean, field = -1): Attack {
  return {
    lie({ from, to, round: its, isBroadcast: isAll, body }: OnTheWay) {
      if (from !== LIAR || its !== round || isAll !== isBroadcast || to === LIAR) return body;
      const [, end = 0] = fieldsOf(body).at(field) ?? [];
      return body.map((byte, at) => (at === end - 1 ? byte ^ 1 : byte));
    },
  };
}

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

const ATTACKS: readonly (readonly [string, Attack])[] = [
  ['a wrong Pi_alice', lieAbout('nonce', false)],
  ['a wrong answer', lieAbout('answer', false, 0)],
  ['an answer that is not read', lieAbout('answer', false)],
  ['a wrong list of round 2', lieAbout('sums', true)],
  ['a wrong proof of Gamma', lieAbout('gamma', true)],
  ['another Rb', lieAbout('rb', true)],
  ['a wrong Pi_R', lieAbout('rb', false)],
  ['a wrong list of round 5', lieAbout('s', true)],
  ['another READY', lieAbout('ready', true)],
  ['a wrong delta', { work: { [LIAR]: wrongSums('alpha') } }],
  ['a wrong sigma', { work: { [LIAR]: wrongSums('mu') } }],
  [
    'a wrong opening of a delta',
    { work: { [LIAR]: wrongSums('alpha') }, ...lieAbout('opening-5', true) },
  ],
  [
    'a wrong opening of a sigma',
    { work: { [LIAR]: wrongSums('mu') }, ...lieAbout('opening-7', true) },
  ],
  [
    'a mask that its opening does not name',
    { work: { [LIAR]: wrongSums('alpha') }, ...lieAbout('masks', true) },
  ],
  [
    'a product that its opening does not name',
    { work: { [LIAR]: wrongSums('mu') }, ...lieAbout('products', true) },
  ],
  [
    'answers that are not the listed ones',
    { work: { [LIAR]: wrongSums('mu') }, ...lieAbout('answers', true) },
  ],
];

describe.each(ATTACKS)('%s', (_, attack) => {
  test('is found again from the evidence alone, and no evidence against the others is made of it', async () => {
    const heard = new Map(signers.map((i): [PartyIndex, Envelope[]] => [i, []]));
    const outcomes = await signAll(key, begun, {
      ...attack,
      sees: (to, envelope) => heard.get(to)?.push(envelope),
    });

    const aborts = [...outcomes].flatMap(([i, outcome]) =>
      !outcome.ok && outcome.error instanceof SigningAbort && i !== LIAR ? [outcome.error] : [],
    );
    expect(aborts.length).toBeGreaterThan(0);
    for (const { faults, evidence, statement } of aborts) {
      expect(faults.map(({ culprit }) => culprit)).toEqual(faults.map(() => LIAR));
      const again = judge(LIAR, evidence, statement);
      expect(faults.map(({ check }) => check)).toContain(again);
      // The part of the evidence that the check took shows the same, and is not all of it.
      const accused = { protocol: 'gg20-sign', session, accused: LIAR } as const;
      const messages = verifiedMessages(key, evidence);
      const fault = signingFault(accused, messages, statement);
      expect(fault && judgeSigning(accused, fault.messages, fault.named)).toBe(again);
      expect(fault?.messages.length).toBeLessThan(messages.length);
      expect(judge(1, evidence, statement)).toBeUndefined();
    }
    // All that an honest signer said, with all that was said to anyone.
    const all = [...heard.values()].flat();
    const bodies = all.flatMap(({ content }) =>
      content?.$case === 'open' ? [content.value.body] : [],
    );
    for (const i of [1, 4]) {
      const said = all.filter(({ from }) => from === signers.indexOf(i) + 1);
      expect(judge(i, said, bodies)).toBeUndefined();
    }
  });
});

test('messages of which the statement is not shown prove nothing, except by themselves', async () => {
  const outcomes = await signAll(key, begun, lieAbout('answer', false, 0));
  const outcome = outcomes.get(1);
  if (outcome?.ok !== false || !(outcome.error instanceof SigningAbort))
    throw new Error('an abort');
  const { evidence, statement } = outcome.error;
  expect(judge(LIAR, evidence, [])).toBeUndefined();
  expect(
    judge(
      LIAR,
      evidence.filter(({ kind }) => !kind.endsWith('echo')),
      statement,
    ),
  ).toBeUndefined();
  // Messages of others are no evidence against this one.
  expect(judge(4, evidence, statement)).toBeUndefined();
});
