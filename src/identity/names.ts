import { concat, sessionId, taskId, toHex, utf8 } from '../common/index.js';
import type { ClusterId, SessionId, TaskId } from '../common/index.js';
import { sha256, xof } from '../crypto/index.js';
import { bytesItem, lengthPrefixed, textItem } from '../wire/index.js';

/** Of W3C Trace Context, in bytes. */
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** SHA-256(LP(method) ‖ LP(request)): the content of a request id. 32 bytes. */
export function requestHash(method: string, request: Uint8Array): Uint8Array {
  return hashOfParts(utf8(method), request);
}

/**
 * SHA-256(LP(method) ‖ LP(request) ‖ LP(authorization)): what the decision on a request is matched by. 32 bytes.
 *
 * @param authorization - The encoded `RequestAuthorization`, as it stands in the entry.
 */
export function decisionHash(
  method: string,
  request: Uint8Array,
  authorization: Uint8Array,
): Uint8Array {
  return hashOfParts(utf8(method), request, authorization);
}

/** 26 lower-case base32 characters (RFC 4648 §6) of SHA-256(LP(requester) ‖ LP(request id)). */
export function taskIdOf(requester: string, requestId: string): TaskId {
  return taskId(base32(hashOfParts(utf8(requester), utf8(requestId)), TASK_ID_LENGTH));
}

/**
 * The trace of a task, by its id alone, so that no message has to carry it, and nobody can put work into another task's
 * trace: of SHA-256(LP("trace") ‖ LP(task id)) the first 16 bytes as hex, and the next 8 as the span that all others are
 * children of.
 */
export function traceOf(task: TaskId): { readonly traceId: string; readonly spanId: string } {
  const hash = toHex(hashOfParts(utf8('trace'), utf8(task)));
  const [end, rootEnd] = [2 * TRACE_ID_BYTES, 2 * (TRACE_ID_BYTES + SPAN_ID_BYTES)];
  return { traceId: hash.slice(0, end), spanId: hash.slice(end, rootEnd) };
}

/**
 * XOF("ssid", [cluster id, hash of the entry that opened the attempt], 32) as 64 hex characters. The entry fixes request,
 * attempt, participants, boots, version and commitments, and no two forks share it.
 */
export function sessionIdOf(clusterId: ClusterId, entryHash: Uint8Array): SessionId {
  const items = [textItem(clusterId), bytesItem(entryHash)];
  return sessionId(toHex(xof('ssid', items, SESSION_ID_BYTES)));
}

function hashOfParts(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(...parts.map(lengthPrefixed)));
}

const SESSION_ID_BYTES = 32;
const TASK_ID_LENGTH = 26;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first `length` base32 characters of `bytes`, five bits each, highest first. */
function base32(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let bit = 0; text.length < length; bit += 5) {
    const at = bit >> 3;
    const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    text += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}
