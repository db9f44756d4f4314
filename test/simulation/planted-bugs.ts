import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { CONSENSUS_BUGS } from './planted/consensus.js';
import type { Edit, PlantedBug } from './planted/planted-bug.js';
import { TASK_BUGS } from './planted/tasks.js';
import type { Violation } from './simulation.js';

export type { Edit };

export const PLANTED_BUGS: readonly PlantedBug[] = [...CONSENSUS_BUGS, ...TASK_BUGS];

/** What a run of the simulator with a bug in it came to. */
export type Verdict = {
  /** The first seed that failed. */
  readonly seed: number | undefined;
  /** Checkers that spoke up there. */
  readonly checkers: readonly string[];
  readonly seconds: number;
};

const OPTIONS: Readonly<Record<PlantedBug['where'], readonly string[]>> = {
  consensus: ['--raft-only'],
  elections: ['--raft-only', '--profile', 'elections'],
  faults: ['--profile', 'faults'],
  byzantine: ['--profile', 'byzantine'],
};

/** Runs a copy of the compiled program with the bug in it, until it shows or the seeds are over. */
export async function runWith(bug: Omit<PlantedBug, 'name'>): Promise<Verdict> {
  const { edits, where, first, seeds } = bug;
  const root = resolve(import.meta.dirname, '..', '..');
  const copy = mkdtempSync(join(tmpdir(), 'quorate-planted-'));
  const startedMs = Date.now();
  try {
    for (const part of ['src', 'test/simulation', 'test/support']) {
      cpSync(join(root, part), join(copy, 'dist', part), { recursive: true });
    }
    symlinkSync(resolve(root, '..', 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
    for (const edit of edits) plant(join(copy, 'dist/src', edit.file), edit);
    const program = join(copy, 'dist/test/simulation/main.js');
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
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function run(options: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await new Promise((done, failed) => child.on('close', done).on('error', failed));
  return { stdout, stderr };
}

/** Edits whose pattern is not there exactly once, so that they plant nothing, or something else. */
export function misplaced(edits: readonly Edit[]): Edit[] {
  const sources = resolve(import.meta.dirname, '..', '..', 'src');
  return edits.filter(({ file, find }) => countIn(join(sources, file), find) !== 1);
}

function countIn(path: string, find: string): number {
  return readFileSync(path, 'utf8').split(find).length - 1;
}

/** Makes one edit to a copy of its file. */
export function plant(path: string, { file, find, replace }: Edit): void {
  const times = countIn(path, find);
  if (times !== 1) throw new Error(`${file}: the pattern is there ${times} times, not once`);
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(find, () => replace),
  );
}
