import { Alarms } from '../../src/alarms/index.js';
import { clusterId, compareText, equal, u64be, utf8, type NodeId } from '../../src/common/index.js';
import type { Entry, Row, StateReading, Write } from '../../src/ports/index.js';
import { WaitingNetwork } from '../../src/node/waiting-network.js';
import { createRaft, isReadAbove, RaftDriver } from '../../src/raft/index.js';
import type {
  Agreed,
  CheckpointLimits,
  CheckpointParts,
  EvidenceParts,
  Limits,
} from '../../src/raft/index.js';
import { ACKNOWLEDGEMENTS_LEVEL, ENTRY_OVERHEAD_BYTES } from '../../src/raft/limits.js';
import { levelNamed } from '../../src/wire/index.js';
import { identityKeyOf, sealOf } from '../support/builders/ledger.js';
import type { Cluster } from './cluster.js';
import { EPOCH_MS } from './clock.js';
import type { Machine } from './machine.js';
import type { LifePorts, Process, StartProcess } from './process.js';
import { Rng } from './rng.js';
import type { MakeScenario, Scenario } from './simulation.js';
import type { Workload } from './workload.js';
import type { World } from './world.js';

const GENESIS = { payload: utf8('genesis of a cluster that only agrees'), timeMs: EPOCH_MS };

/** How long a client waits for an answer. */
const PATIENCE_MS = 2_000;

/** In half of the seeds the cluster's level is raised by one of the first so many entries, in the others by the genesis. */
const RAISED_BEHIND_MAX = 100;

/** Consensus alone has no state in which its time could be corrected. */
const BEFORE_RAISE: Agreed = { level: ACKNOWLEDGEMENTS_LEVEL - 1, correctionMs: 0 };
/** The command that asks for a checkpoint. Those of clients are 8 bytes. */
const CHECKPOINT = utf8('checkpoint');
const CLUSTER = clusterId('c0'.repeat(16));

const RAISED: Agreed = { level: ACKNOWLEDGEMENTS_LEVEL, correctionMs: 0 };

/** A state machine that remembers, under its number, every command that it applied, and how often. */
class Recorder {
  readonly #store: LifePorts['consensus'];
  readonly #pending = new Map<string, Write>();
  /** Commands that this life has applied. */
  readonly applied = new Set<string>();

  /** The last entry in the state. */
  #last: number;
  /** The entry that raises the level: each node does as the others do once it has applied it. */
  readonly #raise: number;

  constructor(store: LifePorts['consensus'], last: number, raise: number) {
    this.#store = store;
    this.#last = last;
    this.#raise = raise;
  }

  get agreed(): Agreed {
    return this.#last < this.#raise ? BEFORE_RAISE : RAISED;
  }

  apply(entry: Entry): void {
    this.#last = entry.index;
    if (entry.kind !== 'command' || equal(entry.payload, CHECKPOINT)) return;
    const name = Buffer.from(entry.payload).toString('latin1');
    this.applied.add(name);
    const before = this.#pending.get(name)?.[1] ?? this.#store.get(entry.payload);
    const times = (before?.[7] ?? 0) + 1;
    this.#pending.set(name, [entry.payload, u64be(times)]);
  }

