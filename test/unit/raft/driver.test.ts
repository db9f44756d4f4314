import { describe, expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { ClusterError, nodeId } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type { Entry, Persist, Write } from '../../../src/ports/index.js';
import { createRaft, decodeMessage, encodeMessage, RaftDriver } from '../../../src/raft/index.js';
import type { Message } from '../../../src/raft/index.js';
import { APPLY_BUDGET_MS } from '../../../src/raft/applier.js';
import { DriverCluster, ManualClock, ManualStore, quietLogger } from './driver-cluster.js';
import type { DriverNode } from './driver-cluster.js';
import { BOOT, GENESIS, seededRandom } from '../../support/clusters/raft-cluster.js';

test('three drivers elect a leader, apply a command everywhere and answer reads everywhere', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();

  const entry = leader.driver.propose(Uint8Array.of(1));
  await cluster.run(100);

  expect(entry).toMatchObject({ kind: 'command', payload: Uint8Array.of(1) });
  for (const node of cluster.nodes) {
    expect(node.applied.map(({ kind }) => kind)).toEqual(['genesis', 'no-op', 'command']);
    expect(node.driver.status()).toMatchObject({ caughtUp: true, applied: 3, commit: 3 });
    const read = node.driver.readIndex(new AbortController().signal);
    await cluster.run(50);
    expect(await read).toBe(3);
  }
});

test('the driver applies, persists with the pending writes, sends what promises, then acknowledges the batch', async () => {
  const steps: string[] = [];
  const clock = new ManualClock();
  const writes: Write[] = [];
  const id = nodeId('only');
  const driver = new RaftDriver({
    raft: createRaft(
      { id, boot: BOOT, voters: [id], genesis: GENESIS, random: seededRandom(1) },
      { hardState: { term: 0, votedFor: undefined }, entries: [] },
      clock.now(),
    ),
    store: {
      persist: async (batch: Persist) => {
        steps.push(`persist ${batch.entries.length} entries ${batch.writes.length} writes`);
        await Promise.resolve();
        steps.push('durable');
      },
      load: () => Promise.reject(new Error('not here')),
      readLog: () => undefined,
      get: () => undefined,
      scan: () => [],
      readState: () => ({ rows: () => [], close: () => undefined }),
      stage: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    network: { send: () => steps.push('send'), sendSoon: () => undefined },
    clock,
    machine: {
      agreed: { level: BUILD_LEVEL, correctionMs: 0 },
      apply: (entry: Entry) => {
        steps.push(`apply ${entry.index}`);
        writes.push([Uint8Array.of(entry.index), entry.hash]);
      },
      pendingWrites: () => [...writes],
      flushed: (done) => {
        steps.push(`flushed ${done.length}`);
        writes.splice(0, done.length);
      },
      batchDone: () => steps.push('batch done'),
    },
    applied: 0,
    logger: quietLogger,
    alarms: new Alarms(clock, quietLogger),
    onFatal: (error) => {
      throw error;
    },
  });

  driver.start();
  await clock.advance(0);
  expect(steps.splice(0)).toEqual([
    'persist 1 entries 0 writes',
    'durable',
    'flushed 0',
    'apply 1',
    'batch done',
  ]);

  await clock.advance(40);
  expect(steps.splice(0)).toEqual([]);
  await clock.advance(20);
  expect(steps.splice(0)).toEqual(['persist 0 entries 1 writes', 'durable', 'flushed 1']);

  await clock.advance(700);
  steps.splice(0);
  driver.propose(Uint8Array.of(1));
  driver.propose(Uint8Array.of(2));
  await clock.advance(0);
  expect(steps.splice(0)).toEqual([
    'persist 2 entries 0 writes',
    'durable',
    'flushed 0',
    'apply 3',
    'apply 4',
    'batch done',
  ]);
  driver.propose(Uint8Array.of(3));
  await clock.advance(0);
  expect(steps.splice(0).slice(0, 4)).toEqual([
    'persist 1 entries 2 writes',
    'durable',
    'flushed 2',
    'apply 5',
  ]);
  await driver.stop();
});

test('the driver survives any bytes of a peer, and drops messages that are not for it', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const node = cluster.nodes.find((each) => each !== leader);
  if (node === undefined) return;
  const random = seededRandom(5);
  const append = encodeMessage({
    type: 'vote-request',
    from: nodeId('node-1'),
    to: nodeId('node-9'),
    term: 3,
    pre: false,
    lastIndex: 1,
    lastTerm: 1,
  });

  node.driver.receive(nodeId('node-1'), append);
  node.driver.receive(nodeId('node-2'), append);
  expect(node.dropped).toHaveLength(2);
  node.driver.receive(nodeId('node-1'), new Uint8Array(300 * 1024));
  for (let length = 0; length < 200; length++) {
    node.driver.receive(leader.id, random.bytes(length));
    node.driver.receive(leader.id, append.subarray(0, length % append.length));
  }
  await cluster.run(100);

  expect(node.dropped.length).toBeGreaterThan(400);
  expect(node.fatal).toEqual([]);
  expect(leader.driver.status().role).toBe('leader');
});

