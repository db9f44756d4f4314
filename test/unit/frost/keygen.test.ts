import { expect, test } from '@jest/globals';
import { ed25519Suite } from '../../../src/frost/index.js';
import { keysOf, runKeygen } from '../../support/frost-exchange.js';

test.each([
  [2, 3],
  [3, 5],
])('%i-of-%i: all parties end with one key', async (threshold, count) => {
  const keys = keysOf(await runKeygen({ suite: ed25519Suite, threshold, count }));

  for (const { V, publicKey, chainCode, digest } of keys) {
    expect({ V, publicKey, chainCode, digest }).toEqual({
      V: keys[0]?.V,
      publicKey: keys[0]?.V[0],
      chainCode: keys[0]?.chainCode,
      digest: keys[0]?.digest,
    });
    expect(V.length).toBe(threshold);
  }
  expect(keys.map(({ share }) => share.index)).toEqual(keys.map((_, at) => at + 1));
});
