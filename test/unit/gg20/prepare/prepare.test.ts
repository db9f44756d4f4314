import { expect, test } from '@jest/globals';
import { decodeBigEndian } from '../../../../src/crypto/index.js';
import { auxRecordsOf, decodeMaterial, publicMaterial } from '../../../../src/gg20/index.js';
import { seededRandom } from '../../../support/builders/frost-exchange.js';
import { madeBy, runPrepare, testPrimes } from '../../../support/builders/gg20-prepare.js';

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
