import { utf8 } from '../common/index.js';
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
import type { Destroyed, Installed, Observation, Preparation, Sharing } from '../wire/index.js';
import { algorithmName } from './algorithms.js';

/** Before the label of each of GG20's transcripts. */
const GG20_PREFIX = utf8('GG20H/1');

/** The form of a key's certificate that this release makes and reads. */
export const KEY_CERTIFICATE_FORMAT = 1;
/** The form of one that says of a later version too that it is in use. */
export const KEY_CERTIFICATE_FORMAT_IN_USE = 2;

/**
 * The bytes that a participant signs when its share is sealed, durable and read back: T("fact/ready", …). Never throws.
 * The threshold counts modulo 2^16, so a caller compares the sharing with its attempt before it trusts a signature.
 */
export function readyBytes(clusterId: ClusterId, sharing: Sharing): Uint8Array {
  const participants = sharing.participants.map(({ nodeId, identityKey }) =>
    listItem([textItem(nodeId), bytesItem(identityKey)]),
  );
  return transcript('fact/ready', [
    textItem(clusterId),
    bytesItem(sharing.sessionId),
    bytesItem(sharing.requestHash),
    textItem(sharing.keyId),
    textItem(algorithmName(sharing.algorithm)),
    u16Item(sharing.threshold),
    listItem(participants),
    u32Item(sharing.baseVersion),
    u32Item(sharing.version),
    listItem(sharing.publicPolynomial.map(pointItem)),
    bytesItem(sharing.publicKey),
    bytesItem(sharing.chainCode),
    bytesItem(sharing.digest),
  ]);
}

/**
 * The body that a signer's READY of a presignature has, as part of its session: T("presig-ready", …) of GG20.
 *
 * @param presignature - Its id, 32 bytes.
 */
export function presignatureReadyBytes(presignature: Uint8Array): Uint8Array {
  return transcript('presig-ready', [bytesItem(presignature)], GG20_PREFIX);
}

/**
 * The bytes that a participant signs when its log has activated a version whose share reads back: T("fact/installed",
 * …).
 */
export function installedBytes(
  clusterId: ClusterId,
  installed: Pick<Installed, 'sessionId' | 'keyId' | 'version' | 'digest'>,
): Uint8Array {
  return transcript('fact/installed', [
    textItem(clusterId),
    bytesItem(installed.sessionId),
    textItem(installed.keyId),
    u32Item(installed.version),
    bytesItem(installed.digest),
  ]);
}

/**
 * The bytes that a member signs when its own auxiliary material is sealed, durable and read back, and all others' is right:
 * T("fact/prepared", …). The set's id fixes participants and profile.
 */
export function preparedBytes(
  clusterId: ClusterId,
  { sessionId, setId, generation, members, digest }: Preparation,
): Uint8Array {
  return transcript('fact/prepared', [
    textItem(clusterId),
    bytesItem(sessionId),
    bytesItem(setId),
    u32Item(generation),
    listItem(members.map(textItem)),
    bytesItem(digest),
  ]);
}

/** The bytes that a node signs when it holds no share of a key any more: T("fact/destroyed", …). */
export function destroyedBytes(
  clusterId: ClusterId,
  destroyed: Pick<Destroyed, 'keyId' | 'publicKey' | 'requestHash'>,
): Uint8Array {
  return transcript('fact/destroyed', [
    textItem(clusterId),
    textItem(destroyed.keyId),
    bytesItem(destroyed.publicKey),
    bytesItem(destroyed.requestHash),
  ]);
}

/** The bytes that a voter signs of what it has seen of the others: T("fact/observation", …). */
export function observationBytes(
  clusterId: ClusterId,
  { nodeId, timeMs, links }: Pick<Observation, 'nodeId' | 'timeMs' | 'links'>,
): Uint8Array {
  return transcript('fact/observation', [
    textItem(clusterId),
    textItem(nodeId),
    u64Item(timeMs),
    listItem(
      links.map((link) =>
        listItem([textItem(link.nodeId), listItem(link.windowMs.map((ms) => u32Item(ms)))]),
      ),
    ),
  ]);
}

/**
 * The bytes that an entry node signs for a request that only mutual TLS authenticated: T("voucher", …).
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
