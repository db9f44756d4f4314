import { bootId, ClusterError, toHex, type NodeId } from '../../src/common/index.js';
import type { Channel, LogFields, Logger, Persist, RoomLevel } from '../../src/ports/index.js';
import { MachineClock } from './clock.js';
import {
  ConsensusDisk,
  openConsensusStore,
  openShareStore,
  openSnapshotFiles,
  ShareDisk,
  SnapshotDisk,
  tornBatch,
} from './disk.js';
import type { DiskTiming, Fate } from './disk.js';
import type { LifePorts, Process, StartProcess } from './process.js';
import { Rng } from './rng.js';
import type { FaultRates } from './fault-rates.js';
import { REMARKS } from './checkers/held-results.js';
import type { Owner, World } from './world.js';

/** How often a bit of a snapshot's state reads wrong, and the alarms of whoever is sent it. */
const MISREADS = 0.1;
const MISREAD_ALARMS = new Set(['A snapshot is not what its certificate says']);

/** What a machine tells the cluster that it stands in. */
export interface MachineEvents<P extends Process> {
  running(machine: Machine<P>): void;
  died(machine: Machine<P>, life: Life<P>): void;
  send(life: Life<P>, to: NodeId, channel: Channel, bytes: Uint8Array): void;
  persisted(machine: Machine<P>, batch: Persist): void;
  shareKept(machine: Machine<P>, key: string): void;
  shareErased(machine: Machine<P>, key: string, session: string): void;
  alarm(machine: Machine<P>, message: string, fields: LogFields): void;
  remarked(machine: Machine<P>, message: string, fields: LogFields): void;
  violation(machine: Machine<P>, checker: string, detail: string): void;
}

/** One run of a process. Whatever it does after its end does not reach the world. */
export class Life<P extends Process> implements Owner {
  readonly machine: Machine<P>;
  readonly boot: string;
  process: P | undefined;
  gone = false;
  /** How many more times it gets to the outside world before it dies; the next call is already void. */
  callsLeft = Number.POSITIVE_INFINITY;
  /** Not durable yet: a crash loses them. */
  writesUnderWay = 0;
  /** The batch that is being written, if it is not durable yet. */
  batchUnderWay: Persist | undefined;
  /** A write of its log has failed, and it knows: it may do nothing any more but end. */
  diskFailed = false;
  /** It has said that it cannot go on. */
  ended = false;
  /** Told of the next write, and after how long it will be durable. */
  onWrite: ((durableAfterMs: number) => void) | undefined;

  constructor(machine: Machine<P>, boot: string) {
    this.machine = machine;
    this.boot = boot;
  }

  get name(): string {
    return this.machine.id;
  }

  get pausedUntilMs(): number {
    return this.machine.pausedUntilMs;
  }

  /** Whether it has come to the call at which it dies. */
  get doomed(): boolean {
    return this.callsLeft < 0;
  }

  /** Counts one call to the outside; `false` when it no longer gets there. */
  reaches(): boolean {
    this.callsLeft--;
    return !this.gone && !this.doomed;
  }
}

/** Goes on while its process is paused, and ends with it. */
class DiskOf<P extends Process> implements Owner {
  readonly machine: Machine<P>;
  readonly pausedUntilMs = 0;
  readonly #life: Life<P>;

  constructor(life: Life<P>) {
    this.machine = life.machine;
    this.#life = life;
  }

  get name(): string {
    return `${this.machine.id}/disk`;
  }

  get gone(): boolean {
    return this.#life.gone;
  }
}

/** Whose machine an event belongs to, if any's. */
export function machineOf<P extends Process>(owner: Owner | undefined): Machine<P> | undefined {
  return owner instanceof Life || owner instanceof DiskOf
    ? (owner.machine as Machine<P>)
    : undefined;
}

/** A computer: it keeps its disks and its clock, and its process comes and goes. */
export class Machine<P extends Process> {
  readonly id: NodeId;
  readonly clock: MachineClock;
  readonly consensus = new ConsensusDisk();
  readonly shares = new ShareDisk();
  readonly snapshots = new SnapshotDisk();
  life: Life<P> | undefined;
  pausedUntilMs = 0;
  lives = 0;
  /** It never boots again. */
  retired = false;
  readonly #world: World;
  readonly #rates: FaultRates;
  readonly #seed: number;
  readonly #rng: Rng;
  readonly #start: StartProcess<P>;
  readonly #events: MachineEvents<P>;
  readonly #roomRng: Rng;
  /** Nothing can be written before this. */
  #fullUntilMs = 0;
  #lowUntilMs = 0;
  #calm = false;

