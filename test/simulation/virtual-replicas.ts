import { nodeJobs } from '../../src/blame/index.js';
import { bootId, nodeId, toHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { inlineCompute } from '../../src/machine/index.js';
import { startReplica } from '../../src/node/replica.js';
import type { Replica } from '../../src/node/replica.js';
import type { Channel, ConsensusStore } from '../../src/ports/index.js';
import { memoryConsensusStore, memoryShareStore } from '../../src/store/index.js';
import type { MonitorMode } from '../../src/tasks/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { NODES, OPERATOR, testGenesis, verify } from '../support/builders/ledger.js';
import { GG20, SCHEMES, VERIFIERS } from '../support/builders/schemes.js';
import { seededRandom } from '../support/clusters/raft-cluster.js';
import { quietLogger } from '../unit/raft/driver-cluster.js';
import { MachineClock } from './clock.js';
import { Trace } from './trace.js';
import { World } from './world.js';

const DISK_MS = 1;
const ANSWER_MS = 20_000;

/** What is to be different about the links and disks of a world; as they are set when a message leaves or a write begins. */
export type Conditions = {
  monitor: MonitorMode;
  linkMs: (from: NodeId, to: NodeId) => number;
  diskMs: (node: NodeId) => number;
  /** What a message becomes on its way. */
  altered: (from: NodeId, channel: Channel, bytes: Uint8Array) => Uint8Array;
};

/** Three whole nodes in a world where time is counted only, and nothing fails but by the conditions. */
export class VirtualReplicas {
  readonly nodes = NODES.map(nodeId);
  readonly conditions: Conditions = {
    monitor: 'on',
    linkMs: () => 1,
    diskMs: () => DISK_MS,
    altered: (_from, _channel, bytes) => bytes,
  };
  readonly #world = new World(new Trace());
  readonly #replicas = new Map<NodeId, Replica>();
  readonly #arrivals = new Map<string, number>();
  /** Writes to all disks. */
  writes = 0;

  static async start(conditions: Partial<Conditions> = {}): Promise<VirtualReplicas> {
    const cluster = new VirtualReplicas();
    Object.assign(cluster.conditions, conditions);
    for (const [at, node] of cluster.nodes.entries()) await cluster.#run(node, at + 1);
    for (const node of cluster.nodes) {
      for (const peer of cluster.nodes) {
        if (peer !== node) cluster.at(node).connected(peer, bootOf(peer));
      }
    }
    return cluster;
  }

  get nowMs(): number {
    return this.#world.now();
  }

  at(node: NodeId): Replica {
    const replica = this.#replicas.get(node);
    if (replica === undefined) throw new Error(`no replica ${node}`);
    return replica;
  }

  /** The node that knows itself to lead in the newest term. */
  get leader(): NodeId | undefined {
    const leading = this.nodes.filter((node) => this.at(node).status().leader === node);
    return leading.toSorted((a, b) => this.at(b).status().term - this.at(a).status().term)[0];
  }

  /** Lets time go by, until `done` where that comes first. Says whether it was. */
  async pass(ms: number, done: () => boolean = () => false): Promise<boolean> {
    return this.#world.run(this.nowMs + ms, done);
  }

  async elected(): Promise<NodeId> {
    await this.pass(10_000, () => this.leader !== undefined);
    await this.pass(1_000);
    const { leader } = this;
    if (leader === undefined) throw new Error('no node leads');
    return leader;
  }

  /** A call to one node. @returns How long it took, in the world's time. */
  async call(node: NodeId, method: string, request: Uint8Array): Promise<number> {
    const fromMs = this.nowMs;
    let isOver = false;
    const { signal } = new AbortController();
    const answer = this.at(node)
      .submit({ method, request, requester: OPERATOR, expiresInMs: ANSWER_MS, signal })
      .finally(() => (isOver = true));
    await this.pass(ANSWER_MS, () => isOver);
    await answer;
    return this.nowMs - fromMs;
  }

  async stop(): Promise<void> {
    const stopping = Promise.all([...this.#replicas.values()].map((replica) => replica.stop()));
    await this.pass(1_000);
    await stopping;
  }

  async #run(self: NodeId, seed: number): Promise<void> {
    const world = this.#world;
    const clock = new MachineClock(world.now, 0, 1);
    const tables = { schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20 };
    const replica = await startReplica(
      {
        genesis: testGenesis(),
        boot: bootOf(self),
        wrappingKey: new Uint8Array(32).fill(seed),
        ...tables,
        monitor: this.conditions.monitor,
        onFatal: (error) => {
          throw error;
        },
      },
      {
        clock: clock.port((atMs, run) => world.after(atMs - world.now(), 'timer', run)),
        compute: inlineCompute(nodeJobs({ ...tables, verify })),
        random: seededRandom(seed),
        primes: { prime: () => Promise.reject(new Error('there are no primes here')) },
        verify,
        signer: ledgerSigner(self),
        network: { send: (to, channel, bytes) => this.#send(self, to, channel, bytes) },
        consensus: this.#disk(self),
        shares: memoryShareStore(),
        logger: quietLogger,
      },
    );
    this.#replicas.set(self, replica);
  }

  #send(from: NodeId, to: NodeId, channel: Channel, bytes: Uint8Array): void {
    const sent = this.conditions.altered(from, channel, bytes);
    // A stream keeps its order, whatever becomes of the link.
    const stream = `${from} ${to} ${channel}`;
    const arrivalMs = Math.max(
      this.nowMs + this.conditions.linkMs(from, to),
      this.#arrivals.get(stream) ?? 0,
    );
    this.#arrivals.set(stream, arrivalMs);
    this.#world.after(arrivalMs - this.nowMs, 'message', () =>
      this.at(to).receive(from, channel, sent),
    );
  }

  #disk(node: NodeId): ConsensusStore {
    const inner = memoryConsensusStore();
    return {
      load: () => inner.load(),
      readLog: (...range) => inner.readLog(...range),
      get: (key) => inner.get(key),
      scan: (prefix, from) => inner.scan(prefix, from),
      readState: () => inner.readState(),
      stage: (rows, isFirst) => inner.stage(rows, isFirst),
      close: () => inner.close(),
      persist: async (batch) => {
        this.writes += 1;
        await new Promise<void>((goOn) =>
          this.#world.after(this.conditions.diskMs(node), 'disk', goOn),
        );
        return inner.persist(batch);
      },
    };
  }
}

function bootOf(node: NodeId): ReturnType<typeof bootId> {
  return bootId(toHex(new Uint8Array(16).fill(node.charCodeAt(node.length - 1))));
}
