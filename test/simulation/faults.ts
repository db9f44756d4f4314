import type { NodeId } from '../../src/common/index.js';
import { FigureEight } from './figure-eight.js';
import type { Life, Machine } from './machine.js';
import type { Cut, SimulatedNetwork } from './network.js';
import type { Process } from './process.js';
import type { Rng } from './rng.js';
import type { FaultRates } from './fault-rates.js';
import type { World } from './world.js';

/** A process that is to die at a later call dies in this time anyway. */
const DOOM_MS = 500;
/** How long one waits for a leader to hand over. */
const TRANSFER_MS = 2_000;
/** A clock that is wrong by less is not astray. */
const NEAR_MS = 4_000;

/** Injects faults at the drawn rates until it is told to stop: partitions, crashes, pauses, jumps of clocks. */
export class Faults<P extends Process> {
  readonly #world: World;
  readonly #rates: FaultRates;
  readonly #rng: Rng;
  readonly #transferRng: Rng;
  readonly #machines: readonly Machine<P>[];
  readonly #network: SimulatedNetwork<P>;
  readonly #leader: () => NodeId | undefined;
  /** Instead of faults at random. */
  readonly #play: FigureEight<P> | undefined;
  /** Machines that are to be back at once when they die next. */
  readonly #hasty = new Set<NodeId>();
  /** Puts a disk back to what it once was. */
  readonly #images = new Map<NodeId, () => void>();
  #over = false;

  constructor(parts: {
    readonly world: World;
    readonly rates: FaultRates;
    readonly rng: Rng;
    /** A stream of its own: what else goes wrong is the same without transfers. */
    readonly transferRng: Rng;
    readonly machines: readonly Machine<P>[];
    readonly network: SimulatedNetwork<P>;
    /** The newest leader that anybody knows. */
    leader(): NodeId | undefined;
  }) {
    this.#world = parts.world;
    this.#rates = parts.rates;
    this.#rng = parts.rng;
    this.#transferRng = parts.transferRng;
    this.#machines = parts.machines;
    this.#network = parts.network;
    this.#leader = () => parts.leader();
    this.#play = parts.rates.figureEight ? new FigureEight(parts) : undefined;
  }

  start(): void {
    this.#play?.start();
    const { every } = this.#rates;
    this.#again('partition', every.partitionMs, () => this.#partition());
    this.#again('crash', every.crashMs, () => this.#crashSomewhere());
    this.#again('power cut', every.powerCutMs, () => {
      if (!this.#lets('power cut', 'all')) return;
      for (const machine of this.#machines) this.#crash(machine);
    });
    this.#again('pause', every.pauseMs, () => this.#pause());
    this.#again('clock', every.clockJumpMs, () => this.#jumpClock());
    this.#again('rot', every.rotMs, () => this.#rot());
    this.#again('old image', every.staleImageMs, () => this.#goBack());
    this.#again('transfer', every.transferMs, () => this.#transfer(), this.#transferRng);
    if (every.staleImageMs !== undefined) this.#keepImages();
  }

  /** Mends everything: all machines run, at the right time, and hear each other. */
  stop(): void {
    this.#over = true;
    this.#play?.stop();
    this.#network.calm();
    for (const machine of this.#machines) {
      machine.calm();
      machine.boot();
    }
  }

