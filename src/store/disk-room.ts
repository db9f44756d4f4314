import type { Millis } from '../common/index.js';
import type { Clock, Logger, Room, RoomLevel } from '../ports/index.js';
import { freeBytesOf } from './disk-space.js';
import type { FreeBytes } from './disk-space.js';

const MIB = 1024 * 1024;

/**
 * Below this a node takes nothing new. Between it and {@link NONE_BELOW_BYTES} there is room for what a leader may have
 * proposed before it looked, 16 MiB of the log (`uncommittedBytesMax`), and for what that writes.
 */
export const LOW_BELOW_BYTES = 32 * MIB;
/** Below this a node takes no entry of the log: the rest is for votes and terms, whose pages are small and used again. */
export const NONE_BELOW_BYTES = 8 * MIB;
/** A level is left again when there is a quarter more than that: files that come and go do not move a node to and fro. */
const LEFT_ABOVE = 1.25;
/** A look at the disk is good for so long. */
export const LOOK_EVERY_MS: Millis = 500;

/** The room on the file systems of some folders, as the fullest of them has it. */
export class DiskRoom implements Room {
  readonly #folders: readonly string[];
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  readonly #freeBytes: FreeBytes;
  #level: RoomLevel = 'enough';
  #free: number | undefined;
  #lookedMs = -Infinity;

  /** @param freeBytes - Of the file system of a folder; the operating system's word by default. */
  constructor(
    folders: readonly string[],
    clock: Pick<Clock, 'elapsed'>,
    logger: Pick<Logger, 'warn' | 'info'>,
    freeBytes: FreeBytes = freeBytesOf,
  ) {
    this.#folders = folders;
    this.#clock = clock;
    this.#logger = logger;
    this.#freeBytes = freeBytes;
  }

  look(): RoomLevel {
    const nowMs = this.#clock.elapsed();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return this.#level;
    this.#lookedMs = nowMs;
    try {
      this.#free = Math.min(...this.#folders.map((folder) => this.#freeBytes(folder)));
    } catch {
      // A disk that cannot be asked is as it was; a write that finds no room says so itself.
      return this.#level;
    }
    this.#enter(this.#levelAt(this.#free), this.#free);
    return this.#level;
  }

  freeBytes(): number | undefined {
    return this.#free;
  }

  #levelAt(free: number): RoomLevel {
    const isBelow = (bytes: number, is: boolean): boolean =>
      free < (is ? bytes * LEFT_ABOVE : bytes);
    if (isBelow(NONE_BELOW_BYTES, this.#level === 'none')) return 'none';
    return isBelow(LOW_BELOW_BYTES, this.#level !== 'enough') ? 'low' : 'enough';
  }

  #enter(level: RoomLevel, free: number): void {
    if (level === this.#level) return;
    this.#level = level;
    const facts = { room: level, free_bytes: free };
    if (level === 'enough') this.#logger.info('The disk has room again', facts);
    else this.#logger.warn('The disk is low on room: make some', facts);
  }
}
