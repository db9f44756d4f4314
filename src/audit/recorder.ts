import { concat, utf8, wordsOf } from '../common/index.js';
import type { LogIndex, Millis } from '../common/index.js';
import type { AuditFiles, AuditHead, Clock, Entry, Logger, Timer } from '../ports/index.js';
import { headerOf, isSameEnd, lineOf } from './chain.js';
import type { ChainEnd } from './chain.js';
import { fileName, filesOf } from './files.js';
import {
  FILE_BYTES_MAX,
  FILES_KEPT,
  LAG_MS_MAX,
  WAITING_BYTES_MAX,
  WAITING_ENTRIES_MAX,
  WRITE_AGAIN_MS,
  WRITE_BYTES_MAX,
  WRITE_EVERY_MS,
} from './limits.js';
import { gapRecord } from './record.js';
import type { AuditRecord } from './record.js';
import type { FoundLog, TailLine } from './open.js';

export type RecorderParts = {
  readonly files: AuditFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** {@link FILES_KEPT} unless given. */
  readonly filesKept?: number | undefined;
  /** {@link FILE_BYTES_MAX} unless given. */
  readonly fileBytesMax?: number | undefined;
  /** More entries have become durable here, or entries can be applied again. */
  readonly onRecorded: () => void;
};

/** The lines of one applied entry, until they are durable. */
type Waiting = {
  /** Of the chain before its lines. */
  readonly begin: ChainEnd;
  readonly end: AuditHead;
  readonly text: string;
  readonly bytes: number;
  readonly sinceMs: Millis;
};

/** How well an audit log keeps up. */
export type AuditStanding = {
  /** Whether it is so late, or fails, that this node gives no share. */
  readonly isBehind: boolean;
  /** How long the oldest line has waited. */
  readonly lagMs: Millis;
  /** The last line that is durable. */
  readonly line: number;
};

