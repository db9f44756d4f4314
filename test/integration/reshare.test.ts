import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { NODES } from '../support/builders/ledger.js';
import { FIVE, ReshareCluster, versionOf } from '../support/clusters/reshare-cluster.js';

jest.setTimeout(60_000);

const [ONE = nodeId(''), TWO = nodeId(''), THREE = nodeId('')] = NODES;

test('a key is refreshed: same key, another version, and every node erases its old share', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  const before = await cluster.generate(ONE);
  await cluster.sign(TWO);

  const done = await cluster.reshare(THREE);

  expect(versionOf(done)).toBe(2);
  const after = await cluster.key(ONE);
  expect(after.publicKey).toEqual(before.publicKey);
  expect(after.sessionId).not.toEqual(before.sessionId);
  expect((await cluster.sign(TWO)).keyVersion).toBe(2);
  await cluster.keep({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });
  expect((await cluster.sign(TWO)).keyVersion).toBe(2);
});

test('a key goes from 3 of 5 to 2 of 4 while it signs, and the node that is left out erases as well', async () => {
  await using cluster = await ReshareCluster.start(FIVE);
  await cluster.generate(ONE, { threshold: 3 });
  const reshared = cluster.reshare(ONE, { threshold: 2, participants: FIVE.slice(1) });
  const versions: number[] = [];
  while (versions.at(-1) !== 2) versions.push((await cluster.sign(TWO)).keyVersion);

  expect(versionOf(await reshared)).toBe(2);
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  expect(versions).toContain(1);
  await cluster.keep(Object.fromEntries(FIVE.map((node, at) => [node, at === 0 ? 0 : 1])));
  const { signers, keyVersion } = await cluster.sign(ONE);
  expect([signers.length, keyVersion]).toEqual([2, 2]);
});
