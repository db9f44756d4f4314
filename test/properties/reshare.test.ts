import { expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { toHex } from '../../src/common/index.js';
import {
  dealtSharing,
  newSharing,
  pointOf,
  runReshare,
} from '../support/builders/reshare-exchange.js';
import { smallSuite } from '../unit/frost/small-suite.js';

jest.setTimeout(120_000);

/** fast-check prints the seed and the path of a failure; to replay it, name both here. */
const RUNS = { numRuns: 20 };
const NODES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

/** Some nodes, sorted, and how many of them it takes to sign. */
const sharing = fc.subarray(NODES, { minLength: 2, maxLength: 7 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    threshold: fc.integer({ min: 2, max: nodes.length }),
    chosen: fc.shuffledSubarray(nodes, { minLength: nodes.length, maxLength: nodes.length }),
  }),
);

test('a reshare among any nodes, from any dealers, keeps the key: t′ of the new shares make it, and t′ − 1 do not', async () => {
  await fc.assert(
    fc.asyncProperty(sharing, sharing, fc.nat({ max: 1_000_000 }), async (from, to, seed) => {
      const base = dealtSharing(smallSuite, from.threshold, from.nodes, seed);
      const made = newSharing(
        await runReshare({
          sharing: smallSuite,
          base,
          dealers: from.chosen.slice(0, from.threshold),
          receivers: to.nodes,
          threshold: to.threshold,
          seed,
        }),
      );
      const key = toHex(base.V[0] ?? new Uint8Array());
      const chosen = to.chosen.map((node) => to.nodes.indexOf(node) + 1);
      const sharesOf = (count: number) =>
        made.shares.filter(({ index }) => chosen.slice(0, count).includes(index));

      expect(toHex(made.V[0] ?? new Uint8Array())).toBe(key);
      expect(made.V.length).toBe(to.threshold);
      expect(made.holders).toEqual(to.nodes);
      expect(toHex(pointOf(smallSuite, sharesOf(to.threshold)))).toBe(key);
      expect(toHex(pointOf(smallSuite, sharesOf(to.threshold - 1)))).not.toBe(key);
    }),
    RUNS,
  );
});
