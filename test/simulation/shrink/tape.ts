import type { Chances } from '../chances.js';
import { Rng } from '../rng.js';

/** A fault or a client's request that happened in a run. */
export type Happening = {
  /** The same in every run that draws from one tape: the kind, `@`, and the chance that brought it about. */
  readonly id: string;
  readonly atMs: number;
  readonly what: string;
  /** Where, for people. */
  readonly detail: string;
};

/**
 * Everything that one run has drawn, by the chance that it was drawn for. A run in which less happens draws the same for what is left:
 * the seventh message from one node to another takes as long as the seventh did, whatever became of the sixth.
 */
export class Tape {
  readonly #draws = new Map<string, number[]>();

  /** What was drawn for the chance at this place. */
  drawsOf(place: string): number[] {
    let draws = this.#draws.get(place);
    if (draws === undefined) this.#draws.set(place, (draws = []));
    return draws;
  }

  /** As {@link drawsOf}, of a tape that is not written any more. */
  read(place: string): readonly number[] {
    return this.#draws.get(place) ?? [];
  }
}

/** Draws what its seed has, and writes it on the tape. */
class RecordedRng extends Rng {
  readonly #places: Places;
  readonly #tape: Tape;
  #draws: number[];

  constructor(seed: number, purpose: string, tape: Tape) {
    super(seed, purpose);
    this.#places = new Places(purpose);
    this.#tape = tape;
    this.#draws = tape.drawsOf(this.#places.now);
  }

  override get place(): string {
    return this.#places.now;
  }

  override at(...kind: readonly string[]): void {
    this.#draws = this.#tape.drawsOf(this.#places.next(kind));
  }

  override u32(): number {
    const drawn = super.u32();
    this.#draws.push(drawn);
    return drawn;
  }
}

/** Draws what is on the tape, and what the seed has for that place alone where the tape has no more. */
class ReplayedRng extends Rng {
  readonly #seed: number;
  readonly #places: Places;
  readonly #tape: Tape;
  #draws: readonly number[];
  #drawn = 0;
  #more: Rng | undefined;

  constructor(seed: number, purpose: string, tape: Tape) {
    super(seed, purpose);
    this.#seed = seed;
    this.#places = new Places(purpose);
    this.#tape = tape;
    this.#draws = tape.read(this.#places.now);
  }

  override get place(): string {
    return this.#places.now;
  }

  override at(...kind: readonly string[]): void {
    this.#draws = this.#tape.read(this.#places.next(kind));
    this.#drawn = 0;
    this.#more = undefined;
  }

  override u32(): number {
    const drawn = this.#draws[this.#drawn++];
    if (drawn !== undefined) return drawn;
    this.#more ??= new Rng(this.#seed, this.#places.now);
    return this.#more.u32();
  }
}

/** Numbers the chances of one stream, each kind by itself. */
class Places {
  readonly #purpose: string;
  readonly #counts = new Map<string, number>();
  now: string;

  constructor(purpose: string) {
    this.#purpose = purpose;
    this.now = this.next(['start']);
  }

  next(kind: readonly string[]): string {
    const name = kind.join('>');
    const number = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, number);
    this.now = `${this.#purpose}/${name}/${number}`;
    return this.now;
  }
}

/** The chances of a run that is written on a tape, or of one that is played from it. */
export class TapedChances implements Chances {
  /** In the order in which it happened. */
  readonly happened: Happening[] = [];
  readonly #tape: Tape;
  readonly #kept: ReadonlySet<string> | undefined;

  /** @param kept - What is to happen of what did, by its ids. Without it the tape is written, and all happens. */
  constructor(tape: Tape, kept?: ReadonlySet<string>) {
    this.#tape = tape;
    this.#kept = kept;
  }

  rng(seed: number, purpose: string): Rng {
    const Taped = this.#kept === undefined ? RecordedRng : ReplayedRng;
    return new Taped(seed, purpose, this.#tape);
  }

  lets(what: string, rng: Rng, atMs: number, detail: string): boolean {
    const id = `${what}@${rng.place}`.replaceAll(' ', '-');
    if (this.#kept?.has(id) === false) return false;
    this.happened.push({ id, atMs, what, detail });
    return true;
  }
}
