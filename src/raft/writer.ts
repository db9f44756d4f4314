import type { ClusterError } from '../common/index.js';
import type { LogIndex, Millis } from '../common/index.js';
import type { Note, Persist, Timer } from '../ports/index.js';
import type { Applier } from './applier.js';
import type { RaftDriverParts } from './driver-parts.js';
import { ZERO_HASH } from './entry-hash.js';
import { ROOM_AGAIN_MS } from './limits.js';
import { isDiskFull } from './persist-alone.js';
import type { Ready } from './ready.js';

/** Pending writes of the state leave alone when nothing was applied for this long. */
export const FLUSH_QUIET_MS: Millis = 50;
/** Or when so many entries are applied and not durable: restarts must not replay, nor memory hold, without end. */
export const UNFLUSHED_ENTRIES_MAX = 4096;

export type WriterEvents = {
  /** Notes that the write which begins holds beside the log and the state. */
  notes(): readonly Note[];
  /** Nothing is being written any more. */
  done(): void;
  /** The write failed: the node must not go on. */
  failed(error: unknown): void;
};

type WriterParts = Pick<RaftDriverParts, 'raft' | 'store' | 'machine' | 'clock' | 'logger'>;

/**
 * Makes durable what consensus asks for, together with what was applied since. One write is under way at a time. One for
 * which the disk has no room is not begun: it stays under way, and is tried again until there is room.
 */
export class Writer {
  readonly #parts: WriterParts;
  readonly #applier: Applier;
  readonly #events: WriterEvents;
  /** The last entry whose writes have been handed to the store. */
  #flushed: LogIndex;
  #writing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isWaiting = false;
  /** Ends a pause of that wait. */
  #goOn: (() => void) | undefined;
  #isStopped = false;

  constructor(parts: WriterParts, applier: Applier, events: WriterEvents) {
    this.#parts = parts;
    this.#applier = applier;
    this.#events = events;
    this.#flushed = applier.applied;
  }

  get isBusy(): boolean {
    return this.#writing !== undefined;
  }

  /** The write under way has found no room. */
  get waitsForRoom(): boolean {
    return this.#isWaiting;
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

  /** Makes notes durable though there is nothing else to write. Not while a write is under way. */
  writeNotes(): void {
    this.#timer?.cancel();
    this.#parts.raft.persistStarted();
    this.write(undefined, () => undefined);
  }

  /** Begins nothing more, and calls nobody any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#goOn?.();
  }

  /** Resolves when no write is under way. */
  async rest(): Promise<void> {
    await this.#writing;
  }

  async #write(persist: Ready['persist'], keep: () => void): Promise<void> {
    const { machine, store } = this.#parts;
    try {
      const writes = machine.pendingWrites();
      const entries = persist?.entries ?? [];
      const audit = machine.recorded;
      const applied = audit?.index ?? this.#applier.applied;
      this.#flushed = applied;
      const notes = this.#events.notes();
      const more = { ...(audit !== undefined && { audit }), ...(notes.length > 0 && { notes }) };
      const batch = { entries, ...persist, writes, applied, ...more };
      try {
        await store.persist(batch);
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        await this.#whenThereIsRoom(batch, error);
      }
      this.#saved(batch, keep);
    } catch (error) {
      // A write that failed may or may not be on disk, and a second try can claim what the first one lost.
      this.#writing = undefined;
      if (!this.#isStopped) this.#events.failed(error);
    }
  }

  #saved({ writes, entries }: Persist, keep: () => void): void {
    const { raft, machine } = this.#parts;
    this.#writing = undefined;
    if (this.#isStopped) return;
    machine.flushed(writes);
    const last = entries.at(-1);
    raft.persisted(last?.index ?? 0, last?.hash ?? ZERO_HASH);
    keep();
    this.#events.done();
  }

  /** Tries until the batch is durable, or the writer is stopped. */
  async #whenThereIsRoom(batch: Persist, found: ClusterError): Promise<void> {
    const { logger, store } = this.#parts;
    logger.warn('A write waits for room on the disk', { error: found.message });
    this.#isWaiting = true;
    for (;;) {
      await this.#pause();
      if (this.#isStopped) return;
      try {
        await store.persist(batch);
        break;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
      }
    }
    this.#isWaiting = false;
    logger.info('The write that waited for room is durable');
  }

  async #pause(): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      timer = this.#parts.clock.after(ROOM_AGAIN_MS, resolve);
    });
    timer?.cancel();
    this.#goOn = undefined;
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
