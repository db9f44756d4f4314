import { spawnSync } from 'node:child_process';

import type { BackendChoice } from '../../src/machine/backends/choice.js';
import type { Edit } from '../support/patches/edit.js';
import { ProgramCopy } from '../support/patches/program-copy.js';

/** A check, how to take it out of the compiled code, and a case that must fail without it. */
export type Check = {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The name of a case on Ed25519. */
  readonly shows: string;
  /** The kind of library for curves whose check it is, where that is not the one a node takes. */
  readonly backend?: BackendChoice;
};

/** The names of those checks without which no case fails. Each runs in a process of its own, on one copy of the compiled code. */
export function survivors(checks: readonly Check[]): readonly string[] {
  using copy = new ProgramCopy();
  return checks.filter((check) => !isMissed(copy, check)).map(({ name }) => name);
}

/** Whether the case fails that the check stands behind. */
function isMissed(copy: ProgramCopy, { name, edits, shows, backend = 'auto' }: Check): boolean {
  copy.plant(edits);
  const argv = [copy.program('attacks/main.js'), '--case', shows, '--json'];
  const env = { ...process.env, QUORATE_CRYPTO_BACKEND: backend };
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', env });
  // Anything but the program's own answer means that the copy did not run.
  if (!stdout.startsWith('{')) throw new Error(`${name}: the copy does not run: ${stderr}`);
  const { failed } = JSON.parse(stdout) as { readonly failed: readonly string[] };
  return failed.length > 0;
}
