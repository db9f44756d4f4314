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

test('a reshare that is cancelled leaves the version before in use, and the next one makes its successor', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  await cluster.generate(ONE);
  const silent = NODES.find((node) => node !== cluster.leader()) ?? ONE;
  const up = NODES.find((node) => node !== silent) ?? ONE;
  const lost = cluster.loseWords('ready', silent);
  const reshared = cluster.reshare(up);
  const open = await cluster.openReshare(up);

  await cluster.cancel(up, open);

  expect((await reshared).outcome?.$case).toBe('cancelled');
  lost.end();
  expect((await cluster.sign(up)).keyVersion).toBe(1);
  expect(versionOf(await cluster.reshare(up))).toBe(2);
});

test('while one node has not said that it installed the new version, no node erases the one before', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  await cluster.generate(ONE);
  const silent = NODES.find((node) => node !== cluster.leader()) ?? ONE;
  const up = NODES.find((node) => node !== silent) ?? ONE;
  const lost = cluster.loseWords('installed', silent);

  expect(versionOf(await cluster.reshare(up))).toBe(2);
  await cluster.installedBy(up, NODES.length - 1);
  expect((await cluster.sign(up)).keyVersion).toBe(2);
  expect(await Promise.all(NODES.map(async (node) => (await cluster.kept(node)).length))).toEqual([
    2, 2, 2,
  ]);

  lost.end();
  await cluster.keep({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });
});

test('a node that crashes before it has said that it installed a version says so when it runs again', async () => {
  await using cluster = await ReshareCluster.start(NODES);
  const { sessionId } = await cluster.generate(ONE);
  const crashed = NODES.find((node) => node !== cluster.leader()) ?? ONE;
  const up = NODES.find((node) => node !== crashed) ?? ONE;

  const crash = cluster.crashAt(crashed, 'installed');
  expect(versionOf(await cluster.reshare(up))).toBe(2);
  await crash;

  await cluster.erased(sessionId);
  await cluster.replicas.stop(up);
  const { signers, keyVersion } = await cluster.sign(crashed);
  expect(signers).toContain(crashed);
  expect(keyVersion).toBe(2);
});
