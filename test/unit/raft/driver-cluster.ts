import { Alarms } from '../../../src/alarms/index.js';
import { nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type {
  AuditHead,
  Clock,
  ConsensusStore,
  Entry,
  HardState,
  Logger,
  LogPage,
  LogPageLimits,
  Persist,
  StateReading,
  Timer,
  Write,
} from '../../../src/ports/index.js';
import { WaitingNetwork } from '../../../src/node/waiting-network.js';
import { createRaft, RaftDriver } from '../../../src/raft/index.js';
import { pageOf } from '../../../src/store/log-pages.js';
import { BOOT, GENESIS, seededRandom, START_MS } from '../../support/clusters/raft-cluster.js';

export const quietLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  alarm: () => {},
};

/** Lets everything run that waits for nothing but its turn. */
export async function turns(count = 30): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** Time that passes only when told to. */
export class ManualClock implements Clock {
  #nowMs = START_MS;
  #timers: { readonly dueMs: number; readonly run: () => void }[] = [];
  /** What `now` shows beyond the time that has passed. */
  jumpMs = 0;

  now(): number {
    return this.#nowMs + this.jumpMs;
  }

  elapsed(): number {
    return this.#nowMs - START_MS;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  /** Time passes, timers fire in order of time, and what follows from each happens before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turns();
    for (;;) {
      const due = this.#timers.filter(({ dueMs }) => dueMs <= endMs);
      const first = due.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (first === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== first);
      this.#nowMs = Math.max(this.#nowMs, first.dueMs);
      first.run();
      await turns();
    }
    this.#nowMs = endMs;
  }

  /** Something takes so long, in one go: no timer fires meanwhile. */
  spend(ms: number): void {
    this.#nowMs += ms;
  }

  /** The process stands still for so long: all timers that came due fire late, at the end of it. */
  async stall(ms: number): Promise<void> {
    this.#nowMs += ms;
    await this.advance(0);
  }
}

/** A store in memory that can be slow, or fail. */
export class ManualStore implements ConsensusStore {
  hardState: HardState = { term: 0, votedFor: undefined };
  entries: Entry[] = [];
  applied = 0;
  readonly batches: Persist[] = [];
  pagesRead = 0;
  /** Writes wait for `release` while this is set. */
  slow = false;
  failure: Error | undefined;
  #release: (() => void)[] = [];

  load() {
    const { hardState, entries, applied } = this;
    const isEmpty = entries.length === 0;
    const front = undefined;
    const notes = new Map();
    return Promise.resolve({ hardState, front, entries: [...entries], isEmpty, applied, notes });
  }