  constructor(
    id: NodeId,
    parts: {
      readonly world: World;
      readonly rates: FaultRates;
      readonly seed: number;
      readonly start: StartProcess<P>;
      readonly events: MachineEvents<P>;
    },
  ) {
    this.id = id;
    this.#world = parts.world;
    this.#rates = parts.rates;
    this.#seed = parts.seed;
    this.#start = parts.start;
    this.#events = parts.events;
    this.#rng = parts.world.rng(parts.seed, `machine ${id}`);
    this.#roomRng = parts.world.rng(parts.seed, `room ${id}`);
    const { offsetMs, drift } = parts.rates.clock;
    const offset = this.#rng.between(-offsetMs, offsetMs);
    const rate = 1 + this.#rng.between(-drift, drift);
    this.clock = new MachineClock(parts.world.now, offset, rate, () => parts.world.skippedMs);
  }

  /** The process, if one runs and has started. */
  get process(): P | undefined {
    return this.life?.process;
  }

  /** Begins a new life on what the disks hold. */
  boot(): void {
    if (this.life !== undefined || this.retired) return;
    this.lives++;
    const random = new Rng(this.#seed, `random ${this.id} ${this.lives}`);
    const life = new Life<P>(this, toHex(random.bytes(16)));
    this.life = life;
    this.#world.trace.event(this.#world.now(), this.id, `boot ${this.lives} ${life.boot}`);
    void this.#run(life, random);
  }

  async #run(life: Life<P>, random: Rng): Promise<void> {
    try {
      const process = await this.#start(this.id, this.#portsOf(life, random));
      if (life.gone) return;
      if (this.consensus.rotten !== undefined) {
        this.#events.violation(this, 'Rot', `${this.id} starts on a log in which a bit is wrong`);
      }
      life.process = process;
      this.#events.running(this);
    } catch (error) {
      if (life.gone || life.doomed) return;
      if (this.consensus.rotten === undefined || !isDataLoss(error)) {
        this.#events.violation(this, 'start', explain(error));
        return;
      }
      // It refuses, as it should, and waits for somebody to mend the disk.
      this.#world.counts.refusedStarts++;
      this.#world.trace.event(this.#world.now(), this.id, 'refuses to start');
      life.gone = true;
      this.life = undefined;
    }
  }

  /** Ends the process at once; what was not durable is lost. */
  crash(): void {
    const life = this.life;
    if (life === undefined) return;
    this.#tear(life);
    life.gone = true;
    this.#world.counts.lostWrites += life.writesUnderWay;
    this.life = undefined;
    this.pausedUntilMs = 0;
    this.#world.trace.event(this.#world.now(), this.id, 'crash');
    this.#events.died(this, life);
  }

