import type { LogIndex, Millis } from '../common/index.js';
import type { Timer } from '../ports/index.js';
import type { Applier } from './applier.js';
import type { RaftDriverParts } from './driver-parts.js';
import { ZERO_HASH } from './entry-hash.js';
import type { Ready } from './ready.js';

/** Pending writes of the state leave alone when nothing was applied for this long. */
export const FLUSH_QUIET_MS: Millis = 50;
/** Or when so many entries are applied and not durable: restarts must not replay, nor memory hold, without end. */
export const UNFLUSHED_ENTRIES_MAX = 4096;

export type WriterEvents = {
  /** Nothing is being written any more. */
  done(): void;
  /** The write failed: the node must not go on. */
  failed(error: unknown): void;
};

/** Makes durable what consensus asks for, together with what was applied since. One write is under way at a time. */
export class Writer {
  readonly #parts: Pick<RaftDriverParts, 'raft' | 'store' | 'machine' | 'clock'>;
  readonly #applier: Applier;
  readonly #events: WriterEvents;
  /** The last entry whose writes have been handed to the store. */
  #flushed: LogIndex;
  #writing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(
    parts: Pick<RaftDriverParts, 'raft' | 'store' | 'machine' | 'clock'>,
    applier: Applier,
    events: WriterEvents,
  ) {
    this.#parts = parts;
    this.#applier = applier;
    this.#events = events;
    this.#flushed = applier.applied;
  }

  get isBusy(): boolean {
    return this.#writing !== undefined;
  }

  /** Begins a write. `keep` is called when it is durable, and consensus knows: what was promised may leave. */
  write(persist: Ready['persist'], keep: () => void): void {
    this.#timer?.cancel();
    this.#writing = this.#write(persist, keep);
  }

  /** Sees to it that what is applied becomes durable, though consensus has nothing to save: at once, or when it is quiet. */
  applied(hasApplied: boolean): void {
    const unflushed = this.#applier.applied - this.#flushed;
    if (this.isBusy || unflushed === 0) return;
    if (unflushed >= UNFLUSHED_ENTRIES_MAX) this.#flush();
    else if (hasApplied) this.#armFlush();
  }

  /** Begins nothing more, and calls nobody any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Resolves when no write is under way. */
  async rest(): Promise<void> {
    await this.#writing;
  }

  async #write(persist: Ready['persist'], keep: () => void): Promise<void> {
    const { raft, machine, store } = this.#parts;
    try {
      const writes = machine.pendingWrites();
      const entries = persist?.entries ?? [];
      const { applied } = this.#applier;
      this.#flushed = applied;
      await store.persist({ entries, ...persist, writes, applied });
      this.#writing = undefined;
      if (this.#isStopped) return;
      machine.flushed(writes);
      const last = entries.at(-1);
      raft.persisted(last?.index ?? 0, last?.hash ?? ZERO_HASH);
      keep();
      this.#events.done();
    } catch (error) {
      // A write that failed may or may not be on disk, and a second try can claim what the first one lost.
      this.#writing = undefined;
      if (!this.#isStopped) this.#events.failed(error);
    }
  }

  #armFlush(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(FLUSH_QUIET_MS, () => {
      try {
        this.#flush();
      } catch (error) {
        this.#events.failed(error);
      }
    });
  }

  #flush(): void {
    if (this.isBusy || this.#parts.machine.pendingWrites().length === 0) return;
    this.#parts.raft.persistStarted();
    this.write(undefined, () => undefined);
  }
}
