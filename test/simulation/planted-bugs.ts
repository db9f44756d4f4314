import { spawn } from 'node:child_process';

import type { ProgramCopy } from '../support/patches/program-copy.js';
import { ACKNOWLEDGEMENT_BUGS } from './planted/acknowledgements.js';
import { CONSENSUS_BUGS } from './planted/consensus.js';
import { LIVENESS_BUGS } from './planted/liveness.js';
import { CRASH_BUGS } from './planted/crashes.js';
import { GG20_BUGS } from './planted/gg20.js';
import { GG20_LIFE_BUGS, LIFE_BUGS } from './planted/lives.js';
import type { PlantedBug, Where } from './planted/planted-bug.js';
import { PRESIGNATURE_BUGS } from './planted/presignatures.js';
import { LOST_LOG_BUGS } from './planted/lost-logs.js';
import { OLD_ENTRY_BUGS } from './planted/old-entries.js';
import { SNAPSHOT_BUGS } from './planted/snapshots.js';
import { TASK_BUGS } from './planted/tasks.js';
import { TRANSFER_BUGS } from './planted/transfers.js';
import type { Shrunk } from './shrink/shrink.js';
import type { Violation } from './simulation.js';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...CONSENSUS_BUGS,
  ...LIVENESS_BUGS,
  ...ACKNOWLEDGEMENT_BUGS,
  ...OLD_ENTRY_BUGS,
  ...SNAPSHOT_BUGS,
  ...LOST_LOG_BUGS,
  ...TRANSFER_BUGS,
  ...TASK_BUGS,
  ...GG20_BUGS,
  ...PRESIGNATURE_BUGS,
  ...LIFE_BUGS,
  ...GG20_LIFE_BUGS,
  ...CRASH_BUGS,
];

/** What a run of the simulator with a bug in it came to. */
export type Verdict = {
  /** The first seed that failed. */
  readonly seed: number | undefined;
  /** Checkers that spoke up there. */
  readonly checkers: readonly string[];
  readonly seconds: number;
};

export const OPTIONS: Readonly<Record<Where, readonly string[]>> = {
  consensus: ['--raft-only'],
  elections: ['--raft-only', '--profile', 'elections'],
  'figure eight': ['--raft-only', '--profile', 'figure-eight'],
  'small memory': ['--raft-only', '--small-memory'],
  snapshots: ['--raft-only', '--snapshots'],
  'signed words': ['--raft-only', '--signed', '--profile', 'elections'],
  'old disks': ['--stale-images'],
  faults: ['--profile', 'faults'],
  byzantine: ['--profile', 'byzantine'],
  'false statements': ['--profile', 'byzantine', '--lie', 'statements'],
  gg20: ['--gg20', '--profile', 'faults'],
  'gg20 byzantine': ['--gg20', '--profile', 'byzantine'],
  'false answers': ['--gg20', '--profile', 'byzantine', '--lie', 'answers'],
  presign: ['--presign', '--profile', 'faults'],
  'presign false answers': ['--presign', '--profile', 'byzantine', '--lie', 'answers'],
  'crash points': [],
  lives: ['--lives', '--profile', 'faults'],
  'lives byzantine': ['--lives', '--profile', 'byzantine'],
  'gg20 lives': ['--lives', '--gg20', '--profile', 'faults'],
};

/** A failing seed that was cut down, as `--shrink --json` prints it. */
export type ShrunkSeed = Pick<Shrunk, 'text' | 'left' | 'happened' | 'runs' | 'violation'>;

/** Cuts down a seed in which the bug that is planted in `copy` shows. */
export async function shrinkWith(
  copy: ProgramCopy,
  where: Exclude<Where, 'crash points'>,
  seed: number,
): Promise<ShrunkSeed> {
  const program = copy.program('simulation/main.js');
  const mode = ['--seed', String(seed), '--shrink', '--json'];
  const { stdout, stderr } = await run([program, ...mode, ...OPTIONS[where]]);
  if (!stdout.startsWith('{')) throw new Error(`seed ${seed} is not cut down: ${stderr}`);
  return JSON.parse(stdout) as ShrunkSeed;
}

/** Runs a script of `--shrink` in `copy`; gives the checkers that speak up. */
export async function replayWith(copy: ProgramCopy, file: string): Promise<readonly string[]> {
  const program = copy.program('simulation/main.js');
  const { stdout, stderr } = await run([program, '--replay', file, '--json']);
  if (!stdout.startsWith('{')) throw new Error(`the script does not run: ${stderr}`);
  const { violations } = JSON.parse(stdout) as { violations: readonly Violation[] };
  return violations.map(({ checker }) => checker);
}

/** Runs the simulator of `copy` with the bug in it, and no other, until it shows or the seeds are over. */
export async function runWith(copy: ProgramCopy, bug: Omit<PlantedBug, 'name'>): Promise<Verdict> {
  const { edits, where, first, seeds } = bug;
  copy.plant(edits);
  const startedMs = Date.now();
  const main = where === 'crash points' ? 'simulation/crash-points/main.js' : 'simulation/main.js';
  const program = copy.program(main);
  const profile = OPTIONS[where];
  const range = ['--first', String(first), '--seeds', String(seeds)];
  const mode = ['--jobs', '1', '--until-violation', '--json'];
  const { stdout, stderr } = await run([program, ...range, ...mode, ...profile]);
  // Anything but the simulator's own answer means that the copy did not run.
  if (!stdout.startsWith('{')) throw new Error(`the copy does not run: ${stderr}`);
  const { violations } = JSON.parse(stdout) as { violations: readonly Violation[] };
  return {
    seed: violations[0]?.seed,
    checkers: [...new Set(violations.map(({ checker }) => checker))],
    seconds: (Date.now() - startedMs) / 1000,
  };
}

async function run(options: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise((done, failed) => child.on('close', done).on('error', failed));
  return { stdout, stderr };
}
