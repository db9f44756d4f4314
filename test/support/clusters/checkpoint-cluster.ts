import { Alarms } from '../../../src/alarms/index.js';
import { bootId, clusterId, equal, nodeId, toHex, utf8 } from '../../../src/common/index.js';
import type { Boot, NodeId } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import { WaitingNetwork } from '../../../src/node/waiting-network.js';
import type {
  ConsensusStore,
  Entry,
  Row,
  SnapshotFiles,
  StateReading,
  Write,
} from '../../../src/ports/index.js';
import {
  createRaft,
  decodePeerMessage,
  encodeMessage,
  isOfCheckpoints,
  RaftDriver,
} from '../../../src/raft/index.js';
import type {
  CheckpointLimits,
  CheckpointMessage,
  EvidenceParts,
  Limits,
  PeerMessage,
  Raft,
} from '../../../src/raft/index.js';
import { ENTRY_OVERHEAD_BYTES } from '../../../src/raft/limits.js';
import { memoryConsensusStore, memorySnapshotFiles } from '../../../src/store/index.js';
import { ManualClock, quietLogger, turns } from '../../unit/raft/driver-cluster.js';
import { identityKeyOf, sealOf } from '../builders/ledger.js';
import { GENESIS, seededRandom } from './raft-cluster.js';

export const CLUSTER = clusterId('c1'.repeat(16));
export const CHECKPOINT = utf8('checkpoint');

/** About so much is an entry of these tests. */
const ENTRY_BYTES = ENTRY_OVERHEAD_BYTES + 12;
/** Ten entries in memory, ten more on disk, in parts of three. */
export const SMALL: Partial<Limits> = {
  logMemoryBytesMax: 10 * ENTRY_BYTES,
  logKeptBytesMax: 10 * ENTRY_BYTES,
  logPartBytes: 3 * ENTRY_BYTES,
};
const OFTEN: CheckpointLimits = { logBytes: 30 * ENTRY_BYTES, apartMs: 0 };

/** A state of texts: a command `key=value` writes one. */
class Texts {
  readonly #store: ConsensusStore;
  #pending: Write[] = [];
  readonly agreed = { level: BUILD_LEVEL, correctionMs: 0 };
  lastAsked = 0;

  constructor(store: ConsensusStore) {
    this.#store = store;
  }

  apply(entry: Entry): void {
    if (entry.kind !== 'command') return;
    if (equal(entry.payload, CHECKPOINT)) {
      this.lastAsked = entry.index;
      return;
    }
    const [key = '', value = ''] = new TextDecoder().decode(entry.payload).split('=');
    this.#pending.push([utf8(key), utf8(value)]);
  }

  pendingWrites(): readonly Write[] {
    return [...this.#pending];
  }

  flushed(writes: readonly Write[]): void {
    this.#pending = this.#pending.filter((write) => !writes.includes(write));
  }

  batchDone(): void {
    // Nobody waits.
  }

  reading(): StateReading {
    const durable = this.#store.readState();
    const rows = new Map<string, Row>();
    for (const row of durable.rows()) rows.set(toHex(row[0]), row);
    for (const [key, value] of this.#pending)
      if (value !== undefined) rows.set(toHex(key), [key, value]);
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      *rows(after) {
        for (const [name, row] of sorted) if (after === undefined || name > toHex(after)) yield row;
      },
      close: () => durable.close(),
    };
  }
}

export type CheckpointNode = {
  readonly id: NodeId;
  store: ConsensusStore;
  boot: Boot;
  readonly files: SnapshotFiles;
  readonly alarms: string[];
  readonly infos: string[];
  readonly fatal: unknown[];
  driver: RaftDriver;
  raft: Raft;
  machine: Texts;
  /** Snapshots that it started from. */
  installed: number;
  lives: number;
  up: boolean;
};

export type CheckpointClusterOptions = {
  readonly limits?: Partial<Limits>;
  readonly checkpoints?: Partial<CheckpointLimits>;
  /** The highest threshold of any key: a row under `key/` says one. */
  readonly storeOf?: (id: NodeId) => ConsensusStore;
  readonly filesOf?: (id: NodeId) => SnapshotFiles;
  /** Nodes sign what they say of their logs, keep it of each other and show it. */
  readonly identities?: boolean;
};

/**
 * Nodes of consensus that agree on texts and take checkpoints, with stores and files in memory, a clock that is moved by hand
 * and a network that delivers in the next turn. A node that has installed a snapshot starts again at once.
 */
export class CheckpointCluster {
  readonly clock = new ManualClock();
  readonly nodes: CheckpointNode[] = [];
  /** What becomes of a message on its way: other bytes, or nothing. */
  alters: (from: NodeId, to: NodeId, bytes: Uint8Array) => Uint8Array | undefined = (
    _f,
    _t,
    bytes,
  ) => bytes;
  /** All messages of checkpoints that were ever sent. */
  readonly said: CheckpointMessage[] = [];
  /** All others that were ever sent. */
  readonly sent: PeerMessage[] = [];
  readonly #voters: readonly NodeId[];
  readonly #options: CheckpointClusterOptions;

