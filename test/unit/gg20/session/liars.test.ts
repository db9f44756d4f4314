import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { ProtocolAbort } from '../../../../src/mpc/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  fieldsOf,
  signAll,
  type Attack,
  type Outcome,
} from '../../../support/builders/gg20-signing.js';

const set = smallSet();
const key = dealKey(set, 'small', [1, 2, 4]);
const begun = await begin(key, ASKED);
/** Signer 2 is the second party of the session. */
const LIAR = 2;
const PARTY = 2;

/** Signer 2 changes the last byte of one field in one message of a round, as it says it. */
function liesAbout(round: string, isBroadcast: boolean, field: number): Attack {
  return {
    lie(message) {
      const isIt = message.from === LIAR && message.round === round;
      if (!isIt || message.isBroadcast !== isBroadcast || message.to === LIAR) return message.body;
      const [, end] = fieldsOf(message.body)[field] ?? [];
      if (end === undefined) throw new Error(`${round} has no field ${field}`);
      return message.body.map((byte, at) => (at === end - 1 ? byte ^ 1 : byte));
    },
  };
}

function abortsOf<T>(
  outcomes: ReadonlyMap<PartyIndex, Outcome<T>>,
): ReadonlyMap<PartyIndex, ProtocolAbort> {
  return new Map(
    [...outcomes].flatMap(([i, outcome]): [PartyIndex, ProtocolAbort][] =>
      !outcome.ok && outcome.error instanceof ProtocolAbort ? [[i, outcome.error]] : [],
    ),
  );
}

const broadcasts: readonly (readonly [string, readonly string[]])[] = [
  ['nonce', ['commitment', 'K']],
  ['sums', ['delta', 'T', 'proof', 'hashes1', 'hashes2']],
  ['gamma', ['Gamma', 'salt', 'proof']],
  ['rb', ['Rb']],
  ['s', ['S', 'proof', 'hashes5']],
  ['ready', ['presigId']],
];
const privates: readonly (readonly [string, readonly string[]])[] = [
  ['nonce', ['proof']],
  ['answer', ['c', 'proof', 'ch', 'proofWc']],
  ['rb', ['proof']],
];
const all = [
  ...broadcasts.flatMap(([round, fields]) =>
    fields.map((field, at) => [round, field, true, at] as const),
  ),
  ...privates.flatMap(([round, fields]) =>
    fields.map((field, at) => [round, field, false, at] as const),
  ),
];

describe('a signer that changes one field of what it says', () => {
  test.each(all)(
    'in %s: %s (to all: %s), is named by each that sees it, and no other signer is',
    async (round, _, isBroadcast, field) => {
      const outcomes = await signAll(key, begun, liesAbout(round, isBroadcast, field));

      const honest = [...outcomes].filter(([i]) => i !== LIAR);
      expect(honest.filter(([, { ok }]) => ok)).toEqual([]);
      const aborts = [...abortsOf(new Map(honest)).values()];
      expect(aborts.length).toBeGreaterThan(0);
      for (const { culprits } of aborts) expect(culprits).toEqual([PARTY]);
    },
  );

  test('in nonce: other random bytes, signs with the others', async () => {
    const outcomes = await signAll(key, begun, liesAbout('nonce', true, 2));
    expect([...outcomes.values()].map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

/** Signer 2 signs one body for signer 1 and another for signer 4. */
function twoFaced(round: string): Attack {
  return {
    tamper({ from, to, round: its, isBroadcast, body }) {
      if (from !== LIAR || its !== round || !isBroadcast || to !== 4) return body;
      return body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte));
    },
  };
}

describe('a signer that says two things in one broadcast', () => {
  test.each(['nonce', 'sums', 'gamma', 'rb', 's'])(
    'of %s is named by its own two signatures, whatever else fails',
    async (round) => {
      const outcomes = await signAll(key, begun, twoFaced(round));

      for (const i of [1, 4]) {
        const error = abortsOf(outcomes).get(i);
        expect(error?.culprits).toEqual([PARTY]);
        // Two digests of one kind, and no proof: nothing was judged before the views were compared.
        expect(error?.evidence.map(({ kind }) => kind)).toEqual([
          `gg20-sign/${round}`,
          `gg20-sign/${round}`,
        ]);
      }
      expect([...outcomes.values()].some(({ ok }) => ok)).toBe(false);
    },
  );

  test('of READY makes no share', async () => {
    const outcomes = await signAll(key, begun, twoFaced('ready'));
    expect(outcomes.get(4)?.ok).toBe(false);
    expect(abortsOf(outcomes).get(4)?.culprits).toEqual([PARTY]);
    // Signer 1 has the READYs of all; its share alone is worth nothing.
    expect(outcomes.get(1)?.ok).toBe(true);
  });
});

describe('a message that does not come', () => {
  const rounds = ['nonce', 'answer', 'sums', 'gamma', 'rb', 's', 'ready'];
  const echoes = ['nonce-echo', 'sums-echo', 'gamma-echo', 'rb-echo'];
  test.each([...rounds, ...echoes])('of %s names no signer, and no share leaves', async (round) => {
    const outcomes = await signAll(key, begun, {
      tamper: ({ from, to, round: its, body }) =>
        from === LIAR && to === 4 && its === round ? undefined : body,
    });
    expect(abortsOf(outcomes).size).toBe(0);
    expect(outcomes.get(4)).toMatchObject({ ok: false, error: { message: 'the time is over' } });
  });

  test('of the last echo is covered by READY', async () => {
    const outcomes = await signAll(key, begun, {
      tamper: ({ round, body }) => (round === 's-echo' ? undefined : body),
    });
    expect([...outcomes.values()].map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

test('S is not shown before every signer has told that it heard the same Rb', async () => {
  const said: string[] = [];
  await signAll(key, begun, {
    tamper({ from, round, body }) {
      said.push(`${from} ${round}`);
      return from === LIAR && round === 'rb-echo' ? undefined : body;
    },
  });
  expect(said).toContain('1 rb');
  expect(said.filter((each) => ['1 s', '4 s'].includes(each))).toEqual([]);
});

test('no share leaves before READY of all', async () => {
  const outcomes = await signAll(key, begun, {
    tamper: ({ from, round, body }) => (from === LIAR && round === 'ready' ? undefined : body),
  });
  expect([1, 4].map((i) => outcomes.get(i)?.ok)).toEqual([false, false]);
});
