import { describe, expect, test } from '@jest/globals';
import type { AuditHead } from '../../../src/ports/index.js';
import { FLUSH_QUIET_MS } from '../../../src/raft/writer.js';
import { DriverCluster } from './driver-cluster.js';
import type { DriverNode } from './driver-cluster.js';

const headAt = (index: number): AuditHead => ({ index, line: index, hash: new Uint8Array(32) });

async function cluster(): Promise<{
  readonly all: DriverCluster;
  readonly leader: DriverNode;
  readonly other: DriverNode;
}> {
  const all = new DriverCluster(3);
  const leader = await all.electAny();
  const other = all.nodes.find((node) => node !== leader);
  if (other === undefined) throw new Error('three nodes');
  return { all, leader, other };
}

describe('a machine that keeps a record of what it applies', () => {
  test('has no state on disk that is ahead of the record, and the record’s end beside it', async () => {
    const { all, leader, other } = await cluster();
    const { applied } = other.store;
    other.recorded = headAt(applied);
    for (let at = 0; at < 5; at++) {
      leader.driver.propose(Uint8Array.of(at));
      await all.run(100);
    }
    expect(other.applied).toHaveLength(applied + 5);
    expect(other.store.applied).toBe(applied);

    other.recorded = headAt(applied + 3);
    other.driver.recorded();
    await all.run(2 * FLUSH_QUIET_MS);
    expect(other.store.applied).toBe(applied + 3);
    expect(other.store.batches.at(-1)).toMatchObject({
      applied: applied + 3,
      audit: headAt(applied + 3),
    });
    const pairs = other.store.batches.flatMap(({ applied: at, audit }) =>
      audit === undefined ? [] : [[at, audit.index]],
    );
    expect(pairs.filter(([at, index]) => at !== index)).toEqual([]);
    expect(pairs.length).toBeGreaterThan(5);
  });

  test('applies nothing while it is held, answers for the log, and goes on when it is told', async () => {
    const { all, leader, other } = await cluster();
    const applied = other.applied.length;
    other.isHeld = true;
    leader.driver.propose(Uint8Array.of(1));
    await all.run(500);
    expect(other.applied).toHaveLength(applied);
    expect(other.store.entries).toHaveLength(applied + 1);
    expect(leader.driver.status().commit).toBe(applied + 1);
    expect(other.fatal).toEqual([]);

    other.isHeld = false;
    other.driver.recorded();
    await all.run(10);
    expect(other.applied).toHaveLength(applied + 1);
  });
});
