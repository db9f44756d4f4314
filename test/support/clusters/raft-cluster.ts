import { BOOT_BYTES, bootId, fromHex, nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type {
  Entry,
  HardState,
  Link,
  LogFront,
  LogPage,
  Random,
} from '../../../src/ports/index.js';
import { createRaft, decodeMessage, encodeMessage, sealEntry } from '../../../src/raft/index.js';
import type {
  Acknowledgement,
  Agreed,
  Append,
  Message,
  Raft,
  RaftConfig,
  Ready,
  TransferRefusal,
} from '../../../src/raft/index.js';
import { pageOf } from '../../../src/store/log-pages.js';

/** A reproducible source of bytes: xorshift32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return {
    bytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state ^= state << 13;
        state >>>= 0;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        return state & 0xff;
      }),
  };
}

export const BOOT = bootId('b0'.repeat(BOOT_BYTES));
export const START_MS = 1_700_000_000_000;
export const GENESIS = { payload: Uint8Array.of(7), timeMs: START_MS - 1000 };

/** What a node's disk holds. A crash keeps this and nothing else. */
export type Disk = {
  hardState: HardState;
  /** `entries[i]` has index i + 1, those that were removed included: what a node reads begins behind the front. */
  entries: Entry[];
  applied: number;
  front?: LogFront | undefined;
};

export type Node = {
  readonly id: NodeId;
  raft: Raft;
  disk: Disk;
  readonly applied: Entry[];
  readonly reads: Map<number, number | undefined>;
  readonly alarms: string[];
  /** Parts of its log that were read from its disk. */
  pagesRead: number;
  /** Milliseconds that its clock is ahead. */
  skewMs: number;
  up: boolean;
  /** Writes stay under way until `finishWrite`. */
  slowDisk: boolean;
  writing: Ready | undefined;
};

/** What a node of consensus asks for and gets, in the order in which it does. */
export type Deed =
  | { readonly type: 'send'; readonly message: Message; readonly isLost: boolean }
  | { readonly type: 'apply'; readonly entries: readonly Entry[] }
  | { readonly type: 'write'; readonly persist: NonNullable<Ready['persist']> }
  | { readonly type: 'written' }
  | { readonly type: 'page'; readonly after: number }
  | { readonly type: 'read'; readonly id: number; readonly index: number | undefined }
  | { readonly type: 'alarm'; readonly kind: string; readonly peer: NodeId | undefined };

/**
 * Nodes of pure Raft with a clock, a network and disks that are moved by hand. Messages wait in `queue` in the order
 * sent, encoded and decoded on the way, until they are delivered, dropped or held back.
 */
export class RaftCluster {
  readonly nodes: readonly Node[];
  queue: Message[] = [];
  /** Sent messages for which this says true are lost. */
  loses: (message: Message) => boolean = () => false;
  /** Is told of each deed of a node, except for those of its first start. */
  onDeed: (node: Node, deed: Deed) => void = () => undefined;
  /** All that was ever sent. */
  readonly sent: Message[] = [];
  nowMs = START_MS;
  readonly #config: (id: NodeId, seed: number) => RaftConfig;
  readonly #level: number;

  /** @param level - The feature level that every node's state has. */
  constructor(count: number, options: Partial<RaftConfig> = {}, level = BUILD_LEVEL) {
    this.#level = level;
    const voters = Array.from({ length: count }, (_, at) => nodeId(`node-${at + 1}`));
    this.#config = (id, seed) => ({
      id,
      boot: BOOT,
      voters,
      genesis: GENESIS,
      random: seededRandom(seed),
      ...options,
    });
    this.nodes = voters.map((id, at) => {
      const disk: Disk = { hardState: { term: 0, votedFor: undefined }, entries: [], applied: 0 };
      return {
        id,
        disk,
        raft: this.#start(id, at + 1, disk, this.nowMs),
        applied: [],
        reads: new Map(),
        alarms: [],
        pagesRead: 0,
        skewMs: 0,
        up: true,
        slowDisk: false,
        writing: undefined,
      };
    });
    this.pump();
  }

  #start(id: NodeId, seed: number, disk: Disk, nowMs: number): Raft {
    const appliedHere = disk.entries.slice(0, disk.applied);
    const entries = disk.entries.slice(disk.front?.before.index ?? 0);
    const raft = createRaft(this.#config(id, seed), { ...disk, entries }, nowMs);
    raft.restored(disk.applied, this.#agreedAfter(appliedHere));
    return raft;
  }

  /** Node by number, from 1. */
  node(number: number): Node {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`no node ${number}`);
    return node;
  }

  /** The leader of the latest term, if there is one. */
  get leader(): Node | undefined {
    return this.nodes
      .filter(({ up, raft }) => up && raft.role === 'leader')
      .toSorted((a, b) => b.raft.term - a.raft.term)[0];
  }

  clock(node: Node): number {
    return this.nowMs + node.skewMs;
  }

  /** Does what all nodes want done, but delivers nothing. */
  pump(): void {
    for (const node of this.nodes) if (node.up) this.#pumpNode(node);
  }

  #pumpNode(node: Node): void {
    while (node.raft.hasReady()) {
      const { unreadBehind } = node.raft;
      if (unreadBehind !== undefined) node.raft.readBack(this.#pageOf(node, unreadBehind));
      if (node.writing !== undefined) {
        this.#act(node, { ...node.raft.takeUrgent(), sendAfterPersist: [] });
        return;
      }
      const ready = node.raft.takeReady();
      this.#act(node, { ...ready, sendAfterPersist: [] });
      node.applied.push(...ready.apply);
      if (ready.apply.length > 0) this.onDeed(node, { type: 'apply', entries: ready.apply });
      node.raft.agreed(this.#agreedAfter(node.applied));
      if (ready.persist === undefined) {
        this.#send(ready.sendAfterPersist);
      } else {
        this.onDeed(node, { type: 'write', persist: ready.persist });
        node.writing = ready;
        if (!node.slowDisk) this.finishWrite(node);
      }
    }
  }

  #act(node: Node, ready: Omit<Ready, 'persist' | 'apply'>): void {
    this.#send(ready.sendNow);
    for (const { id, index } of ready.reads) {
      node.reads.set(id, index);
      this.onDeed(node, { type: 'read', id, index });
    }
    for (const { kind, peer } of ready.alarms) {
      node.alarms.push(kind);
      this.onDeed(node, { type: 'alarm', kind, peer });
    }
    for (const { peer, after } of ready.wanted) node.raft.supply(peer, this.#pageOf(node, after));
  }

  #pageOf(node: Node, after: number): LogPage {
    this.onDeed(node, { type: 'page', after });
    return pageOnDisk(node, after);
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      const copy = decodeMessage(encodeMessage(message));
      if (copy === undefined) throw new Error(`does not decode: ${JSON.stringify(message)}`);
      this.sent.push(copy);
      const isLost = this.loses(copy);
      const sender = this.nodes.find(({ id }) => id === copy.from);
      if (sender !== undefined) this.onDeed(sender, { type: 'send', message: copy, isLost });
      if (!isLost) this.queue.push(copy);
    }
  }

  /** The write under way becomes durable, and what waited for it leaves. */
  finishWrite(node: Node): void {
    const ready = node.writing;
    if (ready?.persist === undefined) return;
    const { hardState, truncateFrom, entries, front } = ready.persist;
    if (hardState !== undefined) node.disk.hardState = hardState;
    if (truncateFrom !== undefined) node.disk.entries.length = truncateFrom - 1;
    node.disk.entries.push(...entries);
    if (front !== undefined) node.disk.front = front;
    node.disk.applied = node.raft.applied;
    node.writing = undefined;
    const last = entries.at(-1);
    node.raft.persisted(last?.index ?? 0, last?.hash ?? new Uint8Array(32));
    this.onDeed(node, { type: 'written' });
    this.#send(ready.sendAfterPersist);
    this.#pumpNode(node);
  }

  /** Hands one message to its node, and gives back what it answers to the sender. */
  ask(message: Message): readonly Message[] {
    const before = this.sent.length;
    this.deliver(message);
    return this.sent.slice(before).filter(({ to }) => to === message.from);
  }

  /** Hands one message to its node. */
  deliver(message: Message): void {
    const node = this.nodes.find(({ id }) => id === message.to);
    if (node === undefined || !node.up) return;
    node.raft.step(message, this.clock(node));
    this.#pumpNode(node);
  }

  /** Delivers until nothing is under way, without letting time pass. */
  settle(): void {
    this.pump();
    for (let count = 0; this.queue.length > 0; count++) {
      if (count > 100_000) throw new Error('the cluster does not come to rest');
      const message = this.queue.shift();
      if (message !== undefined) this.deliver(message);
    }
  }

  /** Lets time pass on all nodes, tick by tick, and delivers everything after each. */
  run(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.tick(...this.nodes);
      this.settle();
    }
  }

  /** One tick on these nodes; for all of them 10 ms pass. */
  tick(...nodes: readonly Node[]): void {
    this.nowMs += 10;
    for (const node of nodes) if (node.up) node.raft.tick(1, this.clock(node));
    this.pump();
  }

  /** Lets time pass on this node alone, until a leader that it has heard counts no longer as heard. */
  forgetLeader(node: Node): void {
    for (let tick = 0; tick < node.raft.timing.electionTicksMin; tick++) this.tick(node);
  }

  /** Lets time pass until this node leads; nobody else gets to stand. */
  elect(node: Node): void {
    const { loses } = this;
    this.loses = (message) =>
      loses(message) || (message.type === 'vote-request' && message.from !== node.id);
    for (let tick = 0; tick < 300 && node.raft.role !== 'leader'; tick++) this.run(1);
    this.loses = loses;
    if (node.raft.role !== 'leader') throw new Error(`${node.id} was not elected`);
    this.settle();
  }

  /** Runs until some node leads and all are at rest. */
  electAny(): Node {
    for (let tick = 0; tick < 500 && this.leader === undefined; tick++) this.run(1);
    const { leader } = this;
    if (leader === undefined) throw new Error('nobody was elected');
    return leader;
  }

  /** Loses all messages between these nodes and the others. */
  isolate(...nodes: readonly Node[]): void {
    const inside = new Set(nodes.map(({ id }) => id));
    this.loses = ({ from, to }) => inside.has(from) !== inside.has(to);
  }

  heal(): void {
    this.loses = () => false;
  }

  propose(node: Node, text: string): ReturnType<Raft['propose']> {
    const result = node.raft.propose(new TextEncoder().encode(text), this.clock(node));
    this.#pumpNode(node);
    return result;
  }

  /** Begins to hand leadership over; says why not, where it does not. */
  transfer(node: Node, target?: Node): TransferRefusal | undefined {
    const refused = node.raft.transferLeadership(target?.id);
    this.#pumpNode(node);
    return refused;
  }

  read(node: Node): number {
    const id = node.raft.readIndex(this.clock(node));
    this.#pumpNode(node);
    return id;
  }

  /** What a state says of time after these entries: `correct 5` takes 5 ms from it, and nothing else does. */
  #agreedAfter(applied: readonly Entry[]): Agreed {
    const correctionMs = commands(applied)
      .filter((text) => text.startsWith('correct '))
      .reduce((sum, text) => sum + Number(text.slice('correct '.length)), 0);
    return { level: this.#level, correctionMs };
  }

  /** The process ends: what is not on disk is gone, and so is what it sent but the network has not taken. */
  crash(node: Node): void {
    node.up = false;
    node.writing = undefined;
  }

  restart(node: Node, seed = 99): void {
    const loaded = { ...node.disk, entries: [...node.disk.entries] };
    const { applied } = node.disk;
    node.raft = this.#start(node.id, seed, loaded, this.clock(node));
    node.applied.length = applied;
    node.up = true;
    this.#pumpNode(node);
  }
}

