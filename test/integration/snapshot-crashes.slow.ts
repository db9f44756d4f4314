import { expect, test } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import type { ConsensusStore, SnapshotFiles } from '../../src/ports/index.js';
import { memoryConsensusStore, memorySnapshotFiles } from '../../src/store/index.js';
import { CheckpointCluster } from '../support/clusters/checkpoint-cluster.js';

/** Ends a process at one of its calls to the disk: before the call does anything, or after, when nobody hears of it. */
class Fuse {
  /** Calls that are still good. */
  left = Infinity;
  isBlown = false;
  when: 'before' | 'after' = 'before';
  onBlown: () => void = () => undefined;

  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.isBlown) return NEVER;
    this.left -= 1;
    if (this.left >= 0) return call();
    this.isBlown = true;
    this.onBlown();
    if (this.when === 'after') void call();
    return NEVER;
  }

  mend(): void {
    this.left = Infinity;
    this.isBlown = false;
  }
}

const NEVER = new Promise<never>(() => undefined);

function fusedStore(store: ConsensusStore, fuse: Fuse): ConsensusStore {
  return {
    load: () => store.load(),
    readLog: (after, limits) => store.readLog(after, limits),
    persist: (batch) => fuse.run(() => store.persist(batch)),
    get: (key) => store.get(key),
    scan: (prefix, from) => store.scan(prefix, from),
    readState: () => store.readState(),
    stage: (rows, isFirst) => fuse.run(() => store.stage(rows, isFirst)),
    close: () => store.close(),
  };
}

function fusedFiles(files: SnapshotFiles, fuse: Fuse): SnapshotFiles {
  return {
    names: () => fuse.run(() => files.names()),
    create: (name) =>
      fuse.run(async () => {
        const file = await files.create(name);
        return {
          append: (bytes) => fuse.run(() => file.append(bytes)),
          finish: () => fuse.run(() => file.finish()),
          discard: () => file.discard(),
        };
      }),
    read: (name, offset, length) => fuse.run(() => files.read(name, offset, length)),
    remove: (name) => fuse.run(() => files.remove(name)),
  };
}

/** A node that takes a snapshot and crashes at its call number `step`. Says whether it came so far. */
async function crashAt(step: number, when: Fuse['when']): Promise<boolean> {
  const fuses = new Map<string, Fuse>();
  const fuseOf = (id: string): Fuse => {
    const fuse = fuses.get(id) ?? new Fuse();
    fuses.set(id, fuse);
    return fuse;
  };
  const cluster = await CheckpointCluster.start(3, {
    storeOf: (id) => fusedStore(memoryConsensusStore(), fuseOf(id)),
    filesOf: (id) => fusedFiles(memorySnapshotFiles(), fuseOf(id)),
  });
  const leader = await cluster.electAny();
  const away = cluster.nodes.find((node) => node !== leader) ?? leader;
  await cluster.work(5, 'before');
  await cluster.run(100);
  cluster.cutOff(away);
  await cluster.work(80, 'while');
  const old = cluster.texts(away);
  const fuse = fuseOf(away.id);
  Object.assign(fuse, { left: step, when, onBlown: () => (away.up = false) });
  cluster.heal();
  for (let count = 0; count < 30 && !fuse.isBlown && away.installed === 0; count++)
    await cluster.run(100);

  const { isBlown } = fuse;
  const wholes: boolean[] = [];
  // What comes behind the change is no part of it.
  if (!isBlown) fuse.mend();
  if (isBlown) {
    const { front, applied, entries } = await away.store.load();
    const last = [...entries].at(-1)?.index ?? applied;
    const texts = cluster.texts(away);
    const isOld = front === undefined && isDeepStrictEqual(texts, old);
    const isNew = front !== undefined && applied >= front.before.index;
    wholes.push((isOld || (isNew && Object.keys(texts).length > 40)) && last >= applied);
    fuse.mend();
    await cluster.restart(away);
  }
  for (let count = 0; count < 50 && away.installed === 0; count++) await cluster.run(100);
  await cluster.work(3, 'after');
  await cluster.run(1_000);

  expect(wholes).not.toContain(false);
  expect(cluster.texts(away)).toEqual(cluster.texts(leader));
  expect(Object.keys(cluster.texts(away))).toHaveLength(5 + 80 + 3);
  expect(cluster.nodes.flatMap(({ fatal, alarms }) => [...fatal, ...alarms])).toEqual([]);
  await cluster.dispose();
  return isBlown;
}

test.each(['before', 'after'] as const)(
  'a crash %s any call to the disk leaves the old state or the snapshot, whole, and the node catches up',
  async (when) => {
    let steps = 0;
    while (await crashAt(steps, when)) steps += 1;

    // The list of files, a file, a chunk and its end, the certificate and its end, the read, the rows, the change.
    expect(steps).toBeGreaterThan(8);
  },
  240_000,
);
