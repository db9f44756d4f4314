import { ClusterError, concat } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { REQUEST_METADATA } from '../identity/index.js';
import { decode, SignRequest, SignStreamRequest } from '../wire/index.js';
import type { Authorization } from '../wire/index.js';
import type { CallMetadata } from './call.js';
import { readMessage } from './decode.js';
import { STREAMED_MS_DEFAULT, STREAMED_MS_MAX } from './limits.js';

/** One request of a stream of requests. */
export type StreamedRequest = {
  /** Empty where it cannot be read: then the request itself is refused for it. */
  readonly requestId: string;
  readonly timeoutMs: Millis;
  /** The request as it was signed. */
  readonly bytes: Uint8Array;
  /** Its signature, where a call that carries one request has it. */
  readonly metadata: CallMetadata;
};

/** @throws ClusterError `invalid-request` for bytes that are no request of a stream. */
export function readStreamedRequest(bytes: Uint8Array): StreamedRequest {
  const { request, authorization, timeoutMs } = readMessage(SignStreamRequest, bytes);
  if (timeoutMs > STREAMED_MS_MAX)
    throw new ClusterError('invalid-request', `timeout_ms must be at most ${STREAMED_MS_MAX}`, {
      reason: 'INVALID_TIMEOUT',
      field: 'timeout_ms',
    });
  return {
    requestId: decode(SignRequest, request)?.requestId ?? '',
    timeoutMs: timeoutMs === 0 ? STREAMED_MS_DEFAULT : timeoutMs,
    bytes: request,
    metadata: metadataOf(authorization),
  };
}

function metadataOf(authorization: Authorization | undefined): CallMetadata {
  if (authorization === undefined) return { get: () => [] };
  const { certificates, signature, expireTimeMs } = authorization;
  const values = new Map<string, string | Uint8Array>([
    [REQUEST_METADATA.signature, signature],
    [REQUEST_METADATA.certificate, concat(...certificates)],
    [REQUEST_METADATA.expiry, String(expireTimeMs)],
  ]);
  return {
    get: (key) => {
      const value = values.get(key);
      return value === undefined ? [] : [value];
    },
  };
}
