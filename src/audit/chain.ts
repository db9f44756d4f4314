import { concat, fromHex, toHex, utf8 } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import type { AuditRecord } from './record.js';

/** The end of a chain of lines: the number of its last line, and that line's hash. */
export type ChainEnd = {
  /** From 1; 0 before the first line. */
  readonly line: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
};

/** Before the first line there is. */
export const CHAIN_START: ChainEnd = { line: 0, hash: new Uint8Array(32) };

/** A line of an audit log, as it is read back. */
export type AuditLine = {
  readonly line: number;
  readonly index: number;
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly event: string;
  /** All that it says, in its order, the hash included. */
  readonly all: Readonly<Record<string, unknown>>;
  readonly hash: Uint8Array;
};

/** The format of a file's lines. It stands in the first line of each file. */
export const AUDIT_FORMAT = 1;
/** No line of ours is longer; a text without an end is not read into memory. */
export const LINE_BYTES_MAX = 16 * 1024;
const DOMAIN = utf8('quorate-audit-v1');
const LINE = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s;
/** Of JavaScript. */
const DATE_MS_MAX = 8.64e15;

/** The text of the line that follows `end`, and the end of the chain with it. */
export function lineOf(
  { index, timeMs, event, fields }: AuditRecord,
  end: ChainEnd,
): { readonly text: string; readonly end: ChainEnd } {
  const line = end.line + 1;
  const body = JSON.stringify({ line, index, time: isoOf(timeMs), event, ...fields });
  const hash = hashOf(end, body);
  return {
    text: `${body.slice(0, -1)},"hash":"${toHex(hash)}"}\n`,
    end: { line, hash },
  };
}

/** The first line of a file: its format, and the end of the chain that its lines go on from. */
export function headerOf({ line, hash }: ChainEnd): string {
  return `{"format":${AUDIT_FORMAT},"after_line":${line},"after_hash":"${toHex(hash)}"}\n`;
}

/** The faults of one line. */
export type LineFault =
  /** The text is no line of ours. */
  | 'unreadable'
  /** Its number is not the next one: lines are missing, or stand elsewhere. */
  | 'out-of-order'
  /** The line is not as it was written, or follows another line than it did. */
  | 'changed';

/**
 * Reads the line that should follow `end`.
 *
 * @param text - Without its line break.
 */
export function readLine(text: string, end: ChainEnd): AuditLine | LineFault {
  const [, before, hex] = LINE.exec(text) ?? [];
  const hash = hex === undefined ? undefined : fromHex(hex);
  const line = before === undefined || hash === undefined ? undefined : parsed(text, hash);
  if (line === undefined) return 'unreadable';
  if (line.line !== end.line + 1) return 'out-of-order';
  return toHex(hashOf(end, `${before ?? ''}}`)) === hex ? line : 'changed';
}

/** The end that a file's lines go on from; `undefined` for what is no first line of a file in this format. */
export function readHeader(text: string): ChainEnd | undefined {
  const [, line, hex] =
    /^\{"format":1,"after_line":(\d{1,15}),"after_hash":"([0-9a-f]{64})"\}$/.exec(text) ?? [];
  const hash = hex === undefined ? undefined : fromHex(hex);
  if (line === undefined || hash === undefined) return undefined;
  const end = { line: Number(line), hash };
  // One way to write each: no change of a byte is read as the same.
  return headerOf(end) === `${text}\n` ? end : undefined;
}

/** Whether two ends are of the same lines. */
export function isSameEnd(a: ChainEnd, b: ChainEnd): boolean {
  return a.line === b.line && toHex(a.hash) === toHex(b.hash);
}

/** SHA-256(domain ‖ hash of the line before ‖ the line without its hash). */
function hashOf({ hash }: ChainEnd, body: string): Uint8Array {
  return sha256(concat(DOMAIN, hash, utf8(body)));
}

function parsed(text: string, hash: Uint8Array): AuditLine | undefined {
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(all)) return undefined;
  const { line, index, time, event } = all;
  if (!isCount(line) || !isCount(index)) return undefined;
  if (typeof time !== 'string' || typeof event !== 'string') return undefined;
  return { line, index, time, event, all, hash };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** A malicious leader may write any time into an entry. */
function isoOf(timeMs: number): string {
  return Math.abs(timeMs) <= DATE_MS_MAX ? new Date(timeMs).toISOString() : String(timeMs);
}
