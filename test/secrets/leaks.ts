import { spawnSync } from 'node:child_process';
import type { Edit } from '../support/patches/edit.js';
import { ProgramCopy } from '../support/patches/program-copy.js';

/** A mistake by which secrets get out, as a change to the compiled code. */
export type Leak = { readonly name: string; readonly edits: readonly Edit[] };

export const NOTHING_IS_SEALED: Leak = {
  name: 'secrets are written unsealed',
  edits: [
    {
      find: 'return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());',
      replace: 'return concat(plain, new Uint8Array(TAG_BYTES));',
    },
    {
      find: 'const end = sealed.length - TAG_BYTES;',
      replace:
        'const end = sealed.length - TAG_BYTES;\n    return new Uint8Array(sealed.subarray(0, end));',
    },
  ],
};

export const LOGGED_AS_TEXT: Leak = {
  name: 'a debug line shows a key share',
  edits: [
    {
      find: "if (taken === 'gone')",
      replace:
        "context.logger.debug('took', { it: toHex(taken.scalar) });\n        if (taken === 'gone')",
    },
  ],
};

export const LOGGED_AS_BYTES: Leak = {
  name: 'a debug line gets secrets unredacted',
  edits: [
    {
      find: "if (taken === 'gone')",
      replace:
        "context.logger.debug('took', { it: taken.scalar, them: taken, scalar: toHex(taken.scalar) });\n        if (taken === 'gone')",
    },
  ],
};

export const TOLD_IN_AN_ERROR: Leak = {
  name: 'an error message shows the malformed secret',
  edits: [
    {
      find: 'which is a node key of 32 bytes`',
      replace: 'which is a node key of 32 bytes, not ${new TextDecoder().decode(text.bytes)}`',
    },
  ],
};

export const PUT_INTO_THE_LOG: Leak = {
  name: 'an entry carries a key share',
  edits: [
    {
      find: 'chainCode: key.chainCode,',
      replace: 'chainCode: key.share.scalar,',
    },
  ],
};

export const WIPING_DOES_NOTHING: Leak = {
  name: 'wiping does nothing',
  edits: [
    { find: 'for (const array of arrays)\n        array.fill(0);', replace: '' },
    { find: 'again.fill(0);', replace: ';' },
  ],
};

/** All leaks, for a test that they can be planted. */
export const LEAKS: readonly Leak[] = [
  NOTHING_IS_SEALED,
  LOGGED_AS_TEXT,
  LOGGED_AS_BYTES,
  TOLD_IN_AN_ERROR,
  PUT_INTO_THE_LOG,
  WIPING_DOES_NOTHING,
];

/** What the search of a run came to. */
export type Report = {
  /** How many secrets of each kind there were. */
  readonly secrets: Readonly<Record<string, number>>;
  /** How many bytes were searched in each place. */
  readonly searched: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  /** Kind and spelling of what was found, by place. */
  readonly found: Readonly<Record<string, readonly string[]>>;
};

/** What was left in memory. */
export type MemoryReport = {
  readonly secrets: number;
  readonly arrays: number;
  /** How many arrays still hold a secret, by its kind and who made the array. */
  readonly left: Readonly<Record<string, number>>;
};

/** Runs the scenario and the search in a copy of the compiled program with leaks in it. */
export function searchWith(leaks: readonly Leak[]): Report {
  return JSON.parse(runWith(leaks, 'main.js')) as Report;
}

/** The same, searching the process' own arrays. */
export function memoryWith(leaks: readonly Leak[]): MemoryReport {
  return JSON.parse(runWith(leaks, 'memory.js')) as MemoryReport;
}

function runWith(leaks: readonly Leak[], program: string): string {
  using copy = new ProgramCopy();
  copy.plant(leaks.flatMap(({ edits }) => edits));
  const { stdout, stderr } = spawnSync(process.execPath, [copy.program(`secrets/${program}`)], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!stdout.startsWith('{')) throw new Error(`the copy does not run: ${stderr}`);
  return stdout;
}
