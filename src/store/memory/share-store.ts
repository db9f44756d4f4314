import type { KeyId, SessionId } from '../../common/index.js';
import type { ShareStore } from '../../ports/index.js';

/** Sealed key shares in memory: gone with the process, otherwise as on disk. */
export function memoryShareStore(): ShareStore {
  return new MemoryShareStore();
}

class MemoryShareStore implements ShareStore {
  readonly #sealed = new Map<string, readonly [KeyId, SessionId, Uint8Array]>();

  async put(key: KeyId, session: SessionId, sealed: Uint8Array): Promise<void> {
    const copy = Uint8Array.from(sealed);
    await Promise.resolve();
    this.#sealed.set(place(key, session), [key, session, copy]);
  }

  async get(key: KeyId, session: SessionId): Promise<Uint8Array | undefined> {
    const found = this.#sealed.get(place(key, session));
    return found === undefined ? undefined : Uint8Array.from(found[2]);
  }

  async *list(): AsyncGenerator<readonly [KeyId, SessionId]> {
    for (const name of [...this.#sealed.keys()].sort()) {
      const found = this.#sealed.get(name);
      if (found !== undefined) yield [found[0], found[1]];
    }
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

/** The separator is below every character of an id. */
function place(key: KeyId, session: SessionId): string {
  return `${key}\0${session}`;
}
