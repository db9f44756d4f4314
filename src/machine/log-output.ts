import { writeSync } from 'node:fs';
import { codeOf } from '../common/index.js';

/** The port of pino to the place where lines go. */
export type LogOutput = { write(line: string): void };

type Write = (fd: number, bytes: Uint8Array) => number;

/** A pipe whose reader is slow (EAGAIN) is asked so often, with so much time between. */
const TRIES_MAX = 10;
const TRY_AGAIN_MS = 10;

/**
 * Writes lines to a file descriptor, each before the call returns, and never throws: a node whose log cannot be written, because
 * the disk is full or the reader is gone, still signs. Lost lines are counted, and the first line that can be written again
 * says how many there were.
 */
export function logOutput(fd: number, write: Write = writeSync): LogOutput {
  let lost = 0;
  /** The last line was written in part. */
  let torn = false;
  return {
    write(line) {
      const before = `${torn ? '\n' : ''}${lost > 0 ? lossLine(lost) : ''}`;
      const bytes = new TextEncoder().encode(before + line);
      // While lines are being lost, no line waits for a reader.
      const written = writeAll(fd, bytes, write, lost > 0 ? 1 : TRIES_MAX);
      if (written === bytes.length) {
        [lost, torn] = [0, false];
        return;
      }
      lost += 1;
      torn ||= written > 0;
    },
  };
}

/** @returns the number of bytes that were written. */
function writeAll(fd: number, bytes: Uint8Array, write: Write, triesMax: number): number {
  let written = 0;
  let tries = 0;
  while (written < bytes.length && tries < triesMax) {
    try {
      written += write(fd, bytes.subarray(written));
    } catch (error) {
      tries += 1;
      if (!isBusy(error)) return written;
      if (tries < triesMax) sleep(TRY_AGAIN_MS);
    }
  }
  return written;
}

function lossLine(count: number): string {
  const time = new Date().toISOString();
  const msg = 'Lines of this log are lost: they could not be written';
  return `${JSON.stringify({ level: 'warn', time, lost: count, msg })}\n`;
}

function isBusy(error: unknown): boolean {
  return codeOf(error) === 'EAGAIN';
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
