import { expect, test } from '@jest/globals';
import type { Entry } from '../../src/ports/index.js';
import type { Raft } from '../../src/raft/index.js';
import { RaftCluster, seededRandom } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/* Random faults on pure cores, with Raft's five properties (Raft, figure 3) checked after every step. */

type Dice = (sides: number) => number;

function dice(seed: number): Dice {
  const random = seededRandom(seed);
  return (sides) => {
    const [a = 0, b = 0, c = 0] = random.bytes(3);
    return (a * 65536 + b * 256 + c) % sides;
  };
}

const hex = (entry: Entry): string => Buffer.from(entry.hash).toString('hex');

/**
 * Fails when two nodes lead in one term, when a committed entry changes, or is not durable on a majority, and when a read is
 * answered with less than some node knew to be committed when it came.
 */
class Properties {
  readonly #leaders = new Map<number, string>();
  readonly #committed: string[] = [];
  readonly #terms = new Map<Raft, number>();
  readonly #votes = new Map<string, string>();
  /** By node and read: what was known to be committed when it came. */
  readonly #reads: { readonly node: Node; readonly id: number; readonly atLeast: number }[] = [];
  #readCount = 0;
  #seenCount = 0;
  readonly #cluster: RaftCluster;

  constructor(cluster: RaftCluster) {
    this.#cluster = cluster;
  }

  check(): void {
    for (const node of this.#cluster.nodes) if (node.up) this.#checkNode(node);
    this.#checkVotes();
    this.#checkReads();
  }

  /** A read begins on this node. */
  read(node: Node): void {
    const atLeast = this.#committed.length;
    this.#reads.push({ node, id: this.#cluster.read(node), atLeast });
  }

  #checkReads(): void {
    for (const [at, { node, id, atLeast }] of [...this.#reads.entries()].toReversed()) {
      if (!node.reads.has(id)) continue;
      const index = node.reads.get(id) ?? Infinity;
      if (index < atLeast) throw new Error(`${node.id} reads at ${index}, but knew ${atLeast}`);
      this.#reads.splice(at, 1);
      if (index < Infinity) this.#readCount += 1;
    }
  }

  /** Reads that were answered. */
  get readCount(): number {
    return this.#readCount;
  }

  /** A voter has one vote in a term, whatever became of it in between. */
  #checkVotes(): void {
    for (const message of this.#cluster.sent.slice(this.#seenCount)) {
      if (message.type !== 'vote-reply' || message.pre || !message.granted) continue;
      const voter = `${message.from} in term ${message.term}`;
      const elected = this.#votes.get(voter) ?? message.to;
      if (elected !== message.to) throw new Error(`${voter} voted for ${elected}, ${message.to}`);
      this.#votes.set(voter, elected);
    }
    this.#seenCount = this.#cluster.sent.length;
  }

  #checkNode({ id, raft, applied, alarms }: Node): void {
    if (raft.role === 'leader') {
      const known = this.#leaders.get(raft.term) ?? id;
      if (known !== id) throw new Error(`${known} and ${id} lead in term ${raft.term}`);
      this.#leaders.set(raft.term, id);
    }
    // Over a restart it may: a term that was not saved has been promised to nobody.
    if (raft.term < (this.#terms.get(raft) ?? 0)) throw new Error(`the term of ${id} fell`);
    this.#terms.set(raft, raft.term);
    if (alarms.length > 0) throw new Error(`${id} raised ${alarms[0]}`);
    for (let index = this.#committed.length + 1; index <= raft.commit; index++) {
      const entry = raft.entry(index);
      if (entry === undefined) throw new Error(`${id} committed ${index} without having it`);
      const holders = this.#cluster.nodes.filter(({ disk }) => {
        const held = disk.entries[index - 1];
        return held !== undefined && hex(held) === hex(entry);
      });
      if (index > 1 && holders.length * 2 <= this.#cluster.nodes.length) {
        throw new Error(`${index} is committed and not durable on a majority`);
      }
      this.#committed.push(hex(entry));
    }
    const last = applied.at(-1);
    if (last !== undefined && this.#committed[last.index - 1] !== hex(last)) {
      throw new Error(`${id} applied another entry at ${last.index}`);
    }
    const commit = raft.entry(raft.commit);
    if (commit !== undefined && this.#committed[raft.commit - 1] !== hex(commit)) {
      throw new Error(`${id} committed another entry at ${raft.commit}`);
    }
  }

  get committedCount(): number {
    return this.#committed.length;
  }
}

/** One random step: a delivery, a loss, a repetition, a tick, a crash, a slow disk, a command, a read. */
function step(cluster: RaftCluster, roll: Dice, properties: Properties): void {
  const node = cluster.nodes[roll(cluster.nodes.length)];
  if (node === undefined) return;
  const kind = roll(1000);
  const at = roll(Math.max(1, Math.min(cluster.queue.length, 8)));
  if (kind < 640) {
    const [message] = cluster.queue.splice(at, 1);
    if (message !== undefined) cluster.deliver(message);
  } else if (kind < 660) cluster.queue.splice(at, 1);
  else if (kind < 680) {
    const late = cluster.sent[roll(Math.max(1, cluster.sent.length))];
    if (late !== undefined) cluster.queue.push(late);
  } else if (kind < 860) cluster.tick(node);
  else if (kind < 880) cluster.tick(...cluster.nodes);
  else if (kind < 884) cluster.crash(node);
  else if (kind < 920) {
    if (!node.up) cluster.restart(node, roll(1_000_000));
  } else if (kind < 930) node.slowDisk = !node.slowDisk;
  else if (kind < 960) cluster.finishWrite(node);
  else if (kind < 990) {
    if (node.up) cluster.propose(node, `${kind}`);
  } else if (kind < 995) {
    if (node.up) properties.read(node);
  } else if (roll(4) > 0) cluster.heal();
  else cluster.isolate(node);
}

function storm(seed: number, steps: number): { committed: number; reads: number } {
  const roll = dice(seed);
  const cluster = new RaftCluster(roll(2) === 0 ? 3 : 5);
  const properties = new Properties(cluster);
  for (let count = 0; count < steps; count++) {
    step(cluster, roll, properties);
    properties.check();
  }
  // Then the faults end, and all must end up equal.
  cluster.heal();
  for (const node of cluster.nodes) {
    node.slowDisk = false;
    cluster.finishWrite(node);
    if (!node.up) cluster.restart(node, roll(1_000_000));
  }
  cluster.run(300);
  properties.check();
  const leader = cluster.leader;
  if (leader === undefined) throw new Error('no node leads without faults');
  cluster.propose(leader, 'last');
  cluster.settle();
  properties.check();
  for (const { id, applied } of cluster.nodes) {
    if (applied.length !== leader.applied.length) throw new Error(`${id} lags in fair rates`);
  }
  return { committed: properties.committedCount, reads: properties.readCount };
}

test('under random faults a term has at most one leader, and committed entries stay', () => {
  const first = Number(process.env['SEED'] ?? 1);
  const count = Number(process.env['SEEDS'] ?? 40);
  let [committed, reads] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    try {
      const counts = storm(seed, Number(process.env['STEPS'] ?? 1500));
      committed += counts.committed;
      reads += counts.reads;
    } catch (error) {
      throw new Error(`SEED=${seed} SEEDS=1 fails`, { cause: error });
    }
  }
  expect(committed).toBeGreaterThan(count * 5);
  expect(reads).toBeGreaterThan(count);
});
