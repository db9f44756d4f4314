import { bootId, type NodeId } from '../../src/common/index.js';
import type { Channel } from '../../src/ports/index.js';
import { cellOf, nameOf, type Passing } from './coverage.js';
import type { Life, Machine } from './machine.js';
import type { Process, Status } from './process.js';
import type { Rng } from './rng.js';
import type { FaultRates } from './fault-rates.js';
import type { World } from './world.js';

/** A silent connection is given up after this, at random in between. */
const KEEP_ALIVE_MS: readonly [number, number] = [1_000, 3_000];
/** A connection that is down is tried again after this, at random in between. */
const RECONNECT_MS: readonly [number, number] = [20, 400];
/** How long the late duplicates take, as a multiple of the link's latency. */
const LATE_TIMES = 60;

/** When what comes in a later term comes: most elections last less. */
const LATE_MS: readonly [number, number] = [50, 1_500];

/** The connection between two machines, once hellos have been exchanged. */
type Link<P extends Process> = {
  readonly ends: readonly [Machine<P>, Machine<P>];
  /** By direction: index of the sender in `ends`. */
  readonly latencyMs: readonly [number, number];
  readonly cut: [boolean, boolean];
  /** Counts the cuts, so that a keep-alive knows whether its cut has lasted. */
  cuts: number;
  /** The lives that said hello; `undefined` while there is no connection. */
  lives: readonly [Life<P>, Life<P>] | undefined;
  /** Which end knows that it is connected. */
  readonly told: [boolean, boolean];
};

/** What a message of consensus is, as far as it matters to who disturbs or counts it. */
export type About = {
  readonly delicate: 'vote' | 'acknowledgement' | undefined;
  readonly passing: Passing | undefined;
};

type Letter = {
  readonly from: NodeId;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  readonly passing: Passing | undefined;
};

/** Told of each append that comes to a node, with what the node says of itself then. */
type OnAppend = (to: NodeId, from: NodeId, term: number, status: Status) => void;

/** Which way nothing gets through. */
export type Cut = readonly [from: NodeId, to: NodeId];

/**
 * Links between all machines. Messages are lost, repeated, late and out of order; connections come up by an exchange of
 * hellos, break when a process dies or when nothing got through for a while, and come back.
 */
export class SimulatedNetwork<P extends Process> {
  readonly #world: World;
  readonly #rates: FaultRates['network'];
  readonly #aware: FaultRates['aware'];
  readonly #rng: Rng;
  readonly #onAppend: OnAppend;
  readonly #links: readonly Link<P>[];
  #calm = false;

