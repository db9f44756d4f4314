import type { NumberedPoint } from './points.js';
import type { Result } from '../simulation.js';

/** How runs ended: as without a crash; after a task that had ended as failed was asked for again; or with something broken. */
type Ends = { points: number; asUsual: number; askedAgain: number; broken: number };

/** The results of runs by world, kind of task and side of the step. */
export class Tally {
  readonly #byKind = new Map<string, Ends>();
  readonly #bySide = new Map<string, Ends>();
  readonly #all = none();

  take({ world, kind, side }: NumberedPoint, { violations, counts }: Result): void {
    const algorithm = world.split('-')[0] ?? world;
    const end =
      violations.length > 0 ? 'broken' : counts.failedTasks > 0 ? 'askedAgain' : 'asUsual';
    for (const ends of [
      of(this.#byKind, `${algorithm} ${kind}`),
      of(this.#bySide, `${algorithm} ${side}`),
      this.#all,
    ]) {
      ends.points++;
      ends[end]++;
    }
  }

  get broken(): number {
    return this.#all.broken;
  }

  get points(): number {
    return this.#all.points;
  }

  json(): object {
    return {
      ...this.#all,
      byKind: Object.fromEntries(this.#byKind),
      bySide: Object.fromEntries(this.#bySide),
    };
  }

  lines(): readonly string[] {
    return [
      ...[...this.#byKind].map(([name, ends]) => row(name, ends)),
      ...[...this.#bySide].map(([name, ends]) => row(name, ends)),
      row('all', this.#all),
    ];
  }
}

function none(): Ends {
  return { points: 0, asUsual: 0, askedAgain: 0, broken: 0 };
}

function of(all: Map<string, Ends>, name: string): Ends {
  const ends = all.get(name) ?? none();
  all.set(name, ends);
  return ends;
}

function row(name: string, { points, asUsual, askedAgain, broken }: Ends): string {
  return `${name}: ${points} points, ${asUsual} as usual, ${askedAgain} asked again, ${broken} broken`;
}
