import { assert, keyId, sessionId, utf8 } from '../../common/index.js';
import type { KeyId, SessionId } from '../../common/index.js';
import type { ShareStore } from '../../ports/index.js';
import { durable, LOWEST_KEY } from './table.js';
import type { Table } from './table.js';

/** Below every character of an id, so that the order of the whole is that of its parts. */
const SEPARATOR = '\0';

/** Sealed key shares on disk, in the environment of the log. */
export class LmdbShareStore implements ShareStore {
  readonly #table: Table;
  readonly #release: () => Promise<void>;
  readonly #writing = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(table: Table, release: () => Promise<void>) {
    this.#table = table;
    this.#release = release;
  }

  async put(key: KeyId, session: SessionId, sealed: Uint8Array): Promise<void> {
    assert(this.#closing === undefined, 'the store is closed');
    // A copy: lmdb reads the value later, from where it is.
    const write = durable(this.#table.put(place(key, session), Uint8Array.from(sealed)));
    this.#writing.add(write);
    try {
      await write;
    } finally {
      this.#writing.delete(write);
    }
  }

  async get(key: KeyId, session: SessionId): Promise<Uint8Array | undefined> {
    const sealed = this.#table.get(place(key, session));
    return sealed === undefined ? undefined : Uint8Array.from(sealed);
  }

  /** Of the moment when it is asked: names only, so all of them are taken at once. */
  async *list(): AsyncGenerator<readonly [KeyId, SessionId]> {
    const places = [...this.#table.getKeys({ start: LOWEST_KEY })].map(names);
    yield* places;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#writing).then(this.#release);
    return this.#closing;
  }
}

function place(key: KeyId, session: SessionId): Uint8Array {
  return utf8(`${key}${SEPARATOR}${session}`);
}

function names(bytes: Uint8Array): readonly [KeyId, SessionId] {
  const [key = '', session = ''] = new TextDecoder().decode(bytes).split(SEPARATOR);
  return [keyId(key), sessionId(session)];
}
