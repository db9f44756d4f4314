import { sidesOf, type CrashPoint } from './crashing-node.js';
import { downMsOf, runWorld, type Run, type SeenStep } from './run.js';
import { WORLDS } from './worlds.js';
import type { CrashWorld } from './worlds.js';

/** Numbers of points of one world: those of the next begin behind them. */
const POINTS_PER_WORLD = 1_000;

/** A crash point, and the number that it is played again by. */
export type NumberedPoint = CrashPoint & {
  readonly number: number;
  readonly world: string;
  /** The kind of task whose step it is. */
  readonly kind: string;
};

/** What a run without a crash has broken: no point of its world is worth anything. */
export class BrokenWorld extends Error {
  readonly run: Run;
  /** The number of its first point. */
  readonly number: number;

  constructor(world: CrashWorld, number: number, run: Run) {
    super(`${world.name} breaks something without a crash`);
    this.run = run;
    this.number = number;
  }
}

/**
 * All points from a number on, in order: every step of every node, and every side of it. A world is run once for its steps.
 *
 * @param seed - Of what the worlds leave to chance.
 * @throws BrokenWorld
 */
export async function* pointsFrom(first: number, seed: number): AsyncGenerator<NumberedPoint> {
  for (const [at, world] of WORLDS.entries()) {
    if ((at + 1) * POINTS_PER_WORLD <= first) continue;
    for (const point of await pointsOf(world, seed)) if (point.number >= first) yield point;
  }
}

/**
 * The points of one world, in order.
 *
 * @throws BrokenWorld
 */
export async function pointsOf(world: CrashWorld, seed: number): Promise<readonly NumberedPoint[]> {
  const base = WORLDS.indexOf(world) * POINTS_PER_WORLD;
  const run = await runWorld(world, seed);
  if (run.violations.length > 0) throw new BrokenWorld(world, base, run);
  const points = run.steps.flatMap((step) =>
    sidesOf(step).map((side) => ({
      node: step.node,
      step: step.name,
      side,
      world: world.name,
      kind: kindOf(step),
    })),
  );
  if (points.length === 0 || points.length > POINTS_PER_WORLD) {
    throw new Error(`${world.name} has ${points.length} points, of at most ${POINTS_PER_WORLD}`);
  }
  return points.map((point, at) => ({ ...point, number: base + at }));
}

/** A set's material is prepared on the way to a key, and to its next version; presignatures are made between signatures. */
function kindOf({ phase, name }: SeenStep): string {
  if (name.includes('gg20-presign/')) return 'presign';
  return /\bprepare\/|\bprepared\b|\bmaterial\b/.test(name) ? 'prepare' : phase;
}

/** Runs a point's world with the crash. */
export async function playPoint(
  point: NumberedPoint,
  seed: number,
  print?: (line: string) => void,
): Promise<Run> {
  const world = WORLDS.find(({ name }) => name === point.world);
  if (world === undefined) throw new Error(`no world ${point.world}`);
  const { number } = point;
  const run = await runWorld(world, seed, point, downMsOf(number), print);
  return {
    ...run,
    seed: number,
    violations: run.violations.map((each) => ({ ...each, seed: number })),
    steps: [],
  };
}