/** What the driver would read of a node's log. */
function pageOnDisk(node: Node, after: number): LogPage {
  const { disk, raft } = node;
  node.pagesRead += 1;
  const removed = disk.front?.before.index ?? 0;
  const entries = disk.entries.slice(Math.max(after - 1, removed));
  const page = pageOf(after, entries, raft.pageLimits, disk.front);
  if (page === undefined) throw new Error(`the disk has no entry behind ${after}`);
  return page;
}

/** Entries behind `previous`, one for each term, with hashes as they must be. */
export function entriesAfter(
  previous: Link,
  ...each: readonly { term: number; text?: string; timeMs?: number }[]
): Entry[] {
  const entries: Entry[] = [];
  let last = previous;
  for (const { term, text = '', timeMs = last.timeMs } of each) {
    const payload = new TextEncoder().encode(text);
    const index = last.index + 1;
    const entry = sealEntry(last.hash, { index, term, kind: 'command', timeMs, payload });
    entries.push(entry);
    last = entry;
  }
  return entries;
}

/** An append to `to` behind `previous`. */
export function appendTo(
  to: Node,
  from: Node,
  previous: Entry,
  entries: readonly Entry[],
  rest: Partial<Append> = {},
): Append {
  return {
    type: 'append',
    from: from.id,
    to: to.id,
    term: entries.at(-1)?.term ?? previous.term,
    round: 0,
    prevIndex: previous.index,
    prevTerm: previous.term,
    prevHash: previous.hash,
    entries,
    commit: 1,
    ...rest,
  };
}

/** The acknowledgement of `entry` by `from` in `term`, with the clock of the cluster's start. */
export function acknowledgementTo(
  to: Node,
  from: Node,
  term: number,
  { index, hash }: Entry,
): Acknowledgement {
  return {
    type: 'acknowledgement',
    from: from.id,
    to: to.id,
    term,
    index,
    hash,
    clockMs: START_MS,
    incarnation: 1,
    boot: fromHex(BOOT) ?? new Uint8Array(0),
    order: 0,
    signature: new Uint8Array(64),
  };
}

/** The genesis, in whose place there is nothing else. */
export function genesisOf(node: Node): Entry {
  const genesis = node.raft.entry(1);
  if (genesis === undefined) throw new Error('a log begins with its genesis');
  return genesis;
}

/** Payloads of commands, as text. */
export function commands(entries: readonly Entry[]): string[] {
  return entries
    .filter(({ kind }) => kind === 'command')
    .map(({ payload }) => new TextDecoder().decode(payload));
}
