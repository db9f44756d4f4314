import { createHash } from 'node:crypto';

import {
  ClusterError,
  compareText,
  concat,
  equal,
  keyId,
  sessionId,
} from '../../src/common/index.js';
import { ShareStoreError } from '../../src/ports/index.js';
import type {
  ConsensusStore,
  Entry,
  HardState,
  LogFront,
  LogPage,
  LogPageLimits,
  Persist,
  PutResult,
  Row,
  ShareId,
  SharePage,
  SharePageRequest,
  ShareStore,
  SnapshotFiles,
  StateReading,
  Write,
} from '../../src/ports/index.js';
import { pageOf } from '../../src/store/log-pages.js';
import { requireFits } from '../../src/store/records.js';

/** What would be there after a crash now. */
export interface Disk {
  readonly hardState: HardState;
  /** `entries[i]` has index i + 1. */
  readonly entries: readonly Entry[];
  readonly applied: number;
  /** Of all keys and values of the state, in any order of writing. */
  readonly stateHash: bigint;
}

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** The durable half of a consensus store: a batch is there as a whole or not at all. */
export class ConsensusDisk implements Disk {
  /** The index of an entry of which a bit reads wrong. */
  rotten: number | undefined;
  hardState: HardState = { term: 0, votedFor: undefined };
  readonly entries: Entry[] = [];
  /** Before it nothing can be read any more; the checkers still can. */
  front: LogFront | undefined;
  applied = 0;
  notes: ReadonlyMap<string, Uint8Array> = new Map();
  stateHash = 0n;
  readonly #pairs = new Map<string, Pair>();
  #names: string[] = [];
  readonly #staged: Row[] = [];
  /** Snapshots that took the place of the state. */
  installed = 0;
  /** The other disks: what a snapshot spares a log, the checkers are shown from there. */
  others: readonly ConsensusDisk[] = [];

  /** Makes `batch` durable, in one instant. */
  commit(batch: Persist): void {
    if (batch.hardState !== undefined) this.hardState = batch.hardState;
    if (batch.truncateFrom !== undefined) this.entries.length = batch.truncateFrom - 1;
    this.entries.push(...batch.entries);
    if (batch.front !== undefined) this.front = batch.front;
    for (const write of batch.writes) this.#write(write);
    this.applied = batch.applied;
    if (batch.notes !== undefined) this.notes = new Map([...this.notes, ...batch.notes]);
    if (batch.installed !== undefined) this.#install(batch.installed);
  }

  /** Adds rows to a state that is put together. */
  stage(rows: readonly Row[], isFirst: boolean): void {
    if (isFirst) this.#staged.length = 0;
    this.#staged.push(...rows);
  }

  #install(front: LogFront): void {
    this.#pairs.clear();
    this.#names = [];
    this.stateHash = 0n;
    for (const row of this.#staged.splice(0)) this.#write(row);
    this.front = front;
    const { index, hash } = front.before;
    const source = this.others.find(({ entries }) => {
      const entry = entries[index - 1];
      return entry !== undefined && equal(entry.hash, hash);
    });
    this.entries.splice(0, Infinity, ...(source?.entries.slice(0, index) ?? []));
    // Nobody reads what is before the front.
    this.entries.length = index;
    this.installed += 1;
  }

  /** The entries that a node reads at a start. */
  read(): Entry[] {
    return this.entries
      .slice(this.front?.before.index ?? 0)
      .map((entry) => (entry.index === this.rotten ? rotted(entry) : entry));
  }

  /** The part of the log that a node reads behind `after`. */
  page(after: number, limits: LogPageLimits): LogPage | undefined {
    const entries = this.read().filter(({ index }) => index >= after);
    return pageOf(after, entries, limits, this.front);
  }

