import { assert, concat, fromHex, u32be, utf8 } from '../common/index.js';
import type { ClusterId, KeyId, NodeId, PartyIndex, SessionId } from '../common/index.js';
import { aesGcmOpen, aesGcmSeal, SecretBytes, sha256, wipe } from '../crypto/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../identity/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, pointItem, textItem, transcript, u32Item } from '../wire/index.js';

/** Where a key share belongs. It opens nowhere else. */
export type SharePlace = {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly keyId: KeyId;
  readonly version: number;
  readonly sessionId: SessionId;
  /** {@link polynomialHash} of the sharing's public polynomial. */
  readonly polynomialHash: Uint8Array;
};

/** What is sealed. Its owner disposes of the scalar. */
export type OpenShare = {
  readonly algorithm: KeyAlgorithm;
  readonly index: PartyIndex;
  readonly threshold: number;
  /** An encoded scalar. */
  readonly scalar: SecretBytes;
};

/*
 * A sealed share, format 1:
 *
 *   u8 1 ‖ wrapping nonce (12) ‖ wrapped data key (32 + 16) ‖ nonce (12) ‖ u32be(length) ‖ sealed (length) ‖ record (the rest)
 *
 * The data key is new for each share and sealed with AES-256-GCM under the node's wrapping key; the share with AES-256-GCM
 * under the data key. Both have the same associated data, T("share", [cluster, node, key, version, session, SHA-256 of
 * T("V", V), SHA-256 of the record]), so the record, which is public and in clear, cannot be exchanged either.
 * What is sealed: u16be(index) ‖ u16be(threshold) ‖ u8(length) ‖ algorithm's name ‖ scalar.
 */
const FORMAT = 1;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const WRAPPED_AT = 1 + NONCE_BYTES;
const NONCE_AT = WRAPPED_AT + KEY_BYTES + TAG_BYTES;
const LENGTH_AT = NONCE_AT + NONCE_BYTES;
const SEALED_AT = LENGTH_AT + 4;

/** SHA-256 of T("V", V_0 … V_{t−1}): 32 bytes. */
export function polynomialHash(V: readonly Uint8Array[]): Uint8Array {
  return sha256(transcript('V', V.map(pointItem)));
}

/**
 * Seals a key share for its place. The share stays the caller's.
 *
 * @param wrappingKey - The node's, 32 bytes.
 * @param record - Public bytes that are kept beside it, in clear.
 */
export function sealShare(
  place: SharePlace,
  share: OpenShare,
  record: Uint8Array,
  wrappingKey: Uint8Array,
  random: Random,
): Uint8Array {
  const associated = associatedData(place, record);
  const [wrappingNonce, nonce] = [random.bytes(NONCE_BYTES), random.bytes(NONCE_BYTES)];
  const dataKey = random.bytes(KEY_BYTES);
  const plain = toPlain(share);
  try {
    const wrapped = aesGcmSeal(wrappingKey, wrappingNonce, associated, dataKey);
    const sealed = aesGcmSeal(dataKey, nonce, associated, plain);
    const head = concat(Uint8Array.of(FORMAT), wrappingNonce, wrapped, nonce);
    return concat(head, u32be(sealed.length), sealed, record);
  } finally {
    wipe(dataKey, plain);
  }
}

/**
 * Opens a key share; `undefined` for one that was sealed for another place or under another key, or in which any bit differs.
 * Nothing tells which.
 */
export function openShare(
  place: SharePlace,
  bytes: Uint8Array,
  wrappingKey: Uint8Array,
): OpenShare | undefined {
  const end = endOfSealed(bytes);
  if (end === undefined) return undefined;
  const associated = associatedData(place, bytes.subarray(end));
  const wrappingNonce = bytes.subarray(1, WRAPPED_AT);
  const wrapped = bytes.subarray(WRAPPED_AT, NONCE_AT);
  const dataKey = aesGcmOpen(wrappingKey, wrappingNonce, associated, wrapped);
  if (dataKey === undefined) return undefined;

  const nonce = bytes.subarray(NONCE_AT, LENGTH_AT);
  const plain = aesGcmOpen(dataKey, nonce, associated, bytes.subarray(SEALED_AT, end));
  wipe(dataKey);
  if (plain === undefined) return undefined;
  try {
    return fromPlain(plain);
  } finally {
    wipe(plain);
  }
}

/** The public bytes beside a sealed share. Only opening the share tells whether they are the ones that were sealed with it. */
export function recordOf(bytes: Uint8Array): Uint8Array | undefined {
  const end = endOfSealed(bytes);
  return end === undefined ? undefined : bytes.slice(end);
}

/** Where the sealed part ends and the record begins, for bytes of this format. */
function endOfSealed(bytes: Uint8Array): number | undefined {
  if (bytes.length < SEALED_AT || bytes[0] !== FORMAT) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LENGTH_AT);
  const end = SEALED_AT + length;
  return end <= bytes.length ? end : undefined;
}

function associatedData(place: SharePlace, record: Uint8Array): Uint8Array {
  const session = fromHex(place.sessionId);
  assert(session !== undefined, 'a session id is hex');
  return transcript('share', [
    textItem(place.clusterId),
    textItem(place.nodeId),
    textItem(place.keyId),
    u32Item(place.version),
    bytesItem(session),
    bytesItem(place.polynomialHash),
    bytesItem(sha256(record)),
  ]);
}

function toPlain({ algorithm, index, threshold, scalar }: OpenShare): Uint8Array {
  const name = utf8(ALGORITHMS[algorithm].name);
  const head = Uint8Array.of(
    index >> 8,
    index & 0xff,
    threshold >> 8,
    threshold & 0xff,
    name.length,
  );
  return concat(head, name, scalar.bytes);
}

function fromPlain(plain: Uint8Array): OpenShare | undefined {
  const [a = 0, b = 0, c = 0, d = 0, length = 0] = plain;
  const scalarAt = 5 + length;
  const algorithm = algorithmOf(new TextDecoder().decode(plain.subarray(5, scalarAt)));
  if (algorithm === undefined || plain.length <= scalarAt) return undefined;
  const scalar = new SecretBytes(plain.slice(scalarAt));
  return { algorithm, index: (a << 8) | b, threshold: (c << 8) | d, scalar };
}

function algorithmOf(name: string): KeyAlgorithm | undefined {
  return KEY_ALGORITHMS.find((algorithm) => ALGORITHMS[algorithm].name === name);
}
