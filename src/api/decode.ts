import { ClusterError, isId, refusalError } from '../common/index.js';
import { parseRequest, TASK_KINDS } from '../state/index.js';
import type { ParsedRequest } from '../state/index.js';
import { decode } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';

/* The one place where clients' bytes become messages. */

/**
 * Reads a message that has exactly one spelling, with valid text in it.
 *
 * @throws ClusterError `invalid-request`.
 */
export function readMessage<T>(type: MessageType<T>, bytes: Uint8Array): T {
  const message = decode(type, bytes);
  if (message === undefined)
    throw invalid('INVALID_ENCODING', 'The bytes are not the canonical encoding of the request');
  if (hasReplacementCharacter(message))
    throw invalid('INVALID_TEXT', 'A text holds U+FFFD, which stands for bytes that are no text');
  return message;
}

/**
 * Reads a request that changes something, by the rules that every node will judge it by.
 *
 * @throws ClusterError `invalid-request` with the field at fault.
 */
export function readMutation(method: string, bytes: Uint8Array): ParsedRequest {
  const parsed = parseRequest(TASK_KINDS, method, bytes);
  if (!parsed.ok) throw refusalError(parsed.refusal);
  return parsed.value.asked;
}

function invalid(reason: string, message: string): ClusterError {
  return new ClusterError('invalid-request', message, { reason });
}

function hasReplacementCharacter(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\uFFFD');
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some(hasReplacementCharacter);
}

/** @throws ClusterError `invalid-request`. */
export function requireId(field: string, id: string): void {
  if (isId(id)) return;
  throw new ClusterError('invalid-request', `${field} must match ^[a-z0-9][a-z0-9_-]{0,62}$`, {
    reason: 'INVALID_ID',
    field,
  });
}