  /** All of it as it is now. */
  image(): () => void {
    const { hardState, front, applied, notes, stateHash } = this;
    const [entries, pairs] = [[...this.entries], [...this.#pairs]];
    return () => {
      Object.assign(this, { hardState, front, applied, notes, stateHash });
      this.entries.splice(0, Infinity, ...entries);
      this.#pairs.clear();
      for (const [name, pair] of pairs) this.#pairs.set(name, pair);
      this.#names = [...this.#pairs.keys()].sort();
    };
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#pairs.get(nameOf(key))?.[1];
  }

  *scan(prefix: Uint8Array, from?: Uint8Array): Iterable<Pair> {
    const begin = nameOf(prefix);
    const names = this.#names;
    for (let at = this.#place(nameOf(from ?? prefix)); at < names.length; at++) {
      const name = names[at] ?? '';
      if (!name.startsWith(begin)) {
        if (name > begin) return;
        continue;
      }
      const pair = this.#pairs.get(name);
      if (pair !== undefined) yield pair;
    }
  }

  #write([key, value]: Write): void {
    const name = nameOf(key);
    const old = this.#pairs.get(name);
    if (old !== undefined) this.stateHash ^= hashOf(old);
    if (value === undefined) {
      if (old === undefined) return;
      this.#pairs.delete(name);
      this.#names = this.#names.toSpliced(this.#place(name), 1);
      return;
    }
    const pair: Pair = [key, value];
    this.stateHash ^= hashOf(pair);
    this.#pairs.set(name, pair);
    if (old === undefined) this.#names.splice(this.#place(name), 0, name);
  }

  /** Position of the first name that is not below `name`. */
  #place(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#names[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bitFlipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const at = copy.length >> 1;
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** One bit is another: of the payload, or of the hash where there is none. */
function rotted(entry: Entry): Entry {
  return entry.payload.length > 0
    ? { ...entry, payload: bitFlipped(entry.payload) }
    : { ...entry, hash: bitFlipped(entry.hash) };
}

/** The part of a batch that a log that is written from front to back has when the power goes. */
export function tornBatch(batch: Persist, part: number, applied: number): Persist {
  // Of a store's first write lmdb keeps all or nothing: a term without a genesis would be a lost log.
  const least = batch.entries[0]?.index === 1 ? 1 : 0;
  const kept = Math.max(least, Math.floor(batch.entries.length * part));
  const entries = batch.entries.slice(0, kept);
  return { ...batch, entries, writes: [], applied, ...(batch.notes && { notes: [] }) };
}

/** One character per byte, so that texts sort as their bytes do. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

function hashOf([key, value]: Pair): bigint {
  const hash = createHash('sha256').update(`${key.length},`).update(key).update(value).digest();
  return hash.readBigUInt64LE(0);
}

/** The durable half of the files of checkpoints. */
export class SnapshotDisk {
  readonly files = new Map<string, Uint8Array>();
}

/**
 * One life's door to those files. What is not finished when it ends is gone.
 *
 * @param misreads - Whether a bit of a state reads wrong this time.
 */
export function openSnapshotFiles(
  { files }: SnapshotDisk,
  timing: DiskTiming,
  misreads: () => boolean = () => false,
): SnapshotFiles {
  const wait = (): Promise<void> =>
    new Promise((resolve) => timing.inProcess(timing.latencyMs(), resolve));
  return {
    names: async () => {
      await wait();
      return [...files.keys()];
    },
    create: async (name) => {
      await wait();
      const parts: Uint8Array[] = [];
      return {
        append: async (bytes) => {
          parts.push(bytes.slice());
          await wait();
        },
        finish: () =>
          new Promise((resolve, reject) => {
            const [latencyMs, fate] = [timing.latencyMs(), timing.fate()];
            if (fate === 'good' || fate === 'failed but kept')
              timing.onDisk(latencyMs * timing.durableAt(), () => {
                files.set(name, concat(...parts));
              });
            timing.inProcess(latencyMs, () =>
              fate === 'good' ? resolve() : reject(failureOf(fate)),
            );
          }),
        discard: async () => void parts.splice(0),
      };
    },
    read: async (name, offset, length) => {
      await wait();
      const bytes = files.get(name)?.slice(offset, offset + length);
      const isState = name.endsWith('.state') && bytes !== undefined && bytes.length > 0;
      if (isState && misreads()) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0x10;
      return bytes;
    },
    remove: async (name) => {
      timing.onDisk(timing.latencyMs(), () => files.delete(name));
      await wait();
    },
  };
}

/** The durable half of a share store. */
export class ShareDisk {
  readonly #sealed = new Map<string, Uint8Array>();
  readonly #damaged = new Set<string>();

  /** Files a share where there is none, in one instant. */
  putIfAbsent(id: ShareId, sealed: Uint8Array): PutResult {
    const present = this.get(id);
    if (present !== undefined) return { absent: false, present };
    this.#sealed.set(shareName(id), sealed);
    return { absent: true };
  }

  replace(id: ShareId, before: Uint8Array, after: Uint8Array): boolean {
    const present = this.get(id);
    if (present === undefined || !equal(present, before)) return false;
    this.#sealed.set(shareName(id), after);
    return true;
  }

  get(id: ShareId): Uint8Array | undefined {
    const name = shareName(id);
    if (this.#damaged.has(name)) throw new ShareStoreError('damaged', `${name}: a bit is another`);
    return this.#sealed.get(name)?.slice();
  }

  delete(id: ShareId): void {
    this.#sealed.delete(shareName(id));
    this.#damaged.delete(shareName(id));
  }

  /** From now on a bit of this record reads wrong. */
  damage(id: ShareId): void {
    this.#damaged.add(shareName(id));
  }

  list({ after, limit }: SharePageRequest): SharePage {
    const behind = after === undefined ? '' : shareName(after);
    const names = [...this.#sealed.keys()].sort(compareText).filter((name) => name > behind);
    const items = names.slice(0, limit).map((name) => {
      const [key = '', session = ''] = name.split('\0');
      return { keyId: keyId(key), sessionId: sessionId(session) };
    });
    return { items, next: names.length > limit ? items.at(-1) : undefined };
  }
}

function shareName({ keyId: key, sessionId: session }: ShareId): string {
  return `${key}\0${session}`;
}

/** How a write ends: well; with nothing kept, for there is no space; or its sync fails, with everything kept or nothing. */
export type Fate = 'good' | 'full' | 'failed but kept' | 'failed';

/** How long the machine takes. What is under way when the process dies never happens. */
export type DiskTiming = {
  /** Of one write or sync, in true milliseconds. */
  latencyMs(): number;
  /** Where in [0, 1) of a write's latency it becomes durable. */
  durableAt(): number;
  fate(): Fate;
  /** Runs `run` later, on a paused process too: the disk goes on. */
  onDisk(afterMs: number, run: () => void): void;
  /** Runs `run` later, when the process is not paused. */
  inProcess(afterMs: number, run: () => void): void;
};

/** One life's door to the consensus disk. A batch is durable some time before the process learns of it. */
export function openConsensusStore(
  disk: ConsensusDisk,
  timing: DiskTiming,
  events: {
    begun(batch: Persist): void;
    durable(batch: Persist): void;
    /** The process learns now that its write has failed. */
    failed(fate: Fate): void;
    misuse(what: string): void;
  },
): ConsensusStore {
  let writing = false;
  return {
    load: () =>
      new Promise((resolve) => {
        timing.inProcess(timing.latencyMs(), () => {
          const { hardState, applied } = disk;
          const entries = disk.read();
          const isEmpty = disk.entries.length === 0;
          const { front, notes } = disk;
          resolve({ hardState, front, entries, isEmpty, applied, notes });
        });
      }),
    persist: (given) => {
      if (writing) events.misuse('two calls of persist at a time');
      try {
        if (given.installed !== undefined) requireFits(given, undefined, disk.front);
      } catch (error) {
        return Promise.reject(error);
      }
      writing = true;
      const batch = copyOf(given);
      events.begun(batch);
      return new Promise((resolve, reject) => {
        const latencyMs = timing.latencyMs();
        const fate = timing.fate();
        if (fate === 'good' || fate === 'failed but kept') {
          timing.onDisk(latencyMs * timing.durableAt(), () => {
            disk.commit(batch);
            events.durable(batch);
          });
        }
        timing.inProcess(latencyMs, () => {
          writing = false;
          if (fate === 'good') resolve();
          else {
            events.failed(fate);
            reject(failureOf(fate));
          }
        });
      });
    },
    readLog: (after, limits) => disk.page(after, limits),
    readState: () => readingOf([...disk.scan(new Uint8Array(0))]),
    stage: (rows, isFirst) =>
      new Promise((resolve) => {
        const copies = rows.map(([key, value]) => [key.slice(), value.slice()] as const);
        const latencyMs = timing.latencyMs();
        timing.onDisk(latencyMs / 2, () => disk.stage(copies, isFirst));
        timing.inProcess(latencyMs, resolve);
      }),
    get: (key) => disk.get(key),
    scan: (prefix, from) => disk.scan(prefix, from),
    close: () => Promise.resolve(),
  };
}

function readingOf(rows: readonly Row[]): StateReading {
  return {
    *rows(after) {
      for (const row of rows) if (after === undefined || nameOf(row[0]) > nameOf(after)) yield row;
    },
    close: () => undefined,
  };
}

function copyOf(batch: Persist): Persist {
  return {
    ...batch,
    entries: batch.entries.map((entry) => ({
      ...entry,
      payload: entry.payload.slice(),
      hash: entry.hash.slice(),
    })),
    writes: batch.writes.map(([key, value]) => [key.slice(), value?.slice()] as const),
  };
}

function failureOf(fate: Fate): Error {
  return fate === 'full'
    ? new ClusterError('wrong-state', 'The disk is full', { reason: 'DISK_FULL' })
    : new Error('EIO: i/o error, fsync');
}

/** One life's door to the share disk. A write that fails is `unavailable` to the node, whatever became of it. */
export function openShareStore(
  disk: ShareDisk,
  timing: DiskTiming,
  events: { durable(id: ShareId): void; erased(id: ShareId): void },
): ShareStore {
  const wait = (): Promise<void> =>
    new Promise((resolve) => timing.inProcess(timing.latencyMs(), resolve));
  const write = <T>(commit: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const latencyMs = timing.latencyMs();
      const fate = timing.fate();
      let committed: { readonly result: T } | { readonly error: unknown } | undefined;
      if (fate === 'good' || fate === 'failed but kept') {
        timing.onDisk(latencyMs * timing.durableAt(), () => {
          try {
            committed = { result: commit() };
          } catch (error) {
            committed = { error };
          }
        });
      }
      timing.inProcess(latencyMs, () => {
        if (fate !== 'good')
          reject(new ShareStoreError('unavailable', 'it did not commit', failureOf(fate)));
        else if (committed !== undefined && 'result' in committed) resolve(committed.result);
        else reject(committed?.error);
      });
    });
  return {
    putIfAbsent: (id, sealed) => {
      const copy = sealed.slice();
      return write(() => {
        const put = disk.putIfAbsent(id, copy);
        events.durable(id);
        return put;
      });
    },
    replace: (id, before, after) => {
      const [expected, copy] = [before.slice(), after.slice()];
      return write(() => disk.replace(id, expected, copy));
    },
    get: async (id) => {
      await wait();
      return disk.get(id);
    },
    delete: (id) =>
      write(() => {
        disk.delete(id);
        events.erased(id);
      }),
    list: async (page) => {
      await wait();
      return disk.list(page);
    },
    close: () => Promise.resolve(),
  };
}
