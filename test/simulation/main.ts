import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { toyNodes } from '../toy/scenario.js';
import { gg20Lives, keyLives } from './key-lives/scenario.js';
import { gg20Nodes } from './gg20/scenario.js';
import { addCounts, noCounts, paceOf } from './counts.js';
import { judgeCoverage } from './coverage-rules.js';
import {
  raftAlone,
  raftInSmallMemory,
  raftOneByOne,
  raftThatSigns,
  raftWithSnapshots,
} from './raft-alone.js';
import { runHere, runInProcesses, serveSeeds, type RunSeed } from './run-seeds.js';
import { argumentsOf } from './shrink/arguments.js';
import { replay, shrink, type RunWith } from './shrink/shrink.js';
import { simulate, type MakeScenario, type Result } from './simulation.js';
import { ONE_LIES, withOneLie } from './fault-rates.js';
import type { FaultRates, OneLie, Profile } from './fault-rates.js';
import { wholeNodes, type NodeProcess } from './whole-nodes.js';

const USAGE = `usage: npm run simulate -- [options]

  --seeds N     run seeds 1 to N (default 20)
  --first S     begin at seed S instead of 1
  --every N     of the seeds from there on, each Nth one (default 1)
  --seed S      run one seed
  --trace       with --seed or --replay: print everything that happens
  --shrink      with --seed: cut a failing seed down, and print it as a script that fails by the same invariant
  --replay FILE run such a script; its options and its seed are in it
  --profile P   faults: machines and networks fail; byzantine: one node lies besides;
                mixed (default): one seed in eight is byzantine;
                elections: there is always one under way;
                figure-eight: with --raft-only, figure 8 of the Raft paper is played, one entry at a time
  --coverage    fail when a combination of message, roles and terms that must come up did not
  --stale-images  old disks come back: shares and nonces are all that is checked then
  --raft-only   consensus alone, without the node above it
  --small-memory  with --raft-only: most of the log is on disk alone, and read when it is needed
  --snapshots   with --raft-only: as --small-memory, and the log ends at checkpoints, though a voter is away
  --signed      with --raft-only: voters sign what they promise, keep it of each other and show it
  --lie L       of a malicious node: it tells this lie and no other; statements: its ready of a key, last and wrong;
                answers: its answers to nonces of GG20
  --gg20        whole nodes with keys for threshold ECDSA, in a parameter set that only tests have
  --presign     the same, with presignatures made ahead
  --lives       whole nodes whose keys are refreshed every hour, reshared, retired, restored and destroyed; with --gg20
                or --presign those keys
  --toy         whole nodes with the toy kind of task of test/toy in their tables
  --jobs N      processes to use (default: one per core)
  --until-violation  stop after the first seed that breaks an invariant; one process
  --json        one line of JSON on standard output
`;

