import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { addCounts, noCounts } from '../counts.js';
import { runHere, runInProcesses, serveSeeds } from '../run-seeds.js';
import type { Result, Violation } from '../simulation.js';
import { BrokenWorld, playPoint, pointsFrom, type NumberedPoint } from './points.js';
import { isInShard, shardOf, type Shard } from './shard.js';
import { Tally } from './tally.js';

const USAGE = `usage: npm run crash-points -- [options]

Takes a node down at every step of every kind of task, brings it back, and demands that nothing is lost or mixed and that a
signature comes in the end. A point is a step of a node and where in it: before it, during its write, after it.

  --first S     begin at point S instead of 0
  --every N     of the points from there on, each Nth one (default 1)
  --seeds N     at most N points (default: all)
  --shard K/N   of all points the Kth of N parts, for as many machines. Points run in the order of their numbers, and lines
                of progress name the first that is not done: a run that was stopped goes on with --first there
  --point S     one point
  --trace       with --point: print everything that happens
  --list        print the points, and run none
  --world S     the seed of what the worlds leave to chance (default 1): other leaders, other order, other points
  --jobs N      processes to use (default: one per core)
  --until-violation  stop after the first point that breaks something; one process
  --json        one line of JSON on standard output
`;

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '0' },
    every: { type: 'string', default: '1' },
    seeds: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
    shard: { type: 'string', default: '1/1' },
    point: { type: 'string' },
    trace: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    world: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    'until-violation': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function integer(text: string, name: string, least = 0): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${name} must be a number from ${least} on, not ${text}`);
  process.exit(2);
}

function shard(text: string): Shard {
  const known = shardOf(text);
  if (known !== undefined) return known;
  console.error(`--shard must be a part and the number of parts, such as 1/2, not ${text}`);
  process.exit(2);
}

const world = integer(values.world, 'world', 1);
const print = values.trace ? (line: string): void => console.log(line) : undefined;
const run = (point: NumberedPoint): Promise<Result> => playPoint(point, world, print);
const startedMs = Date.now();

/** The points that are asked for. */
async function chosen(): Promise<readonly NumberedPoint[]> {
  const [first, most] =
    values.point === undefined
      ? [integer(values.first, 'first'), integer(values.seeds, 'seeds', 1)]
      : [integer(values.point, 'point'), 1];
  const every = integer(values.every, 'every', 1);
  const part = shard(values.point === undefined ? values.shard : '1/1');
  const points: NumberedPoint[] = [];
  let at = 0;
  for await (const point of pointsFrom(first, world)) {
    if (!isInShard(point.number, part)) continue;
    if (at++ % every !== 0) continue;
    points.push(point);
    if (points.length === most) break;
  }
  return points;
}

function nameOf({ number, world: name, kind, node, step, side }: NumberedPoint): string {
  return `${number} ${name} ${kind}: ${node} ${side} "${step}"`;
}

async function main(): Promise<number> {
  let points: readonly NumberedPoint[];
  try {
    points = await chosen();
  } catch (error) {
    if (!(error instanceof BrokenWorld)) throw error;
    const { violations } = error.run;
    console.error(`${error.message}: ${violations[0]?.checker}: ${violations[0]?.detail}`);
    const broken = violations.map((each) => ({ ...each, seed: error.number }));
    if (values.json) console.log(JSON.stringify({ points: 0, violations: broken }));
    return 1;
  }
  if (values.list) {
    for (const point of points) console.log(nameOf(point));
    return 0;
  }
  return runAll(points);
}

async function runAll(points: readonly NumberedPoint[]): Promise<number> {
  const [tally, counts, violations] = [new Tally(), noCounts(), new Array<Violation>()];
  const done = new Set<number>();
  const byNumber = new Map(points.map((point) => [point.number, point]));
  const take = (result: Result): void => {
    const point = byNumber.get(result.seed);
    if (point === undefined) throw new Error(`no point ${result.seed}`);
    tally.take(point, result);
    done.add(point.number);
    addCounts(counts, result.counts);
    violations.push(...result.violations);
    for (const { checker, atMs, detail } of result.violations) {
      console.error(`${nameOf(point)}: ${checker} at ${atMs} ms: ${detail}`);
    }
    if (tally.points % 50 === 0 || tally.points === points.length) {
      const told = `${tally.points} of ${points.length} points, ${tally.broken} broken`;
      const next = points.find(({ number }) => !done.has(number));
      console.error(`${told}, ${seconds()} s${next ? `, next is ${next.number}` : ''}`);
    }
  };
  const jobs = integer(values.jobs, 'jobs', 1);
  const untilViolation = values['until-violation'];
  if (jobs === 1 || points.length === 1 || untilViolation) {
    await runHere(points, run, (result) => {
      take(result);
      return !untilViolation || result.violations.length === 0;
    });
  } else {
    const options = ['--world', String(world)];
    await runInProcesses(points, jobs, fileURLToPath(import.meta.url), options, take);
  }
  violations.sort((a, b) => a.seed - b.seed);
  if (values.json) {
    const { signatures, restarts, leaderChanges, crashPoints } = counts;
    const seen = { crashPoints, restarts, leaderChanges, signatures };
    console.log(JSON.stringify({ ...tally.json(), ...seen, seconds: seconds(), violations }));
  } else for (const line of tally.lines()) console.log(line);
  const failed = [...new Set(violations.map(({ seed }) => seed))];
  for (const number of failed.slice(0, 10)) {
    console.error(`replay: npm run crash-points -- --world ${world} --point ${number} --trace`);
  }
  return failed.length === 0 ? 0 : 1;
}

function seconds(): number {
  return Math.round((Date.now() - startedMs) / 1_000);
}

if (values.help) console.error(USAGE);
else if (values.worker) serveSeeds(run);
else process.exitCode = await main();