test('a failed write ends the driver for good, and is not tried again', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const failure = new Error('disk');
  leader.store.failure = failure;
  const before = leader.store.batches.length;

  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(2000);

  expect(leader.fatal).toEqual([failure]);
  expect(leader.store.batches).toHaveLength(before + 1);
  expect(leader.driver.propose(Uint8Array.of(2))).toBe('not-leader');
  await expect(leader.driver.readIndex(new AbortController().signal)).rejects.toMatchObject({
    code: 'no-quorum',
  });
});

test('an error in applying ends the driver before anything more is written', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  leader.poisonedIndex = 3;

  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(2000);

  expect(leader.fatal).toMatchObject([{ message: 'poisoned' }]);
  expect(leader.applied).toHaveLength(2);
  expect(leader.store.applied).toBe(2);
});

test('appends and heartbeats leave while a write is under way; only one write is in flight', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  leader.store.slow = true;
  const writes = leader.store.batches.length;

  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(10);
  leader.driver.propose(Uint8Array.of(2));
  await cluster.run(150);

  expect(leader.store.batches).toHaveLength(writes + 1);
  for (const node of cluster.nodes) {
    // The others have saved both and committed them; the leader applies only what it has saved.
    expect(node.driver.status().commit).toBe(4);
    expect(node.applied).toHaveLength(node === leader ? 2 : 4);
  }
  leader.store.slow = false;
  leader.store.release();
  await cluster.run(10);
  expect(leader.applied).toHaveLength(4);
  expect(leader.driver.status().role).toBe('leader');
});

test('proposals of one event share one write and one append to each node, and their commit is sent at once', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  await cluster.run(200);
  const before = cluster.nodes.map(({ store }) => store.batches.length);

  for (let value = 1; value <= 20; value++) leader.driver.propose(Uint8Array.of(value));
  // No time passes: no heartbeat carries anything.
  await cluster.run(0);

  const { commit } = leader.driver.status();
  expect(commit).toBe(22);
  for (const [at, node] of cluster.nodes.entries()) {
    const writes = node.store.batches.slice(before[at]);
    expect(writes.map(({ entries }) => entries.length)).toEqual([20]);
    expect(node.driver.status().commit).toBe(commit);
    expect(node.applied.at(-1)?.index).toBe(commit);
  }
});

test('the leader of an idle cluster wakes up once for each heartbeat', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  await cluster.run(2_000);
  const before = leader.wakes;
  await cluster.run(1_400);
  // Every 140 ms.
  expect(leader.wakes - before).toBe(10);
});

test('a restarted driver continues from the durable log, and applies nothing twice', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  for (let value = 1; value <= 5; value++) leader.driver.propose(Uint8Array.of(value));
  await cluster.run(100);
  const node = cluster.nodes.find((each) => each !== leader);
  if (node === undefined) return;
  const before = [...node.applied];
  expect(node.store.applied).toBe(7);

  await cluster.restart(node);
  await cluster.run(200);

  expect(node.applied).toEqual(before);
  expect(node.driver.status()).toMatchObject({ applied: 7, caughtUp: true });
});

test('a state ahead of its log is data loss', () => {
  const cluster = new DriverCluster(1);
  const node = cluster.nodes[0];
  if (node === undefined) return;
  node.store.applied = 9;

  expect(() => cluster.drive(node, 1)).toThrow(ClusterError);
});

test('a stall alone makes no node stand for election', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const { term } = leader.driver.status();

  for (const ms of [101, 250, 600, 5000, 30_000]) {
    await cluster.clock.stall(ms);
    await cluster.run(60);
  }

  expect(cluster.leader).toBe(leader);
  expect(leader.driver.status().term).toBe(term);
});

test('a clock that jumps makes no node stand for election', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const { term } = leader.driver.status();

  for (const ms of [3_600_000, -7_200_000, 0]) {
    cluster.clock.jumpMs = ms;
    await cluster.run(1000);
  }

  expect(leader.driver.status()).toMatchObject({ role: 'leader', term });
});