  /** The state as it is now. */
  reading(): StateReading {
    const durable = this.#store.readState();
    const pending = [...this.#pending.values()];
    return {
      *rows(after) {
        const rows = new Map<string, Row>();
        for (const row of durable.rows()) rows.set(nameOf(row[0]), row);
        for (const [key, value = new Uint8Array(0)] of pending) rows.set(nameOf(key), [key, value]);
        const from = after === undefined ? '' : nameOf(after);
        const left = [...rows].filter(([name]) => name > from);
        for (const [, row] of left.sort(([a], [b]) => compareText(a, b))) yield row;
      },
      close: () => durable.close(),
    };
  }

  pendingWrites(): readonly Write[] {
    return [...this.#pending.values()];
  }

  flushed(writes: readonly Write[]): void {
    for (const write of writes) {
      const name = Buffer.from(write[0]).toString('latin1');
      if (this.#pending.get(name) === write) this.#pending.delete(name);
    }
  }

  batchDone(): void {
    // Nobody waits for the end of a batch.
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}

/** Raft without anything above it. */
export type RaftProcess = Process & {
  readonly driver: RaftDriver;
  readonly recorder: Recorder;
};

const ENTRY_BYTES = 8 + ENTRY_OVERHEAD_BYTES;

/** All but about ten entries are read from the disk when they are needed, and all but about ten of those are removed from it. */
const SMALL_MEMORY: Partial<Limits> = {
  logMemoryBytesMax: 10 * ENTRY_BYTES,
  logKeptBytesMax: 10 * ENTRY_BYTES,
  logPartBytes: 3 * ENTRY_BYTES,
};

/**
 * A follower gets one entry after the other, so that for a while it has entries of earlier terms and none of the leader's own: what
 * figure 8 of the Raft paper needs, and an append that carries all of them never shows.
 */
const ONE_BY_ONE: Partial<Limits> = { appendEntriesMax: 1, inFlightMessagesMax: 1 };

/** A checkpoint after about forty entries. */
const CHECKPOINTS: Partial<CheckpointLimits> = { logBytes: 40 * ENTRY_BYTES, apartMs: 0 };

function identityOf(id: NodeId, voters: readonly NodeId[]): EvidenceParts {
  const key = identityKeyOf(id);
  return {
    signer: { node: id, publicKey: key, sign: (bytes) => sealOf(key, bytes) },
    verify: (whose, bytes, signature) => equal(sealOf(whose, bytes), signature),
    electorate: {
      clusterId: CLUSTER,
      keys: new Map(voters.map((voter) => [voter, identityKeyOf(voter)])),
    },
  };
}

function checkpointsOf(
  id: NodeId,
  voters: readonly NodeId[],
  ports: LifePorts,
  recorder: Recorder,
): CheckpointParts {
  const { electorate, ...identity } = identityOf(id, voters);
  return {
    ...identity,
    files: ports.snapshots,
    limits: CHECKPOINTS,
    state: {
      command: CHECKPOINT,
      isAsked: ({ payload }) => equal(payload, CHECKPOINT),
      reading: () => recorder.reading(),
      electorate: () => electorate,
      thresholdOf: () => 0,
    },
    onInstalled: () => ports.ends(),
  };
}

/** Starts Raft alone on the disk that it gets. */
export function startRaft(
  voters: readonly NodeId[],
  raise: number,
  limits: Partial<Limits>,
  hasCheckpoints = false,
  signs = false,
): StartProcess<RaftProcess> {
  return async (id, ports) => {
    const loaded = await ports.consensus.load();
    const recorder = new Recorder(ports.consensus, loaded.applied, raise);
    const raft = createRaft(
      { id, boot: ports.boot, voters, genesis: GENESIS, random: ports.random, limits },
      loaded,
      ports.clock.now(),
    );
    const network = new WaitingNetwork(ports.network, ports.clock);
    const driver = new RaftDriver({
      raft,
      store: ports.consensus,
      network,
      clock: ports.clock,
      machine: recorder,
      applied: loaded.applied,
      notes: loaded.notes,
      identity: signs ? identityOf(id, voters) : undefined,
      room: ports.room,
      logger: ports.logger,
      alarms: new Alarms(ports.clock, ports.logger),
      onFatal: (error) => ports.onFatal(error),
      checkpoints: hasCheckpoints ? checkpointsOf(id, voters, ports, recorder) : undefined,
    });
    driver.start();
    return {
      driver,
      recorder,
      receive: (from, channel, bytes) => {
        // As whole nodes do (`src/node/level-guard.ts`).
        const isAbove = (levelNamed(bytes) ?? 0) > recorder.agreed.level;
        if (isAbove && !isReadAbove(bytes)) return;
        if (channel === 'raft') driver.receive(from, bytes);
      },
      connected: (peer, boot) => driver.connected(peer, boot),
      disconnected: () => undefined,
      status: () => ({ ...driver.status(), transferTarget: raft.transferTarget }),
      transfer: async (target, signal) =>
        typeof (await driver.transferLeadership(target, signal)) === 'object',
      stop: () => {
        network.stop();
        return driver.stop();
      },
    };
  };
}

/** Clients that append numbers and read them back. */
export class Appends implements Workload<RaftProcess> {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #violation: (checker: string, detail: string) => void;
  readonly #everyMs: number;
  #cluster: Cluster<RaftProcess> | undefined;
  #over = false;
  #next = 0;
  readonly #told = new Set<string>();
  /** The highest index that any node knew to be committed: it may have told a client. */
  #known = 0;
  #last: { readonly name: string } | undefined;

  constructor(parts: {
    readonly world: World;
    readonly rng: Rng;
    violation(checker: string, detail: string): void;
  }) {
    this.#world = parts.world;
    this.#rng = parts.rng;
    this.#violation = (checker, detail) => parts.violation(checker, detail);
    this.#everyMs = parts.rng.logBetween(5, 200);
  }

  start(cluster: Cluster<RaftProcess>): void {
    this.#cluster = cluster;
    const again = (): void => {
      if (this.#over) return;
      this.#rng.at('client');
      this.#act(this.#rng.pick(cluster.machines));
      this.#rng.at('pause');
      this.#world.after(this.#rng.exponential(this.#everyMs), 'client', again);
    };
    this.#world.after(0, 'client', again);
  }

  stop(): void {
    this.#over = true;
  }

  settled(): boolean {
    if (this.#last === undefined) return true;
    const key = Buffer.from(this.#last.name, 'latin1');
    const machines = this.#cluster?.machines ?? [];
    return machines.every(({ consensus }) => consensus.get(key) !== undefined);
  }

  /** One more command, which everybody must come to apply. What a leader takes may be lost: then another one. */
  conclude(): void {
    if (this.#last !== undefined && this.settled()) return;
    const leader = this.#cluster?.machines.find(({ id, process }) => {
      return process?.status().leader === id;
    });
    const name = leader === undefined ? undefined : this.#propose(leader);
    if (name !== undefined) this.#last = { name };
    this.#world.after(name === undefined ? 50 : 2_000, 'client', () => this.conclude());
  }

  /** Every command that was acknowledged is applied everywhere, and none twice. */
  audit(): void {
    for (const { id, consensus } of this.#cluster?.machines ?? []) {
      for (const name of this.#told) {
        if (consensus.get(Buffer.from(name, 'latin1')) === undefined) {
          this.#violation('Acknowledged', `${id} has lost a command that was acknowledged`);
        }
      }
      for (const [, times] of consensus.scan(new Uint8Array(0))) {
        if (times[7] !== 1) this.#violation('Acknowledged', `${id} applied a command twice`);
      }
    }
  }

  describe(): string {
    return (this.#cluster?.machines ?? [])
      .map(({ id, consensus, process }) => {
        const status = process?.status();
        return `${id}: applied ${consensus.applied}, ${JSON.stringify(status)}`;
      })
      .join('; ');
  }

  #act(machine: Machine<RaftProcess>): void {
    const reads = this.#rng.chance(0.3);
    const what = `${reads ? 'reads' : 'appends'} at ${machine.id}`;
    if (!this.#world.lets('client', this.#rng, what)) return;
    if (reads) void this.#read(machine);
    else this.#propose(machine);
    this.#cluster?.look(machine);
  }

  #propose(machine: Machine<RaftProcess>): string | undefined {
    const { process, life } = machine;
    if (process === undefined || life === undefined) return undefined;
    const payload = u64be(this.#next++);
    const proposed = process.driver.propose(payload);
    if (typeof proposed === 'string') return undefined;
    const name = Buffer.from(payload).toString('latin1');
    const untilMs = this.#world.now() + PATIENCE_MS;
    const poll = (): void => {
      if (process.recorder.applied.has(name)) {
        this.#told.add(name);
      } else if (this.#world.now() < untilMs) this.#world.after(20, 'client waits', poll, life);
    };
    poll();
    return name;
  }

  async #read(machine: Machine<RaftProcess>): Promise<void> {
    const { process, life } = machine;
    if (process === undefined || life === undefined) return;
    const commits = this.#cluster?.machines.map((each) => each.process?.status().commit ?? 0);
    this.#known = Math.max(this.#known, ...(commits ?? []));
    const atLeast = this.#known;
    const patience = new AbortController();
    this.#world.after(PATIENCE_MS, 'read takes too long', () => patience.abort(), life);
    let index: number;
    try {
      index = await process.driver.readIndex(patience.signal);
    } catch {
      return;
    }
    if (life.gone) return;
    if (index < atLeast) {
      const stale = `index ${index} although ${atLeast} was known to be committed before`;
      this.#violation('ReadIndex', `${machine.id} reads at ${stale}`);
    }
    const { applied } = process.status();
    if (applied < index) {
      this.#violation('ReadIndex', `${machine.id} answers ${index} having applied ${applied}`);
    }
  }
}

/** The index of the entry that raises the level. */
function raiseOf(seed: number): number {
  const rng = new Rng(seed, 'level');
  return rng.chance(0.5) ? 1 : 1 + rng.int(RAISED_BEHIND_MAX);
}

/** Raft alone, with clients that append and read. */
export const raftAlone: MakeScenario<RaftProcess> = (setting) => alone(setting, {});

/** The same, where nodes have little memory for their logs. */
export const raftInSmallMemory: MakeScenario<RaftProcess> = (setting) =>
  alone(setting, SMALL_MEMORY);

/** The same, where each append carries one entry, and waits for the answer to the one before. */
export const raftOneByOne: MakeScenario<RaftProcess> = (setting) => alone(setting, ONE_BY_ONE);

/** The same, where the log ends at checkpoints, though a voter is away: it gets a snapshot then. */
export const raftWithSnapshots: MakeScenario<RaftProcess> = (setting) =>
  alone(setting, SMALL_MEMORY, true);

/** The same, where voters sign what they promise, keep it of each other and show it. */
export const raftThatSigns: MakeScenario<RaftProcess> = (setting) =>
  alone(setting, {}, false, true);

const alone = (
  { seed, world, nodes, report }: Parameters<MakeScenario<RaftProcess>>[0],
  limits: Partial<Limits>,
  hasCheckpoints = false,
  signs = false,
): Scenario<RaftProcess> => ({
  start: startRaft(nodes, raiseOf(seed), limits, hasCheckpoints, signs),
  workload: new Appends({ world, rng: world.rng(seed, 'workload'), violation: report }),
  naming: { sessionOf: () => '', taskOf: () => '', requestIdOf: () => undefined },
  lasts: 1,
  readShare: () => undefined,
  genesisRules: {
    voucherOf: () => undefined,
    requestHash: () => new Uint8Array(0),
    culpritOf: () => undefined,
  },
  shares: () => ({
    has: () => false,
    makeKey: () => Promise.resolve(false),
    sessionsOf: () => [],
  }),
});