const { args, script } = argumentsOf(process.argv.slice(2));
const { values } = parseArgs({
  args,
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    every: { type: 'string', default: '1' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    replay: { type: 'string' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string', default: 'mixed' },
    coverage: { type: 'boolean', default: false },
    'stale-images': { type: 'boolean', default: false },
    'raft-only': { type: 'boolean', default: false },
    'small-memory': { type: 'boolean', default: false },
    snapshots: { type: 'boolean', default: false },
    signed: { type: 'boolean', default: false },
    lie: { type: 'string' },
    presign: { type: 'boolean', default: false },
    gg20: { type: 'boolean', default: false },
    toy: { type: 'boolean', default: false },
    lives: { type: 'boolean', default: false },
    'until-violation': { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function integer(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a number, not ${text}`);
  process.exit(2);
}

/** Presignatures that nodes keep of each key, where they make them ahead. */
const PRESIGNATURES = 2;

const PROFILES: readonly Profile[] = ['faults', 'byzantine', 'mixed', 'elections', 'figure-eight'];

function profileOf(text: string): Profile {
  const profile = PROFILES.find((each) => each === text);
  if (profile !== undefined) return profile;
  console.error(`--profile must be one of ${PROFILES.join(', ')}, not ${text}`);
  process.exit(2);
}

const startedMs = Date.now();
const raftOnly = values['raft-only'];
const isGg20 = values.gg20 || values.presign;
const profile = profileOf(values.profile);
// Whoever only agrees has nothing to lie about but the log, which is not what consensus bears.
const alone = profile === 'elections' || profile === 'figure-eight' ? profile : 'faults';
const consensus = consensusOf();
const staleImages = values['stale-images'];
const print = values.trace ? (line: string): void => console.log(line) : undefined;
const lie = lieOf(values.lie);
const altered = (rates: FaultRates): FaultRates =>
  lie === undefined ? rates : withOneLie(rates, lie);
const nodes = scenarioOf();
const runWith: RunWith = (seed, more) => {
  if (raftOnly) return simulate(seed, consensus, { profile: alone, ...more });
  const { altered: further = (rates: FaultRates): FaultRates => rates } = more;
  const both = (rates: FaultRates): FaultRates => further(altered(rates));
  return simulate(seed, nodes, { profile, staleImages, ...more, altered: both });
};
const run: RunSeed = (seed) => runWith(seed, { print });

function lieOf(text: string | undefined): OneLie | undefined {
  const known = ONE_LIES.find((each) => each === text);
  if (known !== undefined || text === undefined) return known;
  console.error(`--lie must be one of ${ONE_LIES.join(', ')}, not ${text}`);
  process.exit(2);
}

function scenarioOf(): MakeScenario<NodeProcess> {
  const presignatures = values.presign ? PRESIGNATURES : 0;
  if (values.lives) return isGg20 ? gg20Lives({ presignatures }) : keyLives();
  if (isGg20) return gg20Nodes({ presignatures });
  return values.toy ? toyNodes() : wholeNodes;
}

/** The options by which seeds are run in another process, or again. */
function options(): readonly string[] {
  const flags = [
    'raft-only',
    'small-memory',
    'snapshots',
    'signed',
    'gg20',
    'presign',
    'toy',
    'lives',
  ] as const;
  const set = [...flags, 'stale-images' as const].filter((each) => values[each]);
  const told = lie === undefined ? [] : ['--lie', lie];
  return ['--profile', profile, ...set.map((each) => `--${each}`), ...told];
}

function consensusOf(): typeof raftAlone {
  if (values.snapshots) return raftWithSnapshots;
  if (values.signed) return raftThatSigns;
  if (values['small-memory']) return raftInSmallMemory;
  return profile === 'figure-eight' ? raftOneByOne : raftAlone;
}

async function main(): Promise<number> {
  if (script !== undefined) return tell([complain(await replay(script, runWith, print))]);
  if (values.shrink) return cutDown(integer(values.seed ?? values.first, 'seed'));
  const [first, every] = [integer(values.first, 'first'), integer(values.every, 'every')];
  const seeds =
    values.seed === undefined
      ? Array.from({ length: integer(values.seeds, 'seeds') }, (_, at) => first + at * every)
      : [integer(values.seed, 'seed')];
  const jobs = Math.max(1, integer(values.jobs, 'jobs'));
  const results: Result[] = [];
  const take = (result: Result): void => {
    results.push(complain(result));
    const failed = results.filter(({ violations }) => violations.length > 0).length;
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
    if (results.length % 10 === 0 || results.length === seeds.length) {
      console.error(`${results.length} of ${seeds.length} seeds, ${failed} failed, ${seconds} s`);
    }
  };
  const untilViolation = values['until-violation'];
  if (jobs === 1 || seeds.length === 1 || untilViolation) {
    await runHere(seeds, run, (result) => {
      take(result);
      return !untilViolation || result.violations.length === 0;
    });
  } else {
    await runInProcesses(seeds, jobs, fileURLToPath(import.meta.url), options(), take);
  }
  return tell(results);
}

function complain(result: Result): Result {
  for (const { seed, checker, atMs, detail } of result.violations) {
    console.error(`seed ${seed}: ${checker} at ${atMs} ms: ${detail}`);
  }
  return result;
}

/** Prints the script of a failing seed; gives the exit code. */
async function cutDown(seed: number): Promise<number> {
  const shrunk = await shrink(seed, options(), runWith);
  if (shrunk === undefined) console.error(`seed ${seed} breaks no invariant`);
  else if (values.json) console.log(JSON.stringify(shrunk));
  else process.stdout.write(shrunk.text);
  return shrunk === undefined ? 1 : 0;
}

/** How often each combination of a message, its sender and its receiver came up, in all seeds. */
function sumOf(results: readonly Result[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { coverage } of results) {
    for (const [name, times] of Object.entries(coverage)) sum[name] = (sum[name] ?? 0) + times;
  }
  return sum;
}

/** Prints what happened; gives the exit code. */
function tell(results: Result[]): number {
  const counts = noCounts();
  results.sort((a, b) => a.seed - b.seed);
  for (const result of results) addCounts(counts, result.counts);
  const violations = results.flatMap((result) => result.violations);
  const [only] = results;
  if (values.json) {
    const digest = results.length === 1 ? { digest: only?.digest } : {};
    const coverage = sumOf(results);
    const pace = paceOf(counts, Date.now() - startedMs);
    const told = { seeds: results.length, ...counts, ...pace, ...digest, violations, coverage };
    console.log(JSON.stringify(told));
  } else {
    if (results.length === 1) console.log(`digest ${only?.digest}`);
    for (const [name, value] of Object.entries(counts)) console.log(`${name} ${value}`);
    console.log(`violations ${violations.length}`);
  }
  const covered = !values.coverage || isCovered(sumOf(results));
  const failed = [...new Set(violations.map(({ seed }) => seed))];
  for (const seed of failed.slice(0, 10)) {
    console.error(`replay: npm run simulate -- --seed ${seed} --trace ${options().join(' ')}`);
  }
  return failed.length === 0 && covered ? 0 : 1;
}

/** Tells what did not come up and should have, or the other way round. */
function isCovered(counts: Readonly<Record<string, number>>): boolean {
  const { missing, refuted, demanded, impossible, rare, rareSeen } = judgeCoverage(counts);
  const all = demanded + impossible + rare;
  console.error(`combinations: ${all}, of which ${demanded} must come up; ${impossible} cannot`);
  console.error(`of ${rare} rare ones, ${rareSeen} came up`);
  for (const name of missing) console.error(`did not come up: ${name}`);
  for (const name of refuted) console.error(`came up, but cannot: ${name}`);
  return missing.length + refuted.length === 0;
}

if (values.help) console.error(USAGE);
else if (values.worker) serveSeeds(run);
else process.exitCode = await main();
