import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { bootId, nodeId } from '../../src/common/index.js';
import { SingleUse } from '../../src/keys/single-use.js';
import type { Supply } from '../../src/wire/index.js';
import { partOf, withPart } from '../support/builders/ledger.js';

const PER_OWNER_MAX = 3;
const MAX = 5;

/** A nonce as the model knows it, with the very arrays that were handed over. */
type Made = {
  readonly supply: Supply;
  readonly owner: string;
  readonly secret: Uint8Array;
  readonly madeMs: number;
  fate: 'kept' | 'taken' | 'dropped';
};

const owner = fc.constantFrom('a/1', 'a/2', 'b/1');
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), owner }),
    fc.record({
      do: fc.constant('take' as const),
      owner,
      pick: fc.nat(30),
      as: fc.constantFrom('it is', 'other bytes', 'another run', 'another node'),
    }),
    fc.record({
      do: fc.constant('named' as const),
      picks: fc.array(fc.nat(30)),
      same: fc.boolean(),
    }),
    fc.record({ do: fc.constant('drop' as const), owner }),
    fc.record({ do: fc.constant('expire' as const), ageMs: fc.nat(6) }),
  ),
  { maxLength: 60, size: 'max' },
);

function other(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
}

function altered(supply: Supply, as: string): Supply {
  if (as === 'other bytes') return withPart(supply, 1, other(partOf(supply, 1)));
  if (as === 'another run') return { ...supply, boot: other(supply.boot) };
  return as === 'another node' ? { ...supply, nodeId: 'node-2' } : supply;
}

test('a nonce is used once, or dropped and wiped', () => {
  fc.assert(
    fc.property(steps, (played) => {
      const nonces = new SingleUse(nodeId('node-1'), bootId('0b'.repeat(16)), {
        maximum: MAX,
        perOwnerMaximum: PER_OWNER_MAX,
      });
      const all: Made[] = [];
      const answers: { readonly taken: unknown; readonly expected: unknown }[] = [];
      let now = 0;
      const kept = (of?: string): readonly Made[] =>
        all.filter((each) => each.fate === 'kept' && (of === undefined || each.owner === of));
      const drop = (gone: readonly (Made | undefined)[]): void => {
        for (const each of gone) if (each?.fate === 'kept') each.fate = 'dropped';
      };

      for (const step of played) {
        now += 1;
        if (step.do === 'add') {
          const room = Math.min(PER_OWNER_MAX - kept(step.owner).length, MAX - kept().length);
          answers.push({ taken: nonces.room(step.owner), expected: room });
          // None is dropped for a newer one.
          if (room === 0) continue;
          const secret = (): Uint8Array => new Uint8Array(32).fill(all.length + 1);
          const own = secret();
          const [D, E] = [secret().fill(100 + all.length), secret().fill(200 - all.length)];
          const supply = nonces.add(step.owner, { secret: own, parts: [D, E] }, now);
          all.push({ supply, owner: step.owner, secret: own, madeMs: now, fate: 'kept' });
        } else if (step.do === 'take') {
          const made = all[step.pick % Math.max(1, all.length)];
          if (made === undefined) continue;
          const taken = nonces.take(step.owner, altered(made.supply, step.as));
          const here = made.fate === 'kept' && made.owner === step.owner;
          const named = step.as === 'it is' || step.as === 'other bytes';
          const wrong = here && named ? 'other-bytes' : 'gone';
          const gives = here && step.as === 'it is';
          answers.push({ taken, expected: gives ? made.secret : wrong });
          if (gives) made.fate = 'taken';
        } else if (step.do === 'named') {
          const named = step.picks.flatMap((pick) => all[pick % Math.max(1, all.length)] ?? []);
          nonces.named(
            named.map(({ supply }) => (step.same ? supply : altered(supply, 'other bytes'))),
          );
          if (step.same) drop(named);
        } else if (step.do === 'drop') {
          nonces.dropOwner(step.owner);
          drop(kept(step.owner));
        } else {
          nonces.expire(now - step.ageMs);
          drop(kept().filter(({ madeMs }) => madeMs <= now - step.ageMs));
        }

        expect(answers.at(-1)?.taken).toEqual(answers.at(-1)?.expected);
        for (const name of ['a/1', 'a/2', 'b/1'])
          expect(nonces.count(name)).toBe(kept(name).length);
        const wiped = all.map(({ secret }) => secret.every((byte) => byte === 0));
        expect(wiped).toEqual(all.map(({ fate }) => fate === 'dropped'));
        const counters = all.map(({ supply }) => supply.counter);
        expect(counters).toEqual(all.map((_, at) => BigInt(at + 1)));
      }
    }),
    { numRuns: 300 },
  );
});