test('clocks that are two hours fast for some seconds do not move the time of the log', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();

  cluster.clock.jumpMs = 7_200_000;
  await cluster.run(10_000);
  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(100);
  cluster.clock.jumpMs = 0;
  await cluster.run(100);
  leader.driver.propose(Uint8Array.of(2));
  await cluster.run(100);

  const now = cluster.clock.now();
  for (const { applied, alarms } of cluster.nodes) {
    const times = applied.slice(-2).map(({ timeMs }) => now - timeMs);
    expect(times.every((agoMs) => agoMs >= 0 && agoMs < 1_000)).toBe(true);
    expect(alarms).toEqual([]);
  }
});

test('a read waits until this node has applied up to the confirmed index', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const follower = cluster.nodes.find((each) => each !== leader);
  if (follower === undefined) return;
  follower.store.slow = true;
  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(20);
  let index = 0;

  const read = follower.driver.readIndex(new AbortController().signal).then((at) => (index = at));
  await cluster.run(100);
  expect(index).toBe(0);
  follower.store.slow = false;
  follower.store.release();
  await cluster.run(50);

  expect(await read).toBe(3);
  expect(follower.applied.at(-1)?.index).toBe(3);
});

describe('a node that catches up', () => {
  const ENTRIES = 4096;

  /** A node that has many entries durable and none of them applied, and whose every entry takes 1 ms to apply. */
  async function behind(): Promise<{ cluster: DriverCluster; node: DriverNode; log: Entry[] }> {
    const cluster = new DriverCluster(3);
    const leader = await cluster.electAny();
    for (let count = 0; count < ENTRIES; count++) {
      leader.driver.propose(Uint8Array.of(count & 255));
      if (count % 512 === 511) await cluster.run(20);
    }
    await cluster.run(200);
    const node = cluster.nodes.find((each) => each !== leader);
    if (node === undefined) throw new Error('a follower');
    const log = [...leader.applied];
    await node.driver.stop();
    node.store.applied = 0;
    node.applied.length = 0;
    node.applyMs = 1;
    node.driver = cluster.drive(node, 77);
    return { cluster, node, log };
  }

  test('while a node applies 4,096 entries the loop turns every few of them, and they stay in order', async () => {
    const { cluster, node, log } = await behind();
    const seen: number[] = [];
    const look = (): void => {
      seen.push(node.applied.length);
      if (node.applied.length < log.length) cluster.clock.after(1, look);
    };
    node.driver.start();
    look();
    for (let count = 0; count < 1000 && node.applied.length < log.length; count++) {
      await cluster.run(10);
    }

    expect(node.applied.map(({ index }) => index)).toEqual(log.map(({ index }) => index));
    const steps = seen.map((count, at) => count - (seen[at - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(APPLY_BUDGET_MS + 1);
    // With what follows from these entries, which takes as long again, a turn stays within ten milliseconds.
    expect(2 * (APPLY_BUDGET_MS + 1)).toBeLessThanOrEqual(10);
    expect(node.fatal).toEqual([]);
  });

  test('a read waits until a node that applies in pieces has applied all of it', async () => {
    const { cluster, node, log } = await behind();
    node.driver.start();
    await cluster.run(100);
    expect(node.applied.length).toBeLessThan(log.length);
    const read = node.driver.readIndex(new AbortController().signal);
    for (let count = 0; count < 1000 && node.applied.length < log.length; count++) {
      await cluster.run(10);
    }
    await cluster.run(50);
    expect(await read).toBeGreaterThanOrEqual(log.length);
    expect(node.applied.at(-1)?.index).toBe(await read);
  });

  test('a node that stops while it catches up applies nothing more', async () => {
    const { cluster, node, log } = await behind();
    node.driver.start();
    await cluster.run(100);
    const { length } = node.applied;
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(log.length);
    await node.driver.stop();
    await cluster.run(500);
    expect(node.applied).toHaveLength(length);
    expect(node.store.applied).toBeLessThanOrEqual(length);
  });
});

test('a read ends with its signal, with the leader, and with the driver', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  cluster.loses = () => true;
  const ends: unknown[] = [];
  const read = (signal: AbortSignal) =>
    leader.driver.readIndex(signal).catch((error: unknown) => ends.push(error));
  const controller = new AbortController();

  void read(controller.signal);
  void read(new AbortController().signal);
  controller.abort();
  await cluster.run(0);
  expect(ends).toHaveLength(1);
  await cluster.run(700);
  expect(ends).toHaveLength(2);
  await leader.driver.stop();
  await read(new AbortController().signal);

  expect(ends).toHaveLength(3);
  for (const error of ends) expect(error).toMatchObject({ code: 'no-quorum' });
});

test('a stopping driver waits for the write under way, and does nothing after it', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  leader.store.slow = true;
  leader.driver.propose(Uint8Array.of(1));
  await cluster.run(0);
  const writes = leader.store.batches.length;
  let isStopped = false;

  const stopped = leader.driver.stop().then(() => (isStopped = true));
  await cluster.run(100);
  expect(isStopped).toBe(false);
  leader.store.release();
  await stopped;
  await cluster.run(1000);

  expect(leader.store.batches).toHaveLength(writes);
  expect(leader.fatal).toEqual([]);
});

test('a message whose sender is not the node of its stream is dropped', async () => {
  const cluster = new DriverCluster(3);
  const leader = await cluster.electAny();
  const [node, other] = cluster.nodes.filter((each) => each !== leader);
  if (!node || !other) return;
  const append = encodeMessage({
    type: 'append',
    from: leader.id,
    to: node.id,
    term: 9,
    round: 0,
    prevIndex: 99,
    prevTerm: 8,
    prevHash: new Uint8Array(32),
    entries: [],
    commit: 0,
  });

  node.driver.receive(other.id, append);
  expect(node.dropped).toHaveLength(1);
  expect(node.driver.status().term).toBe(leader.driver.status().term);
  node.driver.receive(leader.id, append);

  expect(node.driver.status().term).toBe(9);
});

/** A follower whose election timeout is 300 ms, on a clock moved by hand, and a leader that it hears. */
function lonelyFollower() {
  const clock = new ManualClock();
  const sent: (Message | undefined)[] = [];
  const voters = ['a', 'b', 'c'].map(nodeId);
  const [id = nodeId('a'), from = nodeId('b')] = voters;
  const timing = { electionTicksMin: 30, electionTicksMax: 30, answerTicks: 15 };
  const config = { id, boot: BOOT, voters, genesis: GENESIS, random: seededRandom(1), timing };
  const loaded = { hardState: { term: 0, votedFor: undefined }, entries: [] };
  const raft = createRaft(config, loaded, clock.now());
  let wakes = 0;
  const driver = new RaftDriver({
    raft,
    store: new ManualStore(),
    network: {
      send: (_to, _channel, bytes) => sent.push(decodeMessage(bytes)),
      sendSoon: () => undefined,
    },
    clock: {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after: (delayMs, run) =>
        clock.after(delayMs, () => {
          wakes += 1;
          run();
        }),
    },
    machine: {
      agreed: { level: BUILD_LEVEL, correctionMs: 0 },
      apply: () => {},
      pendingWrites: () => [],
      flushed: () => {},
      batchDone: () => {},
    },
    applied: 0,
    logger: quietLogger,
    alarms: new Alarms(clock, quietLogger),
    onFatal: (error) => {
      throw error;
    },
  });
  driver.start();
  const prevHash = raft.entry(1)?.hash ?? new Uint8Array(32);
  const heartbeat: Message = {
    type: 'append',
    from,
    to: id,
    term: 2,
    round: 0,
    prevIndex: 1,
    prevTerm: 1,
    prevHash,
    entries: [],
    commit: 1,
  };
  const hear = () => driver.receive(from, encodeMessage(heartbeat));
  const votesAsked = () => sent.filter((message) => message?.type === 'vote-request').length;
  return { clock, driver, hear, votesAsked, wakes: () => wakes };
}

test('a follower that hears heartbeats wakes up for its election timeout alone, and stands when it is over', async () => {
  const { clock, driver, hear, votesAsked, wakes } = lonelyFollower();
  hear();
  const before = wakes();
  for (let at = 0; at < 50; at++) {
    await clock.advance(100);
    hear();
  }
  // 5 s, in steps of 200 to 300 ms.
  expect(wakes() - before).toBeLessThanOrEqual(25);
  await clock.advance(299);
  expect(votesAsked()).toBe(0);
  await clock.advance(11);
  expect(votesAsked()).toBe(2);
  await driver.stop();
});

test.each([
  ['during', 195],
  ['just after', 205],
])('a heartbeat that comes %s a stall of 200 ms prevents an election', async (_text, delayMs) => {
  const { clock, driver, hear, votesAsked } = lonelyFollower();
  await clock.advance(5);
  hear();
  await clock.advance(200);

  clock.after(delayMs, hear);
  await clock.stall(200);
  await clock.advance(100);
  expect(votesAsked()).toBe(0);
  await clock.advance(210);

  expect(votesAsked()).toBe(2);
  await driver.stop();
});