  private constructor(count: number, options: CheckpointClusterOptions) {
    this.#voters = Array.from({ length: count }, (_, at) => nodeId(`node-${at + 1}`));
    this.#options = options;
  }

  static async start(
    count: number,
    options: CheckpointClusterOptions = {},
  ): Promise<CheckpointCluster> {
    const cluster = new CheckpointCluster(count, options);
    for (const id of cluster.#voters) {
      const store = options.storeOf?.(id) ?? memoryConsensusStore();
      const files = options.filesOf?.(id) ?? memorySnapshotFiles();
      cluster.nodes.push(await cluster.#begin({ id, store, files }));
    }
    return cluster;
  }

  node(number: number): CheckpointNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`no node ${number}`);
    return node;
  }

  async #begin(home: Pick<CheckpointNode, 'id' | 'store' | 'files'>): Promise<CheckpointNode> {
    const logs = { alarms: [], infos: [], fatal: [] };
    const node = {
      ...home,
      ...logs,
      installed: 0,
      lives: 0,
      up: true,
    } as unknown as CheckpointNode;
    await this.#run(node);
    return node;
  }

  async #run(node: CheckpointNode): Promise<void> {
    const { id, store, files } = node;
    node.lives += 1;
    node.up = true;
    const loaded = await store.load();
    const seed = 1 + this.#voters.indexOf(id) * 100 + node.lives;
    const boot = bootId(toHex(seededRandom(seed).bytes(16)));
    node.boot = boot;
    const random = seededRandom(seed);
    const { limits = SMALL, checkpoints = OFTEN } = this.#options;
    const config = { id, boot, voters: this.#voters, genesis: GENESIS, random, limits };
    node.raft = createRaft(config, loaded, this.clock.now());
    node.machine = new Texts(store);
    const { machine, lives } = node;
    const logger = {
      ...quietLogger,
      info: (message: string) => node.infos.push(message),
      warn: (message: string) => node.infos.push(message),
      alarm: (message: string) => node.alarms.push(message),
    };
    node.driver = new RaftDriver({
      raft: node.raft,
      store,
      network: new WaitingNetwork(
        { send: (to, _channel, bytes) => this.#send(node, lives, to, bytes) },
        this.clock,
      ),
      clock: this.clock,
      machine,
      applied: loaded.applied,
      notes: loaded.notes,
      identity: this.#options.identities === true ? this.identityOf(id) : undefined,
      logger,
      alarms: new Alarms(this.clock, logger),
      onFatal: (error) => node.fatal.push(error),
      checkpoints: {
        ...this.identityOf(id),
        files,
        limits: checkpoints,
        state: {
          command: CHECKPOINT,
          isAsked: ({ index }) => index === machine.lastAsked,
          reading: () => machine.reading(),
          electorate: () => ({ clusterId: CLUSTER, keys: this.keys }),
          thresholdOf: ([key, value]) =>
            new TextDecoder().decode(key).startsWith('key/')
              ? Number(new TextDecoder().decode(value))
              : 0,
        },
        onInstalled: () => {
          node.installed += 1;
          node.up = false;
          void this.#run(node);
        },
      },
    });
    node.driver.start();
    if (this.#options.identities === true) this.#connect(node);
  }

  /** The identity of a node, and those of the others. */
  identityOf(id: NodeId): EvidenceParts {
    return {
      signer: { node: id, publicKey: identityKeyOf(id), sign: (bytes) => sign(id, bytes) },
      verify: (key, bytes, signature) => equal(sealOf(key, bytes), signature),
      electorate: { clusterId: CLUSTER, keys: this.keys },
    };
  }

  #connect(node: CheckpointNode): void {
    for (const peer of this.nodes) {
      if (peer === node || !peer.up) continue;
      peer.driver.connected(node.id, node.boot);
      node.driver.connected(peer.id, peer.boot);
    }
  }

  get keys(): ReadonlyMap<NodeId, Uint8Array> {
    return new Map(this.#voters.map((id) => [id, identityKeyOf(id)]));
  }

  #send(node: CheckpointNode, lives: number, to: NodeId, bytes: Uint8Array): void {
    if (!node.up || node.lives !== lives) return;
    const message = decodePeerMessage(bytes);
    if (message !== undefined)
      if (isOfCheckpoints(message)) this.said.push(message);
      else this.sent.push(message);
    const altered = this.alters(node.id, to, bytes);
    const target = this.nodes.find(({ id }) => id === to);
    if (altered === undefined || target?.up !== true) return;
    void Promise.resolve().then(() => target.driver.receive(node.id, altered));
  }

  /** Hands a node a message, as if its sender had sent it. */
  hand(message: PeerMessage): void {
    const target = this.nodes.find(({ id }) => id === message.to);
    target?.driver.receive(message.from, encodeMessage(message));
  }

  /** Messages to and from this node are lost. */
  cutOff(away: CheckpointNode): void {
    this.alters = (from, to, bytes) => (from === away.id || to === away.id ? undefined : bytes);
  }

  heal(): void {
    this.alters = (_from, _to, bytes) => bytes;
  }

  async stop(node: CheckpointNode): Promise<void> {
    node.up = false;
    await node.driver.stop();
  }

  /** A new process on the same store and files. One that has crashed is not waited for. */
  async restart(node: CheckpointNode): Promise<void> {
    if (node.up) await this.stop(node);
    else void node.driver.stop();
    await this.#run(node);
  }

  /** A second process of this node, which peers take for it from now on. The first one runs on, and is not heard. */
  startBeside(node: CheckpointNode): Promise<void> {
    return this.#run(node);
  }

  run(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  get leader(): CheckpointNode {
    const leader = this.nodes
      .filter(({ up, driver }) => up && driver.status().role === 'leader')
      .toSorted((a, b) => b.driver.status().term - a.driver.status().term)[0];
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  async electAny(): Promise<CheckpointNode> {
    const leads = ({ up, driver }: CheckpointNode) => up && driver.status().role === 'leader';
    for (let count = 0; count < 500 && !this.nodes.some(leads); count++) await this.run(10);
    await this.run(100);
    return this.leader;
  }

  /** So many commands, one after another, through whoever leads. */
  async work(count: number, word = 'c', value = 'v'): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.leader.driver.propose(utf8(`${word}${at}=${value}`));
      await this.run(20);
    }
  }

  /** What a node's durable state is. */
  texts({ store }: CheckpointNode): Record<string, string> {
    return Object.fromEntries(
      [...store.scan(new Uint8Array(0))].map(([key, value]) => [textOf(key), textOf(value)]),
    );
  }

  async frontOf({ store }: CheckpointNode): Promise<number> {
    return (await store.load()).front?.before.index ?? 0;
  }

  async dispose(): Promise<void> {
    for (const node of this.nodes) if (node.up) await this.stop(node);
    await turns();
  }
}

/** As its identity key signs, where {@link CheckpointCluster} verifies. */
export function sign(id: NodeId, bytes: Uint8Array): Uint8Array {
  return sealOf(identityKeyOf(id), bytes);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