  constructor(
    world: World,
    machines: readonly Machine<P>[],
    { network: rates, aware }: Pick<FaultRates, 'network' | 'aware'>,
    rng: Rng,
    onAppend: OnAppend = () => undefined,
  ) {
    this.#onAppend = onAppend;
    this.#world = world;
    this.#rates = rates;
    this.#aware = aware;
    this.#rng = rng;
    const distance = (): number => rates.latencyMs * rng.between(0.5, 2);
    this.#links = machines.flatMap((a, at) =>
      machines.slice(at + 1).map((b) => ({
        ends: [a, b] as const,
        latencyMs: [distance(), distance()] as const,
        cut: [false, false] as [boolean, boolean],
        cuts: 0,
        lives: undefined,
        told: [false, false] as [boolean, boolean],
      })),
    );
  }

  /** Tries to connect `machine`, whose process has started, to all others. */
  running(machine: Machine<P>): void {
    for (const link of this.#linksOf(machine)) this.#connectLater(link);
  }

  /** Breaks what `life` was connected to. Its peers notice soon, or when the keep-alive fails, or by the next hello. */
  died(life: Life<P>): void {
    for (const link of this.#linksOf(life.machine)) {
      const { lives } = link;
      if (lives === undefined || !lives.includes(life)) continue;
      link.lives = undefined;
      const end = lives[0] === life ? 1 : 0;
      const peer = lives[end];
      if (!link.told[end]) continue;
      this.#rng.at('notices', peer.machine.id, life.machine.id);
      const silent = this.#rng.chance(0.3);
      const noticed = silent ? this.#rng.between(...KEEP_ALIVE_MS) : this.#delayMs(link, 1 - end);
      this.#tellDisconnected(link, peer, life.machine, noticed);
    }
  }

  /** Replaces all cuts. */
  cut(cuts: readonly Cut[]): void {
    for (const link of this.#links) {
      const [a, b] = [link.ends[0].id, link.ends[1].id];
      const was = link.cut[0] || link.cut[1];
      link.cut[0] = cuts.some(([from, to]) => from === a && to === b);
      link.cut[1] = cuts.some(([from, to]) => from === b && to === a);
      const is = link.cut[0] || link.cut[1];
      if (is === was) continue;
      const cutNumber = ++link.cuts;
      if (!is) continue;
      this.#rng.at('keep-alive', a, b);
      this.#world.after(this.#rng.between(...KEEP_ALIVE_MS), `keep-alive ${a} ${b}`, () => {
        if (link.cuts === cutNumber) this.#break(link);
      });
    }
  }

  /** No more trouble from the network. */
  calm(): void {
    this.#calm = true;
    this.cut([]);
  }

  send(from: Life<P>, to: NodeId, channel: Channel, bytes: Uint8Array, about?: About): void {
    const { counts } = this.#world;
    const link = this.#links.find(
      ({ ends: [a, b] }) =>
        (a === from.machine && b.id === to) || (b === from.machine && a.id === to),
    );
    const side = link?.ends[0] === from.machine ? 0 : 1;
    if (link?.lives === undefined || link.lives[side] !== from || !link.told[side]) return;
    counts.sentMessages++;
    const receiver = link.lives[side === 0 ? 1 : 0];
    this.#rng.at(from.machine.id, to);
    const { loss, duplicates, late } = this.#rates;
    const delicate = about?.delicate;
    const what = about?.passing?.kind ?? channel;
    const letter: Letter = { from: from.machine.id, channel, bytes, passing: about?.passing };
    const isHeld =
      delicate !== undefined && !link.cut[side] && this.#happens(this.#chanceOf(delicate));
    if (isHeld && this.#world.lets(`late ${delicate}`, this.#rng, what)) {
      counts.duplicatedMessages++;
      this.#haunt(letter, receiver.machine, this.#rng.between(...LATE_MS));
      // An acknowledgement that is held back does not come twice.
      if (delicate === 'acknowledgement') return;
    }
    const isLost = link.cut[side] || this.#happens(loss, 'loss', what);
    if (isLost) counts.droppedMessages++;
    else this.#deliver(letter, receiver, this.#delayMs(link, side));
    if (link.cut[side] || !this.#happens(duplicates, 'repetition', what)) return;
    counts.duplicatedMessages++;
    const times = this.#rng.chance(late) ? this.#rng.between(1, LATE_TIMES) : 1;
    const delayMs = this.#delayMs(link, side) * times;
    if (times === 1) this.#deliver(letter, receiver, delayMs);
    else this.#haunt(letter, receiver.machine, delayMs);
  }

  #deliver(letter: Letter, to: Life<P>, delayMs: number): void {
    const what = `${letter.channel} from ${letter.from}`;
    this.#world.after(delayMs, what, () => this.#hand(letter, to), to, letter.bytes);
  }

  /** Comes when its connection may be gone and another process runs: Raft must bear what is that old. */
  #haunt(letter: Letter, to: Machine<P>, delayMs: number): void {
    const what = `late ${letter.channel} from ${letter.from}`;
    this.#world.after(delayMs, `late message for ${to.id}`, () => {
      const life = to.life;
      if (life?.process === undefined) return;
      this.#world.after(0, what, () => this.#hand(letter, life), life, letter.bytes);
    });
  }

  #hand({ from, channel, bytes, passing }: Letter, to: Life<P>): void {
    const status = to.process?.status();
    const cell = passing && status && cellOf(passing, status);
    if (cell !== undefined) {
      const { coverage } = this.#world;
      coverage.set(nameOf(cell), (coverage.get(nameOf(cell)) ?? 0) + 1);
    }
    if (status !== undefined && (passing?.kind === 'append' || passing?.kind === 'heartbeat'))
      this.#onAppend(to.machine.id, from, passing.term, status);
    to.process?.receive(from, channel, bytes);
  }

  #chanceOf(delicate: NonNullable<About['delicate']>): number {
    return delicate === 'vote' ? this.#aware.lateVotes : this.#aware.heldAcknowledgements;
  }

  #delayMs(link: Link<P>, side: number): number {
    const { jitter, spikes } = this.#rates;
    const base = (side === 0 ? link.latencyMs[0] : link.latencyMs[1]) ?? 1;
    const slow = this.#happens(spikes, 'delay') ? this.#rng.between(5, 60) : 1;
    return base * this.#rng.between(1, jitter) * slow;
  }

  /** With `what`, a fault of this name. */
  #happens(probability: number, what?: string, where = ''): boolean {
    if (!this.#rng.chance(probability) || this.#calm) return false;
    return what === undefined || this.#world.lets(what, this.#rng, where);
  }

  #linksOf(machine: Machine<P>): Link<P>[] {
    return this.#links.filter(({ ends }) => ends[0] === machine || ends[1] === machine);
  }

  #connectLater(link: Link<P>): void {
    const [a, b] = link.ends;
    this.#rng.at('connects', a.id, b.id);
    this.#world.after(this.#rng.between(...RECONNECT_MS), `connect ${a.id} ${b.id}`, () => {
      if (link.lives !== undefined) return;
      if (link.cut[0] || link.cut[1]) {
        this.#connectLater(link);
        return;
      }
      // Whoever is not there yet connects when it is.
      if (a.life?.process === undefined || b.life?.process === undefined) return;
      link.lives = [a.life, b.life];
      link.told[0] = link.told[1] = false;
      this.#tellConnected(link, 0);
      this.#tellConnected(link, 1);
    });
  }

  #tellConnected(link: Link<P>, side: 0 | 1): void {
    const lives = link.lives;
    if (lives === undefined) return;
    const [me, peer] = [lives[side], lives[side === 0 ? 1 : 0]];
    const tell = (): void => {
      if (link.lives !== lives) return;
      link.told[side] = true;
      me.process?.connected(peer.machine.id, bootId(peer.boot));
    };
    this.#rng.at('connected', me.machine.id, peer.machine.id);
    this.#world.after(this.#delayMs(link, 1 - side), `connected to ${peer.machine.id}`, tell, me);
  }

  #break(link: Link<P>): void {
    const { lives, ends } = link;
    if (lives === undefined) return;
    link.lives = undefined;
    const told = [...link.told];
    this.#rng.at('breaks', ends[0].id, ends[1].id);
    if (told[0]) this.#tellDisconnected(link, lives[0], ends[1], this.#rng.between(0, 300));
    if (told[1]) this.#tellDisconnected(link, lives[1], ends[0], this.#rng.between(0, 300));
    this.#connectLater(link);
  }

  #tellDisconnected(link: Link<P>, who: Life<P>, peer: Machine<P>, afterMs: number): void {
    const tell = (): void => {
      // A newer connection has taken this one's place.
      const side = link.ends[0] === who.machine ? 0 : 1;
      if (link.lives?.[side] === who && link.told[side]) return;
      who.process?.disconnected(peer.id);
    };
    this.#world.after(afterMs, `disconnected from ${peer.id}`, tell, who);
  }
}
