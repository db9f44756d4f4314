import { compareText, concat, keyId, sessionId, toHex, utf8 } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import { readOrDamaged, sharesUnder } from '../ports/index.js';
import type { ShareId, ShareStore } from '../ports/index.js';

/** The name under which counts are filed. No key's id begins like this. */
const NAME = keyId('_failures');
/** Subjects that are remembered: versions of keys, and nodes. Where there are more, the one with the fewest failures makes room. */
const SUBJECTS_MAX = 16_384;

/*
 * A count, format 1, under the hash of its subject and the count itself:  u8 1 ‖ u32 count ‖ u64 ms since 1970 ‖ the subject in UTF-8.
 * A record is never altered: a further failure adds one, and then deletes the one before.
 */
const FORMAT = 1;
const COUNT_AT = 1;
const SINCE_AT = 5;
const SUBJECT_AT = 13;
const HASH_CHARS = 32;

/** How often something has failed. */
export type FailureCount = {
  readonly subject: string;
  /** From 1. */
  readonly count: number;
  /** When the first of them was counted. It names the count: after it is cleared another one begins. */
  readonly sinceMs: Millis;
};

/**
 * Counts of failures by their subject, in this node's own share store, so that a restart forgets none. A crash between a failure and
 * its write loses that one.
 */
export class FailureRecords {
  readonly #shares: ShareStore;
  readonly #max: number;
  readonly #counts = new Map<string, FailureCount>();
  #loaded: Promise<void> | undefined;
  /** Writes follow each other. */
  #written: Promise<unknown> = Promise.resolve();

  /** @param max - Subjects that are remembered. */
  constructor(shares: ShareStore, max = SUBJECTS_MAX) {
    this.#shares = shares;
    this.#max = max;
  }

  /** Reads the counts, once. Until then none is known. @throws {ShareStoreError} `unavailable`: it may be asked again. */
  async load(): Promise<void> {
    this.#loaded ??= this.#read();
    try {
      await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }

  of(subject: string): FailureCount | undefined {
    return this.#counts.get(subject);
  }

  /** All counts, those with the most failures first. */
  all(): readonly FailureCount[] {
    return [...this.#counts.values()].toSorted(
      (a, b) => b.count - a.count || compareText(a.subject, b.subject),
    );
  }

  /**
   * Counts a failure: at once in memory. Resolves when it is durable.
   *
   * @throws {ShareStoreError} `unavailable`. The count in memory stays.
   */
  async add(subject: string, nowMs: Millis): Promise<FailureCount> {
    const before = this.#counts.get(subject);
    const forgotten = before === undefined ? this.#surplus() : undefined;
    const sinceMs = before?.sinceMs ?? Math.floor(nowMs);
    const counted = { subject, count: (before?.count ?? 0) + 1, sinceMs };
    this.#counts.set(subject, counted);
    if (forgotten !== undefined) this.#counts.delete(forgotten.subject);
    await this.#inTurn(async () => {
      await this.#shares.putIfAbsent(idOf(counted), encodeCount(counted));
      for (const each of [before, forgotten]) {
        if (each !== undefined) await this.#shares.delete(idOf(each));
      }
    });
    return counted;
  }

  /**
   * Forgets the failures of a subject. Resolves when that is durable.
   *
   * @throws {ShareStoreError} `unavailable`. They are forgotten in memory alone then.
   */
  async clear(subject: string): Promise<void> {
    const before = this.#counts.get(subject);
    if (before === undefined) return;
    this.#counts.delete(subject);
    await this.#inTurn(() => this.#shares.delete(idOf(before)));
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#written.then(write, write);
    this.#written = written.catch(() => {});
    return written;
  }

  /** A subject for which there is no room any more. */
  #surplus(): FailureCount | undefined {
    return this.#counts.size < this.#max ? undefined : this.all().at(-1);
  }

  /** A crash may have left the record before beside the newest one. */
  async #read(): Promise<void> {
    for (const id of await sharesUnder(this.#shares, NAME)) {
      const read = await this.#readOne(id);
      const known = read && this.#counts.get(read.subject);
      if (read === undefined) continue;
      const [newer, older] = known && known.count > read.count ? [known, read] : [read, known];
      this.#counts.set(read.subject, newer);
      if (older !== undefined && older.count < newer.count) await this.#shares.delete(idOf(older));
    }
  }

  /** A record that is damaged tells nothing any more. */
  async #readOne(id: ShareId): Promise<FailureCount | undefined> {
    const bytes = await readOrDamaged(this.#shares, id);
    return bytes === undefined || bytes === 'damaged' ? undefined : decodeCount(bytes);
  }
}

function idOf({ subject, count, sinceMs }: FailureCount): ShareId {
  const name = toHex(sha256(utf8(subject))).slice(0, HASH_CHARS);
  return { keyId: NAME, sessionId: sessionId(`${name}-${sinceMs}-${count}`) };
}

function encodeCount({ subject, count, sinceMs }: FailureCount): Uint8Array {
  const head = new Uint8Array(SUBJECT_AT);
  const view = new DataView(head.buffer);
  view.setUint8(0, FORMAT);
  view.setUint32(COUNT_AT, count);
  view.setBigUint64(SINCE_AT, BigInt(sinceMs));
  return concat(head, utf8(subject));
}

function decodeCount(bytes: Uint8Array): FailureCount | undefined {
  if (bytes[0] !== FORMAT || bytes.length < SUBJECT_AT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    subject: new TextDecoder().decode(bytes.subarray(SUBJECT_AT)),
    count: view.getUint32(COUNT_AT),
    sinceMs: Number(view.getBigUint64(SINCE_AT)),
  };
}