  async persist(batch: Persist): Promise<void> {
    this.batches.push(batch);
    if (this.slow) await new Promise<void>((resolve) => this.#release.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    if (batch.hardState !== undefined) this.hardState = batch.hardState;
    if (batch.truncateFrom !== undefined) this.entries.length = batch.truncateFrom - 1;
    this.entries.push(...batch.entries);
    this.applied = batch.applied;
  }

  release(): void {
    for (const resolve of this.#release.splice(0)) resolve();
  }

  readLog(after: number, limits: LogPageLimits): LogPage | undefined {
    this.pagesRead += 1;
    return pageOf(after, this.entries.slice(Math.max(after - 1, 0)), limits);
  }

  get(): undefined {
    return undefined;
  }

  scan(): readonly never[] {
    return [];
  }

  readState(): StateReading {
    return { rows: () => [], close: () => undefined };
  }

  stage(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export type DriverNode = {
  readonly id: NodeId;
  readonly store: ManualStore;
  driver: RaftDriver;
  applied: Entry[];
  readonly fatal: unknown[];
  readonly dropped: string[];
  readonly alarms: string[];
  batchesDone: number;
  /** Timers of this node that went off. */
  wakes: number;
  /** Throws when it applies this index. */
  poisonedIndex: number;
  /** How long it takes to apply an entry. */
  applyMs: number;
  /** The end of its record; it keeps none unless given. */
  recorded: AuditHead | undefined;
  /** Its machine takes no entries. */
  isHeld: boolean;
};

/** Drivers with one clock and a network that delivers in the next turn. */
export class DriverCluster {
  readonly clock = new ManualClock();
  readonly nodes: DriverNode[];
  /** Messages for which this says true are lost. */
  loses: (from: NodeId, to: NodeId) => boolean = () => false;
  readonly #voters: readonly NodeId[];

  constructor(count: number) {
    this.#voters = Array.from({ length: count }, (_, at) => nodeId(`node-${at + 1}`));
    this.nodes = this.#voters.map((id, at) => {
      const fresh = {
        id,
        store: new ManualStore(),
        applied: [],
        fatal: [],
        dropped: [],
        alarms: [],
        batchesDone: 0,
        wakes: 0,
        poisonedIndex: 0,
        applyMs: 0,
        recorded: undefined,
        isHeld: false,
      };
      const node: DriverNode = { ...fresh, driver: this.drive(fresh, at + 1) };
      node.driver = this.drive(node, at + 1);
      node.driver.start();
      return node;
    });
  }

  /** A driver on this node's disk. */
  drive(node: Omit<DriverNode, 'driver'>, seed: number): RaftDriver {
    const { id, store } = node;
    const { hardState, entries, applied } = store;
    const writes: Write[] = [];
    return new RaftDriver({
      raft: createRaft(
        { id, boot: BOOT, voters: this.#voters, genesis: GENESIS, random: seededRandom(seed) },
        { hardState, entries },
        this.clock.now(),
      ),
      store,
      network: new WaitingNetwork(
        {
          send: (to, _channel, bytes) => {
            if (this.loses(id, to)) return;
            const target = this.nodes.find((each) => each.id === to);
            void Promise.resolve().then(() => target?.driver.receive(id, bytes));
          },
        },
        this.clock,
      ),
      clock: {
        now: () => this.clock.now(),
        elapsed: () => this.clock.elapsed(),
        after: (delayMs, run) =>
          this.clock.after(delayMs, () => {
            node.wakes += 1;
            run();
          }),
      },
      machine: {
        agreed: { level: BUILD_LEVEL, correctionMs: 0 },
        apply: (entry) => {
          if (entry.index === node.poisonedIndex) throw new Error('poisoned');
          node.applied.push(entry);
          this.clock.spend(node.applyMs);
          writes.push([Uint8Array.of(entry.index), entry.hash]);
        },
        pendingWrites: () =>
          writes.filter(([key]) => (key[0] ?? 0) <= (node.recorded?.index ?? Infinity)),
        flushed: (done) => writes.splice(0, done.length),
        batchDone: () => (node.batchesDone += 1),
        get recorded() {
          return node.recorded;
        },
        get isHeld() {
          return node.isHeld;
        },
      },
      applied,
      logger: {
        ...quietLogger,
        debug: (message) => node.dropped.push(message),
      },
      alarms: new Alarms(this.clock, {
        ...quietLogger,
        alarm: (message) => node.alarms.push(message),
      }),
      onFatal: (error) => node.fatal.push(error),
    });
  }

  /** A new process on the same disk: only what is durable is there. */
  async restart(node: DriverNode, seed = 77): Promise<void> {
    await node.driver.stop();
    node.applied.length = node.store.applied;
    node.driver = this.drive(node, seed);
    node.driver.start();
  }

  run(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  get leader(): DriverNode | undefined {
    return this.nodes
      .filter(({ driver }) => driver.status().role === 'leader')
      .toSorted((a, b) => b.driver.status().term - a.driver.status().term)[0];
  }

  async electAny(): Promise<DriverNode> {
    for (let count = 0; count < 500 && this.leader === undefined; count++) await this.run(10);
    await this.run(100);
    const { leader } = this;
    if (leader === undefined) throw new Error('nobody was elected');
    return leader;
  }
}