  /** Sometimes the first part of what was being written is there afterwards. */
  #tear(life: Life<P>): void {
    const batch = life.batchUnderWay;
    // The store changes states in one step.
    if (batch === undefined || batch.installed !== undefined) return;
    this.#rng.at('torn');
    if (this.#calm || !this.#rng.chance(this.#rates.disk.torn)) return;
    if (!this.#lets('torn write')) return;
    const torn = tornBatch(batch, this.#rng.float(), this.consensus.applied);
    this.#world.counts.tornWrites++;
    this.consensus.commit(torn);
    this.#events.persisted(this, torn);
  }

  /** Stops the process in good order; it counts as dead when it says so, or after a while. */
  stop(): void {
    const life = this.life;
    if (life?.process === undefined) return;
    this.#world.trace.event(this.#world.now(), this.id, 'stop');
    const end = (): void => {
      if (!life.gone) this.crash();
    };
    const patience = 2_000;
    this.#world.after(patience, 'stop takes too long', end, life);
    life.process.stop().then(
      () => this.#world.after(0, 'stopped', end, life),
      (error: unknown) => {
        if (!life.gone) this.#events.violation(this, 'stop', explain(error));
      },
    );
  }

  pause(forMs: number): void {
    this.pausedUntilMs = this.#world.now() + forMs;
    this.#world.trace.event(this.#world.now(), this.id, `pause ${forMs.toFixed(3)}`);
  }

  /** No more trouble from this machine. */
  calm(): void {
    this.#calm = true;
    this.pausedUntilMs = 0;
    this.clock.correct();
    this.consensus.rotten = undefined;
    if (this.life === undefined) return;
    this.life.callsLeft = Number.POSITIVE_INFINITY;
    this.life.onWrite = undefined;
  }

  #portsOf(life: Life<P>, random: Rng): LifePorts {
    const world = this.#world;
    const timing: DiskTiming = {
      latencyMs: () => this.#diskLatencyMs(),
      durableAt: () => {
        this.#rng.at('durable');
        return this.#rng.float();
      },
      fate: () => this.#fate(),
      onDisk: (afterMs, run) => {
        if (!life.reaches()) return;
        life.writesUnderWay++;
        const durable = (): void => {
          life.writesUnderWay--;
          run();
        };
        world.after(afterMs, 'durable', durable, new DiskOf(life));
        life.onWrite?.(afterMs);
        life.onWrite = undefined;
      },
      inProcess: (afterMs, run) => world.after(afterMs, 'disk answers', run, life),
    };
    return {
      boot: bootId(life.boot),
      clock: this.clock.port((atMs, run) => {
        world.after(atMs - world.now(), 'timer', run, life);
      }),
      random: { bytes: (count) => random.bytes(count) },
      network: {
        send: (to, channel, bytes) => {
          if (life.diskFailed) {
            this.#events.violation(this, 'DiskFailure', `${this.id} speaks after a failed write`);
          }
          if (life.reaches()) this.#events.send(life, to, channel, bytes);
        },
      },
      consensus: openConsensusStore(this.consensus, timing, {
        begun: (batch) => (life.batchUnderWay = batch),
        durable: (batch) => {
          life.batchUnderWay = undefined;
          if (batch.installed !== undefined) world.counts.snapshots++;
          this.#events.persisted(this, batch);
        },
        failed: (fate) => {
          this.#world.counts.failedWrites++;
          life.batchUnderWay = undefined;
          // Of a write that finds no room nothing is kept, and it is tried again.
          if (fate !== 'full') life.diskFailed = true;
        },
        misuse: (what) => this.#events.violation(this, 'consensus store', `${this.id}: ${what}`),
      }),
      shares: openShareStore(this.shares, timing, {
        durable: ({ keyId }) => this.#events.shareKept(this, keyId),
        erased: ({ keyId, sessionId }) => this.#events.shareErased(this, keyId, sessionId),
      }),
      room: { look: () => this.#room(), freeBytes: () => undefined },
      snapshots: openSnapshotFiles(this.snapshots, timing, () => {
        this.#rng.at('misread');
        const isWrong = this.#rng.chance(MISREADS) && !this.#calm && this.#lets('misread');
        if (isWrong) world.counts.misreadSnapshots++;
        return isWrong;
      }),
      logger: this.#loggerOf(life),
      ends: () => {
        life.ended = true;
        const end = (): void => {
          if (!life.gone) this.crash();
        };
        world.after(0, 'ends, to start again', end, life);
      },
      onFatal: (error) => {
        life.ended = true;
        if (life.gone || life.doomed || life.diskFailed) return;
        this.#events.violation(this, 'fatal', explain(error));
      },
    };
  }

  #lets(what: string): boolean {
    return this.#world.lets(what, this.#rng, this.id);
  }

  #fate(): Fate {
    const { full, failedSyncs } = this.#rates.disk;
    this.#rng.at('fate');
    const [noSpace, failed, kept] = [
      this.#rng.chance(full),
      this.#rng.chance(failedSyncs),
      this.#rng.chance(0.5),
    ];
    if (this.#calm) return 'good';
    const isFilled = noSpace && this.#world.now() >= this.#lowUntilMs && this.#lets('full disk');
    if (isFilled) this.#fill();
    if (this.#room() === 'none') return 'full';
    if (failed && this.#lets('failed sync')) return kept ? 'failed but kept' : 'failed';
    return 'good';
  }

  /** Something else fills the disk, and makes room again later: some first, then enough. */
  #fill(): void {
    this.#roomRng.at('filled');
    this.#fullUntilMs = this.#world.now() + this.#roomRng.logBetween(50, 5_000);
    this.#lowUntilMs = this.#fullUntilMs + this.#roomRng.logBetween(50, 5_000);
  }

  #room(): RoomLevel {
    const now = this.#world.now();
    if (this.#calm || now >= this.#lowUntilMs) return 'enough';
    return now < this.#fullUntilMs ? 'none' : 'low';
  }

  #diskLatencyMs(): number {
    const { latencyMs, spikes, freezes } = this.#rates.disk;
    this.#rng.at('latency');
    const usual = latencyMs * this.#rng.between(0.5, 1.5);
    const [slow, frozen] = [this.#rng.chance(spikes), this.#rng.chance(freezes)];
    if (this.#calm) return usual;
    if (frozen && this.#lets('frozen disk')) return this.#rng.between(500, 5_000);
    return slow && this.#lets('slow write') ? usual * 50 : usual;
  }

  #loggerOf(life: Life<P>): Logger {
    const say =
      (level: string) =>
      (message: string, fields: LogFields = {}): void => {
        const text = `${level} ${message} ${JSON.stringify(fields)}`;
        this.#world.trace.event(this.#world.now(), this.id, text);
        if (life.gone || life.doomed) return;
        const isMisread = MISREAD_ALARMS.has(message) && this.#world.counts.misreadSnapshots > 0;
        if (level === 'alarm' && !isMisread) this.#events.alarm(this, message, fields);
        if (REMARKS.has(message)) this.#events.remarked(this, message, fields);
      };
    return {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      alarm: say('alarm'),
    };
  }
}

function isDataLoss(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'data-loss';
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
