import type { ClusterId, Millis } from '../common/index.js';
import {
  bytesItem,
  listItem,
  pointItem,
  textItem,
  transcript,
  u16Item,
  u32Item,
  u64Item,
} from '../wire/index.js';
import type { Installed, Ready } from '../wire/index.js';
import { algorithmName } from './algorithms.js';

/**
 * What a participant signs when its share is sealed, durable and read back: T("fact/ready", …). Never throws.
 * The threshold counts modulo 2^16, so a caller compares `ready` with its attempt before it trusts a signature.
 */
export function readyBytes(clusterId: ClusterId, ready: Ready): Uint8Array {
  const participants = ready.participants.map(({ nodeId, identityKey }) =>
    listItem([textItem(nodeId), bytesItem(identityKey)]),
  );
  return transcript('fact/ready', [
    textItem(clusterId),
    bytesItem(ready.sessionId),
    bytesItem(ready.requestHash),
    textItem(ready.keyId),
    textItem(algorithmName(ready.algorithm)),
    u16Item(ready.threshold),
    listItem(participants),
    u32Item(ready.baseVersion),
    u32Item(ready.version),
    listItem(ready.publicPolynomial.map(pointItem)),
    bytesItem(ready.publicKey),
    bytesItem(ready.chainCode),
    bytesItem(ready.digest),
  ]);
}

/** What a participant signs when its log has activated a version whose share reads back: T("fact/installed", …). */
export function installedBytes(clusterId: ClusterId, installed: Installed): Uint8Array {
  return transcript('fact/installed', [
    textItem(clusterId),
    bytesItem(installed.sessionId),
    textItem(installed.keyId),
    u32Item(installed.version),
    bytesItem(installed.digest),
  ]);
}

/**
 * What an entry node signs for a request that only mutual TLS authenticated: T("voucher", …).
 *
 * @param request - The request's bytes as they were received.
 */
export function voucherBytes(
  clusterId: ClusterId,
  method: string,
  spiffeId: string,
  expireTimeMs: Millis | bigint,
  request: Uint8Array,
): Uint8Array {
  return transcript('voucher', [
    textItem(clusterId),
    textItem(method),
    textItem(spiffeId),
    u64Item(expireTimeMs),
    bytesItem(request),
  ]);
}
