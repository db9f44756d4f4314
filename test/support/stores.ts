import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, u64be, utf8 } from '../../src/common/index.js';
import type { Entry, Persist } from '../../src/ports/index.js';

/** A directory of its own for one test, and how to be rid of it. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'quorate-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** An entry whose payload says what it is. Its hash is 32 bytes, and no chain. */
export function entryAt(index: number, term = 1, word = 'entry'): Entry {
  const payload = utf8(`${word} ${index}`);
  const hash = createHash('sha256')
    .update(concat(u64be(index), u64be(term), payload))
    .digest();
  return {
    index,
    term,
    kind: index === 1 ? 'genesis' : 'command',
    timeMs: 1_700_000_000_000 + index,
    payload,
    hash: Uint8Array.from(hash),
  };
}

/** Entries `first` to `last`. */
export function entries(first: number, last: number, term = 1): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) => entryAt(first + at, term));
}

/** A batch that does nothing but what it is told. */
export function batch(parts: Partial<Persist>): Persist {
  return { entries: [], writes: [], applied: 0, ...parts };
}
