import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { concat, u64be, utf8 } from '../../../src/common/index.js';
import type {
  ConsensusStore,
  Entry,
  HardState,
  Link,
  Persist,
  ShareId,
  ShareStore,
} from '../../../src/ports/index.js';
import type { StorePaths } from '../../../src/store/index.js';

/** A directory of its own for one test, and how to be rid of it. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'quorate-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Where the stores of a node are, in a directory of its own. */
export function storePaths(directory: string): StorePaths {
  return { logPath: join(directory, 'log'), sharesPath: join(directory, 'shares') };
}

/** Files a share in place of the one that is there, which no node does. */
export async function replaceShare(
  store: ShareStore,
  id: ShareId,
  sealed: Uint8Array,
): Promise<void> {
  await store.delete(id);
  await store.putIfAbsent(id, sealed);
}

/** The name of a share's record, in memory and in lmdb. */
export function shareRecordName({ keyId, sessionId }: ShareId): string {
  return `${keyId}\0${sessionId}`;
}

/** Alters a record of a closed lmdb environment behind the store's back; `undefined` deletes it. */
export async function alterRecord(
  path: string,
  table: string,
  key: Uint8Array,
  alter: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Uint8Array, Uint8Array>({ path, noSubdir: false, ...binary });
  const opened = root.openDB<Uint8Array, Uint8Array>({ name: table, ...binary });
  const value = alter(Uint8Array.from(opened.get(key) ?? []));
  await (value === undefined ? opened.remove(key) : opened.put(key, value));
  await root.close();
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

/** The place of that entry. */
export function linkAt(at: number): Link {
  const { index, term, timeMs, hash } = entryAt(at);
  return { index, term, timeMs, hash };
}

/** Entries `first` to `last`. */
export function entries(first: number, last: number, term = 1): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) => entryAt(first + at, term));
}

/** What a store has saved, with all of its log. */
export async function loadWhole(store: ConsensusStore): Promise<{
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
  readonly applied: number;
}> {
  const { hardState, entries: stored, applied } = await store.load();
  return { hardState, entries: [...stored], applied };
}

/** A batch that does nothing but what it is told. */
export function batch(parts: Partial<Persist>): Persist {
  return { entries: [], writes: [], applied: 0, ...parts };
}
