import { expect, test } from '@jest/globals';
import type { Compute, Job } from '../../../../src/ports/index.js';
import { smallSet } from '../../../support/builders/gg20.js';
import {
  ASKED,
  begin,
  dealKey,
  signAll,
  type Attack,
} from '../../../support/builders/gg20-signing.js';

const key = dealKey(smallSet(), 'small', [1, 2]);
const begun = await begin(key, ASKED);

/** The secret arrays of a job's input, or of what it has made. */
function secretsOf(value: unknown): readonly Uint8Array[] {
  const { secret = {} } = value as { secret?: Record<string, Uint8Array | Uint8Array[]> };
  return Object.values(secret).flat();
}

/** Sees the secret arrays that a signer gives its jobs, and those that they give it. */
function watched(given: Uint8Array[], made: Uint8Array[]): Compute {
  return {
    idle: () => true,
    async run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
      given.push(...secretsOf(input));
      const output = await key.compute.run(job, input);
      const { value = {} } = output as { value?: unknown };
      made.push(...secretsOf(value));
      return output;
    },
  };
}

const isGone = (array: Uint8Array): boolean => array.every((byte) => byte === 0);

test.each<[string, Attack]>([
  ['that signs', {}],
  [
    'that a liar ends',
    {
      lie: ({ from, round, body }) =>
        from === 2 && round === 'gamma'
          ? body.map((byte, at) => (at === 120 ? byte ^ 1 : byte))
          : body,
    },
  ],
  ['that is closed', { tamper: ({ round, body }) => (round === 'rb' ? undefined : body) }],
])('a session %s leaves no secret array, and gives each away once', async (_, attack) => {
  const [given, made]: [Uint8Array[], Uint8Array[]] = [[], []];
  await signAll(key, begun, { ...attack, work: { 1: watched(given, made) } });

  expect(given.length).toBeGreaterThan(10);
  // Moved to the thread that computes: nothing is left here.
  expect(given.filter(({ length }) => length > 0)).toEqual([]);
  expect(made.length).toBeGreaterThan(3);
  expect(made.filter((array) => !isGone(array))).toEqual([]);
  // The node's own secrets are the caller's, and stay.
  expect(
    [...key.own.values()].some(({ material, scalar }) => isGone(material) || isGone(scalar)),
  ).toBe(false);
});
