import type { NodeId } from '../../src/common/index.js';
import type { Machine } from './machine.js';
import type { Cut, SimulatedNetwork } from './network.js';
import type { Process } from './process.js';
import type { Rng } from './rng.js';
import type { World } from './world.js';

const LOOK_MS = 2;
/** A step that has not come in this time never does: the play begins anew. */
const PATIENCE_MS = 3_000;
/** How long all three agree before the next play. */
const REST_MS: readonly [number, number] = [200, 900];
/** When the first leader goes, after it leads again: while it sends what it has of its earlier term, one entry after the other. */
const GOES_AFTER_MS: readonly [number, number] = [0, 60];

/**
 * Figure 8 of the Raft paper, played again and again with three nodes, in which chance decides who and when. One leads, and nobody else
 * gets its entries. Another one asks for votes, is elected, and nobody gets its entries either. The first one is elected again and goes
 * when the third node has some of its earlier entries, and perhaps one of its new term; then the second one stands. If an entry of the
 * earlier term was committed because a majority has it, the second one can be elected, and lacks it.
 */
export class FigureEight<P extends Process> {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #machines: readonly Machine<P>[];
  readonly #network: SimulatedNetwork<P>;
  /** The newest leader that anybody knows. */
  readonly #leader: () => NodeId | undefined;
  #first: Machine<P> | undefined;
  /** Told of the next candidate. */
  #onCandidate: ((candidate: Machine<P>) => void) | undefined;
  #over = false;

  constructor(parts: {
    readonly world: World;
    readonly rng: Rng;
    readonly machines: readonly Machine<P>[];
    readonly network: SimulatedNetwork<P>;
    leader(): NodeId | undefined;
  }) {
    this.#world = parts.world;
    this.#rng = parts.rng;
    this.#machines = parts.machines;
    this.#network = parts.network;
    this.#leader = () => parts.leader();
  }

  start(): void {
    this.#rest();
  }

  stop(): void {
    this.#over = true;
    this.#comeBack();
  }

  /** `candidate` asks for votes: its requests are on their way, and no entry of its own is yet. */
  askedForVotes(candidate: Machine<P>): void {
    this.#onCandidate?.(candidate);
  }

  #rest(): void {
    this.#onCandidate = undefined;
    this.#comeBack();
    this.#network.cut([]);
    this.#after(this.#rng.between(...REST_MS), () => this.#begin());
  }

  /** The first leader is alone with what clients tell it. */
  #begin(): void {
    const first = this.#machines.find(({ id }) => id === this.#leader());
    if (first === undefined || !leads(first)) return this.#rest();
    this.#first = first;
    this.#world.counts.partitions++;
    this.#network.cut(this.#apart(first));
    let second: Machine<P> | undefined;
    this.#onCandidate = (candidate) => {
      if (candidate === first || second !== undefined) return;
      second = candidate;
      // What it has sent in this step still comes.
      this.#after(0, () =>
        this.#network.cut([...this.#apart(first), ...this.#apart(candidate, 'sends')]),
      );
    };
    this.#when(
      () => second !== undefined && leads(second) && hasOwnEntry(second),
      () => second !== undefined && this.#again(first, second),
    );
  }

  /** The first one is elected again, by the third, and goes. */
  #again(first: Machine<P>, second: Machine<P>): void {
    this.#onCandidate = undefined;
    this.#network.cut(this.#apart(second));
    const { term = 0 } = second.process?.status() ?? {};
    this.#when(
      () => leads(first) && (first.process?.status().term ?? 0) > term,
      () => this.#after(this.#rng.between(...GOES_AFTER_MS), () => this.#goes(first, second)),
    );
  }

  #goes(first: Machine<P>, second: Machine<P>): void {
    first.retired = true;
    first.crash();
    this.#network.cut([]);
    this.#when(
      () => leads(second),
      () => this.#rest(),
    );
  }

  #comeBack(): void {
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined) return;
    first.retired = false;
    first.boot();
  }

  /** Nothing gets to a machine or from it, or only nothing from it. */
  #apart({ id }: Machine<P>, way: 'both' | 'sends' = 'both'): Cut[] {
    const others = this.#machines.map((each) => each.id).filter((each) => each !== id);
    return others.flatMap((each): Cut[] =>
      way === 'both'
        ? [
            [id, each],
            [each, id],
          ]
        : [[id, each]],
    );
  }

  /** Looks again and again whether a step has come; if it does not come, all begins anew. */
  #when(isSo: () => boolean, then: () => void, untilMs = this.#world.now() + PATIENCE_MS): void {
    if (isSo()) then();
    else if (this.#world.now() >= untilMs) this.#rest();
    else this.#after(LOOK_MS, () => this.#when(isSo, then, untilMs));
  }

  #after(ms: number, run: () => void): void {
    this.#world.after(ms, 'figure 8', () => {
      if (!this.#over) run();
    });
  }
}

function leads<P extends Process>({ id, process }: Machine<P>): boolean {
  return process?.status().leader === id;
}

/** Whether its disk has an entry of the term that it leads. */
function hasOwnEntry<P extends Process>({ process, consensus }: Machine<P>): boolean {
  return consensus.entries.at(-1)?.term === process?.status().term;
}
