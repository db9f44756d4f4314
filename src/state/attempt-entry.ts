import type { Entry } from '../ports/index.js';
import { Command, encode } from '../wire/index.js';
import type { AttemptRecord, TaskRecord } from '../wire/index.js';

/** The data that fix an attempt, for evidence about it: the entry that opened it, and the hash before that entry. */
export type AttemptEntry = Pick<Entry, 'index' | 'term' | 'timeMs' | 'payload'> & {
  /** 32 bytes. */
  readonly previousHash: Uint8Array;
};

/**
 * The entry that opened an attempt of an open task, built from the state alone: the log may have forgotten it. Commands have
 * one encoding, so the payload is the one that was hashed, byte for byte.
 */
export function attemptEntry(task: TaskRecord, record: AttemptRecord): AttemptEntry | undefined {
  const { attempt, level, inRequest } = record;
  if (attempt === undefined) return undefined;
  const { method, request, authorization } = task;
  const command: Command['command'] = inRequest
    ? { $case: 'request', value: { method, request, authorization, firstAttempt: attempt } }
    : { $case: 'attempt', value: attempt };
  return {
    index: Number(record.index),
    term: Number(record.term),
    timeMs: Number(record.timeMs),
    payload: encode(Command, { level, command }),
    previousHash: record.previousHash,
  };
}
