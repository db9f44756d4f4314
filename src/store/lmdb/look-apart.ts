import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../common/index.js';
import type { Millis } from '../../common/index.js';

/** The program that looks. */
const LOOKER = fileURLToPath(new URL('./look-process.js', import.meta.url));
/** Of one store: keys alone are read, from the disk's cache mostly. */
const LOOK_MS_MAX: Millis = 60_000;

/**
 * Opens a store in a process of its own, reads its keys, and writes nothing: see `lookAtStore`. lmdb ends a process, by a signal, that
 * reads some kinds of damage.
 *
 * @param identityKey - Of the node that it must be of, where that is known.
 * @returns The number of its records.
 * @throws Error in words for a person: it is not there, is damaged, or is another's.
 */
export function lookApart(path: string, identityKey: Uint8Array | undefined): Promise<number> {
  const args = [LOOKER, path, toHex(identityKey ?? new Uint8Array(0))];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      // No secret of this process's environment goes there.
      { timeout: LOOK_MS_MAX, env: {} },
      (error, stdout, stderr) => {
        const records = Number(stdout.trim());
        if (error === null && stdout.trim() !== '' && Number.isInteger(records)) resolve(records);
        else if (error?.code === 1) reject(new Error(stderr.trim().split('\n').at(-1)));
        else
          reject(
            new Error(`${path} is damaged: a process that reads it is ended (${endOf(error)})`),
          );
      },
    );
  });
}

function endOf(error: { readonly signal?: string | null } | null): string {
  return error?.signal ?? 'without a word';
}
