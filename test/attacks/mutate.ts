import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { plant } from '../simulation/planted-bugs.js';
import type { Edit } from '../simulation/planted-bugs.js';

/** A check, how to take it out of the compiled code, and a case that must fail without it. */
export type Check = {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The name of a case on Ed25519. */
  readonly shows: string;
};

const ROOT = resolve(import.meta.dirname, '..', '..');
const COPIED = ['src', 'test/attacks', 'test/support', 'test/simulation'];

/** The names of those checks without which no case fails. Each runs in a process of its own, on one copy of the compiled code. */
export function survivors(checks: readonly Check[]): readonly string[] {
  const copy = mkdtempSync(join(tmpdir(), 'quorate-attacks-'));
  try {
    for (const part of COPIED) {
      cpSync(join(ROOT, part), join(copy, 'dist', part), { recursive: true });
    }
    symlinkSync(resolve(ROOT, '..', 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
    return checks.filter((check) => !isMissed(copy, check)).map(({ name }) => name);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Whether the case fails that the check stands behind. */
function isMissed(copy: string, { name, edits, shows }: Check): boolean {
  for (const edit of edits) plant(join(copy, 'dist/src', edit.file), edit);
  const argv = [join(copy, 'dist/test/attacks/main.js'), '--case', shows, '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  for (const { file } of edits) cpSync(join(ROOT, 'src', file), join(copy, 'dist/src', file));
  // Anything but the program's own answer means that the copy did not run.
  if (!stdout.startsWith('{')) throw new Error(`${name}: the copy does not run: ${stderr}`);
  const { failed } = JSON.parse(stdout) as { readonly failed: readonly string[] };
  return failed.length > 0;
}
