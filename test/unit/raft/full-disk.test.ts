import { describe, expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import type { Persist } from '../../../src/ports/index.js';
import { ROOM_AGAIN_MS } from '../../../src/raft/limits.js';
import { DriverCluster } from './driver-cluster.js';
import type { DriverNode } from './driver-cluster.js';

const FULL = new ClusterError('wrong-state', 'The disk is full', { reason: 'DISK_FULL' });

function others(cluster: DriverCluster, node: DriverNode): readonly DriverNode[] {
  return cluster.nodes.filter((each) => each !== node);
}

function follower(cluster: DriverCluster, leader: DriverNode): DriverNode {
  const [first] = others(cluster, leader);
  if (first === undefined) throw new Error('three nodes');
  return first;
}

function commandsOf(node: DriverNode): number {
  return node.store.entries.filter(({ kind }) => kind === 'command').length;
}

describe('a write that finds no room on the disk', () => {
  test('is tried again, the same, until there is room; nothing of it is acknowledged before', async () => {
    const cluster = new DriverCluster(3);
    const leader = await cluster.electAny();
    const full = follower(cluster, leader);
    full.store.failure = FULL;
    const before = full.store.batches.length;

    leader.driver.propose(Uint8Array.of(1));
    await cluster.run(3 * ROOM_AGAIN_MS);

    expect(full.fatal).toEqual([]);
    expect(full.driver.status().room).toBe('none');
    const tries: Persist[] = full.store.batches.slice(before);
    expect(tries.length).toBeGreaterThan(2);
    for (const batch of tries) expect(batch).toEqual(tries[0]);
    // Two of three have it: it is committed without the full disk.
    expect(leader.driver.status().commit).toBe(leader.store.entries.length);
    expect(leader.driver.quorum().peers.get(full.id)?.match).toBeLessThan(
      leader.store.entries.length,
    );

    full.store.failure = undefined;
    await cluster.run(2 * ROOM_AGAIN_MS);

    expect(commandsOf(full)).toBe(1);
    expect(full.driver.status()).toMatchObject({
      room: 'enough',
      applied: leader.store.entries.length,
    });
  });

  test('at the leader: another is elected, and the leader that was goes on as a follower', async () => {
    const cluster = new DriverCluster(3);
    const leader = await cluster.electAny();
    leader.store.failure = FULL;
    leader.driver.propose(Uint8Array.of(1));
    await cluster.run(3 * ROOM_AGAIN_MS);

    const next = cluster.leader;
    expect(next).not.toBe(leader);
    expect(leader.fatal).toEqual([]);
    next?.driver.propose(Uint8Array.of(2));
    leader.store.failure = undefined;
    await cluster.run(3 * ROOM_AGAIN_MS);

    const hashes = cluster.nodes.map(({ store }) => store.entries.map(({ hash }) => hash.join()));
    expect(hashes[1]).toEqual(hashes[0]);
    expect(hashes[2]).toEqual(hashes[0]);
    expect(leader.driver.status()).toMatchObject({ role: 'follower', caughtUp: true });
  });

  test('at all: no term moves that is not durable, and all goes on when there is room', async () => {
    const cluster = new DriverCluster(3);
    const leader = await cluster.electAny();
    const term = leader.driver.status().term;
    for (const { store } of cluster.nodes) store.failure = FULL;
    leader.driver.propose(Uint8Array.of(1));
    await cluster.run(5 * ROOM_AGAIN_MS);

    for (const { store, fatal, applied } of cluster.nodes) {
      expect(fatal).toEqual([]);
      expect(store.hardState.term).toBe(term);
      expect(applied.filter(({ kind }) => kind === 'command')).toEqual([]);
    }
    for (const { store } of cluster.nodes) store.failure = undefined;
    await cluster.run(5 * ROOM_AGAIN_MS);
    const again = await cluster.electAny();
    again.driver.propose(Uint8Array.of(2));
    await cluster.run(ROOM_AGAIN_MS);

    const [first] = cluster.nodes;
    for (const { applied } of cluster.nodes) expect(applied).toEqual(first?.applied);
    expect(first?.applied.some(({ payload }) => payload[0] === 2)).toBe(true);
  });

  test('ends with the driver: a stop does not wait for room', async () => {
    const cluster = new DriverCluster(3);
    const leader = await cluster.electAny();
    const full = follower(cluster, leader);
    full.store.failure = FULL;
    leader.driver.propose(Uint8Array.of(1));
    await cluster.run(100);

    const stopped = full.driver.stop();
    await cluster.run(0);
    await stopped;
    const tries = full.store.batches.length;
    await cluster.run(5 * ROOM_AGAIN_MS);

    expect(full.store.batches).toHaveLength(tries);
  });
});

test.each([
  ['at once', undefined],
  ['behind one that found no room', FULL],
])('any other failure of a write ends the node, %s', async (_, first) => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const broken = follower(cluster, leader);
  const failure = new Error('EIO: i/o error, fsync');
  broken.store.failure = first ?? failure;
  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(100);
  broken.store.failure = failure;
  await cluster.run(2 * ROOM_AGAIN_MS);

  expect(broken.fatal).toEqual([failure]);
  const tries = broken.store.batches.length;
  broken.store.failure = undefined;
  await cluster.run(5 * ROOM_AGAIN_MS);
  expect(broken.store.batches).toHaveLength(tries);
});