  /** `voter` has just told somebody that it has its vote: the moment at which a vote that is not durable shows. */
  voteGranted(voter: Machine<P>): void {
    this.#rng.at('vote', voter.id);
    if (this.#over || !this.#rng.chance(this.#rates.crashAfterVote)) return;
    if (!this.#lets('crash after a vote', voter.id)) return;
    const life = voter.life;
    const afterMs = this.#rng.between(0, this.#rates.disk.latencyMs * 2);
    const crash = (): void => {
      this.#hasty.add(voter.id);
      this.#crash(voter);
    };
    this.#world.after(afterMs, 'crash after a vote', crash, life);
  }

  /** A write of `machine` is durable, and its process does not know yet. */
  durable(machine: Machine<P>, isVote: boolean): void {
    const { crashBeforeVote, crashAtDurable } = this.#rates.aware;
    this.#rng.at('durable', machine.id);
    const [atVote, atAny] = [this.#rng.chance(crashBeforeVote), this.#rng.chance(crashAtDurable)];
    if (this.#over || !(atAny || (isVote && atVote))) return;
    if (!this.#lets('crash at durable', machine.id)) return;
    if (isVote) this.#hasty.add(machine.id);
    this.#world.after(0, 'crash at durable', () => this.#crash(machine), machine.life);
  }

  /** `machine` is about to answer a client: sometimes it dies just then. */
  diesBeforeReply(machine: Machine<P>): boolean {
    this.#rng.at('reply', machine.id);
    if (this.#over || !this.#rng.chance(this.#rates.aware.crashBeforeReply)) return false;
    if (!this.#lets('crash before a reply', machine.id)) return false;
    this.#crash(machine);
    return true;
  }

  /** `candidate` has just asked for votes: sometimes it stands still, and the answers wait for it. */
  askedForVotes(candidate: Machine<P>): void {
    this.#play?.askedForVotes(candidate);
    this.#rng.at('candidate', candidate.id);
    if (this.#over || !this.#rng.chance(this.#rates.aware.pauseCandidate)) return;
    if (!this.#lets('pause of a candidate', candidate.id)) return;
    this.#world.counts.pauses++;
    candidate.pause(this.#rng.between(100, 900));
  }

  /** `leader` has just won: sometimes it is left with one peer only, so that its first entries reach few. */
  elected(leader: NodeId): void {
    this.#rng.at('winner', leader);
    if (this.#over || !this.#rng.chance(this.#rates.isolateWinner)) return;
    const others = this.#machines.map(({ id }) => id).filter((id) => id !== leader);
    const friend = this.#rng.pick(others);
    if (!this.#lets('lonely winner', `${leader}, but for ${friend}`)) return;
    const cuts = others
      .filter((id) => id !== friend)
      .flatMap((id): Cut[] => [
        [leader, id],
        [id, leader],
      ]);
    // Ten to sixty ticks, or long enough for it to give up.
    this.#cutFor(
      cuts,
      this.#rng.chance(0.5) ? this.#rng.between(100, 600) : this.#rng.between(300, 1_500),
    );
  }

  /** `machine`'s process has ended: it comes back after a while. */
  died(machine: Machine<P>): void {
    this.#rng.at('down', machine.id);
    const haste = this.#hasty.delete(machine.id) ? 0.1 : 1;
    const downMs = this.#over ? 0 : this.#rng.exponential(this.#rates.downMs) * haste;
    this.#world.after(downMs, `boot ${machine.id}`, () => machine.boot());
  }

  #again(what: string, everyMs: number | undefined, run: () => void, rng = this.#rng): void {
    if (everyMs === undefined) return;
    rng.at('next', what);
    this.#world.after(rng.exponential(everyMs), what, () => {
      if (this.#over) return;
      rng.at(what);
      run();
      this.#again(what, everyMs, run, rng);
    });
  }

  /** The leader is told to hand over, to a node that is drawn or to whom it likes. */
  #transfer(): void {
    const to = this.#transferRng.chance(0.7)
      ? this.#transferRng.pick(this.#machines).id
      : undefined;
    const leader = this.#machines.find(({ id }) => id === this.#leader());
    const { life } = leader ?? {};
    if (leader === undefined || life === undefined) return;
    const detail = `${leader.id} to ${to ?? 'anybody'}`;
    if (!this.#world.lets('transfer', this.#transferRng, detail)) return;
    this.#world.after(0, 'transfer', () => this.#tellToHandOver(leader, life, to), life);
  }

  #tellToHandOver(leader: Machine<P>, life: Life<P>, to: NodeId | undefined): void {
    const { process } = life;
    if (process?.transfer === undefined || life.gone || life.doomed) return;
    const { counts, trace } = this.#world;
    counts.transfers++;
    trace.event(this.#world.now(), leader.id, `hand over to ${to ?? 'anybody'}`);
    const patience = new AbortController();
    this.#world.after(TRANSFER_MS, 'transfer takes too long', () => patience.abort(), life);
    const done = process.transfer(to, patience.signal).catch(() => false);
    void done.then((isOver) => (counts.handOvers += isOver ? 1 : 0));
  }

  #partition(): void {
    const cuts = this.#drawCuts();
    if (!this.#lets('partition', textOf(cuts))) return;
    this.#cutFor(cuts, Math.min(10_000, this.#rng.exponential(2_000)));
  }

  #cutFor(cuts: readonly Cut[], forMs: number): void {
    this.#world.counts.partitions++;
    this.#world.trace.event(this.#world.now(), 'network', `cut ${textOf(cuts)}`);
    this.#network.cut(cuts);
    this.#world.after(forMs, 'mend', () => {
      if (!this.#over) this.#network.cut([]);
    });
  }

  #drawCuts(): Cut[] {
    const ids = this.#rng.shuffle(this.#machines.map(({ id }) => id));
    const pairs = ids.flatMap((a) => ids.filter((b) => b !== a).map((b): Cut => [a, b]));
    const between = (separate: (a: NodeId, b: NodeId) => boolean): Cut[] =>
      pairs.filter(([a, b]) => separate(a, b) || separate(b, a));
    const place = (id: NodeId): number => ids.indexOf(id);
    const leader = this.#leader() ?? this.#rng.pick(ids);
    const half = Math.floor(ids.length / 2);
    const kinds: readonly (() => Cut[])[] = [
      // Halves.
      () => between((a, b) => place(a) < half && place(b) >= half),
      // The leader alone.
      () => between((a) => a === leader),
      // The leader hears, but is not heard; or the other way round.
      () => pairs.filter(([a]) => a === leader),
      () => pairs.filter(([, b]) => b === leader),
      // Two halves that have one node in common.
      () => between((a, b) => place(a) < half && place(b) > half),
      // A ring: everybody hears two neighbours.
      () =>
        between((a, b) => {
          const distance = Math.abs(place(a) - place(b));
          return distance > 1 && distance < ids.length - 1;
        }),
      // Any pairs, and any directions.
      () => between((a, b) => a < b && this.#rng.chance(0.5)),
      () => pairs.filter(() => this.#rng.chance(0.4)),
    ];
    return this.#rng.pick(kinds)();
  }

  #crashSomewhere(): void {
    const machine = this.#rng.pick(this.#machines);
    if (!this.#lets('crash', machine.id)) return;
    if (machine.process !== undefined && this.#rng.chance(this.#rates.gracefulStops)) {
      machine.stop();
      return;
    }
    const { life } = machine;
    const moment = this.#rng.float();
    if (life === undefined || moment < 0.3) {
      this.#crash(machine);
      return;
    }
    if (moment < 0.65) {
      // Between two calls of one step: after the sync and before the message, for example.
      life.callsLeft = this.#rng.int(12);
    } else {
      // While something is being written, or when it is durable and nobody knows.
      life.onWrite = (durableAfterMs) => {
        const afterMs = durableAfterMs * this.#rng.between(0, 1.5);
        this.#world.after(afterMs, 'crash in a write', () => this.#crash(machine), life);
      };
    }
    this.#world.after(DOOM_MS, 'doom', () => this.#crash(machine), life);
  }

  #lets(what: string, where: string): boolean {
    return this.#world.lets(what, this.#rng, where);
  }

  #crash(machine: Machine<P>): void {
    if (!this.#over) machine.crash();
  }

  #pause(): void {
    const machine = this.#rng.pick(this.#machines);
    if (!this.#lets('pause', machine.id)) return;
    this.#world.counts.pauses++;
    machine.pause(this.#rng.logBetween(10, 5_000));
  }

  /**
   * Most of the time a majority of clocks stays near the truth: what they all say, the cluster believes, and a node whose
   * clock is right then waits until it is that late (`docs/threats.md`, Time).
   */
  #drawJump(machine: Machine<P>): number {
    const { jumpMs, majorityAstray } = this.#rates.clock;
    const size = this.#rng.logBetween(1, jumpMs);
    const by = this.#rng.chance(0.5) ? size : -size;
    const astray = this.#machines.filter(
      (each) => each !== machine && Math.abs(each.clock.errorMs()) > NEAR_MS,
    ).length;
    const error = machine.clock.errorMs();
    const near = majorityAstray || astray + 1 <= (this.#machines.length - 1) / 2;
    return near || Math.abs(error + by) <= NEAR_MS ? by : -error;
  }

  /** A bit of a log goes bad while its node is down. At most one at a time: the others must go on. */
  #rot(): void {
    if (this.#machines.some(({ consensus }) => consensus.rotten !== undefined)) return;
    const machine = this.#rng.pick(this.#machines);
    const { entries, front } = machine.consensus;
    const gone = front?.before.index ?? 0;
    const length = entries.length - gone;
    if (length === 0 || !this.#lets('rot', machine.id)) return;
    machine.crash();
    machine.consensus.rotten = gone + 1 + this.#rng.int(length);
    this.#world.after(this.#rng.between(200, 4_000), `mend the disk of ${machine.id}`, () => {
      machine.consensus.rotten = undefined;
      machine.crash();
      machine.boot();
    });
  }

  #keepImages(): void {
    this.#rng.at('images');
    this.#world.after(this.#rng.between(500, 3_000), 'images', () => {
      if (this.#over) return;
      this.#rng.at('image');
      for (const machine of this.#machines) {
        if (this.#rng.chance(0.5)) this.#images.set(machine.id, machine.consensus.image());
      }
      this.#keepImages();
    });
  }

  #goBack(): void {
    const machine = this.#rng.pick(this.#machines);
    if (!this.#lets('old image', machine.id)) return;
    machine.crash();
    this.#world.counts.staleImages++;
    this.#images.get(machine.id)?.();
  }

  #jumpClock(): void {
    const machine = this.#rng.pick(this.#machines);
    if (!this.#lets('jump of a clock', machine.id)) return;
    this.#world.counts.clockJumps++;
    const by = this.#drawJump(machine);
    this.#world.trace.event(this.#world.now(), machine.id, `clock jumps ${by.toFixed(0)}`);
    machine.clock.jump(by);
  }
}

function textOf(cuts: readonly Cut[]): string {
  return cuts.map(([from, to]) => `${from}>${to}`).join(' ');
}
