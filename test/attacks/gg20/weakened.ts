import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { ProgramCopy } from '../../support/patches/program-copy.js';
import { titleOf, type Attempt, type Gg20Attack } from './attack.js';

const run = promisify(execFile);

/** Copies at a time: one for each of two cores. */
const COPIES = 2;

/** An attack takes a second or two. */
const TIMEOUT_MS = 120_000;

/** Attacks that do not succeed on a copy of the code without the checks that they stand for: no check can be missed by them. */
export async function harmless(attacks: readonly Gg20Attack[]): Promise<readonly string[]> {
  const lanes = Array.from({ length: COPIES }, (_, lane) =>
    inOneCopy(attacks.filter((__, at) => at % COPIES === lane)),
  );
  return (await Promise.all(lanes)).flat();
}

async function inOneCopy(attacks: readonly Gg20Attack[]): Promise<readonly string[]> {
  using copy = new ProgramCopy();
  const found: string[] = [];
  for (const attack of attacks) {
    copy.plant(attack.removed);
    const { won, stopped } = await playedIn(copy, titleOf(attack));
    if (won === undefined) found.push(`${titleOf(attack)}: ${stopped.join(', ') || 'nothing won'}`);
  }
  return found;
}

async function playedIn(copy: ProgramCopy, title: string): Promise<Attempt> {
  const argv = [copy.program('attacks/gg20/main.js'), title];
  const { stdout } = await run(process.execPath, argv, { timeout: TIMEOUT_MS });
  return JSON.parse(stdout) as Attempt;
}
