import { expect, test } from '@jest/globals';
import { decodeBigEndian } from '../../../../src/crypto/index.js';
import { auxRecordsOf, decodeMaterial, publicMaterial } from '../../../../src/gg20/index.js';
import type { Compute } from '../../../../src/ports/index.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';
import {
  madeBy,
  prepareCompute,
  runPrepare,
  testPrimes,
} from '../../../support/builders/gg20-prepare.js';

test.each([2, 3, 5])(
  '%i honest members make one generation, each with its own secrets',
  async (count) => {
    const run = await runPrepare({ count });
    const made = madeBy(run);

    const [first] = made;
    if (first === undefined) throw new Error('there are members');
    for (const { material, auxDigest } of made) {
      expect(material).toEqual(first.material);
      expect(auxDigest).toEqual(first.auxDigest);
    }
    const records = auxRecordsOf(run.set, count, first.auxDigest, first.material) ?? [];
    expect(records.map(({ index, generation }) => [index, generation])).toEqual(
      made.map((_, at) => [at + 1, 1]),
    );
    for (const [at, { secret }] of made.entries()) {
      const own = decodeMaterial(run.set.profile, secret, seededRandom(1));
      const { N, Nh, s, t } = records[at] ?? {};
      expect(own && publicMaterial(run.set.profile, own)).toEqual({ N, Nh, s, t });
      const [p, q] = testPrimes('small', at + 1).paillier;
      expect(decodeBigEndian(N ?? new Uint8Array(0))).toBe(p * q);
    }
  },
);

test('members that are a part of the set keep their indices in it', async () => {
  const run = await runPrepare({ count: 2, indices: [2, 5] });
  const [{ material, auxDigest } = { material: new Uint8Array(0), auxDigest: new Uint8Array(0) }] =
    madeBy(run);
  const records = auxRecordsOf(run.set, 2, auxDigest, material);
  expect(records?.map(({ index }) => index)).toEqual([2, 5]);
});

test('two members make a generation at 2048 bits', async () => {
  const run = await runPrepare({ profile: 'P2048', count: 2 });
  const [one, two] = madeBy(run);
  expect(one?.auxDigest).toEqual(two?.auxDigest);
  expect(
    auxRecordsOf(
      run.set,
      2,
      one?.auxDigest ?? new Uint8Array(0),
      two?.material ?? new Uint8Array(0),
    ),
  ).toHaveLength(2);
}, 120_000);

test('records are those of their digest alone, and of their set and generation', async () => {
  const run = await runPrepare({ count: 2 });
  const other = await runPrepare({ count: 2, generation: 2 });
  const [{ material, auxDigest } = { material: new Uint8Array(0), auxDigest: new Uint8Array(0) }] =
    madeBy(run);
  const [later] = madeBy(other);
  expect(auxRecordsOf(run.set, 2, auxDigest, material)).toHaveLength(2);
  expect(later?.auxDigest).not.toEqual(auxDigest);
  expect(auxRecordsOf(run.set, 2, auxDigest, later?.material ?? material)).toBeUndefined();
  expect(auxRecordsOf(run.set, 3, auxDigest, material)).toBeUndefined();
  for (let at = 0; at < material.length; at += 97) {
    const changed = material.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(auxRecordsOf(run.set, 2, auxDigest, changed)).toBeUndefined();
  }
});

test('every secret that a run hands to a job is taken, and none is left behind', async () => {
  const honest = prepareCompute();
  const taken: Uint8Array[] = [];
  const compute: Compute = {
    idle: () => true,
    run(job, input) {
      const given = job.takes?.(input) ?? [];
      taken.push(...given);
      return honest.run(job, input);
    },
  };
  madeBy(await runPrepare({ count: 2, compute }));
  // Two members: primes and seed; twice secrets and seed for proofs to all, and once for the one to the other.
  expect(taken).toHaveLength(2 * (5 + 3 * 2));
  expect(taken.filter(({ length }) => length > 0)).toEqual([]);
});