/**
 * Writes the audit log of one node behind what it applies: whole lines, in order, each batch synced. A write that fails is
 * tried again from the same place until it comes to be.
 */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** With all that waits. */
  #end: ChainEnd;
  #recorded: AuditHead;
  /** Lines that are in the file, of entries that are applied again. */
  readonly #tail: TailLine[];
  #file: FoundLog['file'];
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isFailing = false;
  #isStopped = false;

  /** @param applied - The last entry that the state holds. */
  constructor(parts: RecorderParts, found: FoundLog, applied: LogIndex) {
    this.#parts = parts;
    this.#end = found.end;
    this.#tail = [...found.tail];
    this.#file = found.file;
    this.#recorded = { index: applied, line: found.end.line, hash: found.end.hash };
    if (found.isCut) {
      parts.logger.alarm('The audit log lacks lines that this node has written', {
        line: found.end.line,
      });
    }
  }

  /**
   * The state is that of an entry, and the log behind `known` was never applied here: a snapshot was installed, or an earlier
   * build kept no audit log. Lines that are there already count.
   *
   * @param known - The last entry whose lines are in the chain.
   */
  skipped(known: LogIndex, applied: LogIndex, timeMs: Millis): void {
    let last = known;
    for (let next = this.#tail[0]; next !== undefined && next.index <= applied;) {
      last = next.index;
      this.#end = next;
      this.#tail.shift();
      next = this.#tail[0];
    }
    if (last < applied) this.take({ index: applied }, [gapRecord(last + 1, applied, timeMs)]);
    else this.take({ index: applied }, []);
  }

  /** An entry has been applied. */
  take(
    { index, payload }: Pick<Entry, 'index'> & Partial<Pick<Entry, 'payload'>>,
    records: readonly AuditRecord[],
  ): void {
    const { text, begin } = this.#linesOf(index, records);
    const end = { index, line: this.#end.line, hash: this.#end.hash };
    if (text === '' && this.#waiting.length === 0) {
      this.#recorded = end;
      return;
    }
    const bytes = text.length + (payload?.length ?? 0);
    this.#waiting.push({ begin, end, text, bytes, sinceMs: this.#parts.clock.elapsed() });
    this.#waitingBytes += bytes;
    this.#arm(WRITE_EVERY_MS);
  }

  /** The lines of all entries up to this one are durable. */
  get recorded(): AuditHead {
    return this.#recorded;
  }

  /** So much waits to be durable that no more is to be applied. */
  get isHeld(): boolean {
    return this.#waiting.length >= WAITING_ENTRIES_MAX || this.#waitingBytes >= WAITING_BYTES_MAX;
  }

  get standing(): AuditStanding {
    const oldest = this.#waiting[0];
    const lagMs = oldest === undefined ? 0 : this.#parts.clock.elapsed() - oldest.sinceMs;
    return { isBehind: this.#isFailing || lagMs > LAG_MS_MAX, lagMs, line: this.#recorded.line };
  }

  /** Writes what waits, once, and lets go of the files. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#writing;
    this.#isFailing = false;
    while (this.#waiting.length > 0 && !this.#isFailing) await this.#write();
    await this.#parts.files.close();
  }

  /** The lines of an entry that are not in the file yet. The file's word stands where it says other than the log does. */
  #linesOf(index: LogIndex, records: readonly AuditRecord[]): Pick<Waiting, 'text' | 'begin'> {
    let isOther = this.#adopt((line) => line.index < index);
    let [text, begin] = ['', this.#end];
    for (const record of records) {
      const line = lineOf(record, this.#end);
      const [there] = this.#tail;
      if (there === undefined) {
        text += line.text;
        this.#end = line.end;
        continue;
      }
      isOther ||= !isSameEnd(there, line.end);
      if (there.index > index) continue;
      this.#tail.shift();
      [this.#end, begin] = [there, there];
    }
    isOther = this.#adopt((line) => line.index <= index) || isOther;
    if (isOther) this.#parts.logger.alarm('The audit log says other than the log', { index });
    return { text, begin };
  }

  /** Goes on from lines of the file that no entry brings again. Says whether there were any. */
  #adopt(isPassed: (line: TailLine) => boolean): boolean {
    let [next, isAny] = [this.#tail[0], false];
    for (; next !== undefined && isPassed(next); next = this.#tail[0]) {
      this.#end = next;
      this.#tail.shift();
      isAny = true;
    }
    return isAny;
  }

  #arm(afterMs: Millis): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#isStopped) return;
    this.#timer = this.#parts.clock.after(afterMs, () => {
      this.#timer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#waiting.length > 0) this.#arm(this.#isFailing ? WRITE_AGAIN_MS : WRITE_EVERY_MS);
      });
    });
  }

  /** Makes the oldest lines durable, as many as one write takes. Never rejects. */
  async #write(): Promise<void> {
    const { logger, onRecorded } = this.#parts;
    let [count, length] = [0, 0];
    for (const { text } of this.#waiting) {
      if (count > 0 && length + text.length > WRITE_BYTES_MAX) break;
      count += 1;
      length += text.length;
    }
    const batch = this.#waiting.slice(0, count);
    try {
      await this.#append(batch);
    } catch (error) {
      if (!this.#isFailing) {
        const words = 'The audit log cannot be written: this node gives no share until it can';
        logger.error(words, { error: wordsOf(error) });
      }
      this.#isFailing = true;
      return;
    }
    if (this.#isFailing) logger.info('The audit log can be written again');
    this.#isFailing = false;
    this.#waiting.splice(0, count);
    this.#waitingBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#recorded = batch.at(-1)?.end ?? this.#recorded;
    if (!this.#isStopped) onRecorded();
  }

  /** Of one batch, all goes into one file. */
  async #append(batch: readonly Waiting[]): Promise<void> {
    const { files, fileBytesMax = FILE_BYTES_MAX } = this.#parts;
    const bytes = utf8(batch.map(({ text }) => text).join(''));
    const begin = batch.find(({ text }) => text !== '')?.begin;
    if (begin === undefined) return;
    const file = this.#file;
    const isFull = file !== undefined && file.bytes + bytes.length > fileBytesMax;
    if (file !== undefined && !isFull) {
      await files.write(file.name, file.bytes, bytes);
      this.#file = { name: file.name, bytes: file.bytes + bytes.length };
      return;
    }
    const name = fileName(begin.line + 1);
    const all = concat(utf8(headerOf(begin)), bytes);
    await files.write(name, 0, all);
    this.#file = { name, bytes: all.length };
    await this.#removeOldest();
  }

  /** A file that cannot be removed now is removed when the next one begins. Never rejects. */
  async #removeOldest(): Promise<void> {
    const { files, logger, filesKept = FILES_KEPT } = this.#parts;
    try {
      const names = await filesOf(files);
      for (const { name } of names.slice(0, Math.max(0, names.length - filesKept))) {
        await files.remove(name);
        logger.warn('Removed the oldest file of the audit log: there are more than are kept', {
          file: name,
        });
      }
    } catch (error) {
      logger.warn('Old files of the audit log cannot be removed', { error: wordsOf(error) });
    }
  }
}
