import { expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import type { Entry, Persist, Write } from '../../../src/ports/index.js';
import { createRaft, RaftDriver } from '../../../src/raft/index.js';
import { DriverCluster, ManualClock, quietLogger } from './driver-cluster.js';
import { GENESIS, seededRandom } from '../../support/raft-cluster.js';

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

test('the order is: apply, persist with the pending writes, send what promises, say that the batch is done', async () => {
  const steps: string[] = [];
  const clock = new ManualClock();
  const writes: Write[] = [];
  const id = nodeId('only');
  const driver = new RaftDriver({
    raft: createRaft(
      { id, voters: [id], genesis: GENESIS, random: seededRandom(1) },
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
      get: () => undefined,
      scan: () => [],
      close: () => Promise.resolve(),
    },
    network: { send: () => steps.push('send') },
    clock,
    machine: {
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
