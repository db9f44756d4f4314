import { assert, concat, fromHex, u32be, utf8 } from '../common/index.js';
import type { ClusterId, KeyId, NodeId, SessionId } from '../common/index.js';
import { aesGcmOpen, aesGcmSeal, SecretBytes, sha256, wipe } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, pointItem, textItem, transcript, u32Item } from '../wire/index.js';

/** Where a secret belongs. It opens nowhere else. */
export type SecretPlace = {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly keyId: KeyId;
  readonly version: number;
  readonly sessionId: SessionId;
  /** 32 bytes over the public values of the secret: for a key share {@link polynomialHash}. */
  readonly publicHash: Uint8Array;
};

/** A secret in the clear. Its owner disposes of the bytes. */
export type Secret = {
  /** The purpose of the bytes, and their algorithm: at most 255 ASCII characters. */
  readonly kind: string;
  /** Public parameters that go with the secret, at most 255 bytes. Opaque here. */
  readonly about: Uint8Array;
  /** The secret itself. Opaque here. */
  readonly bytes: SecretBytes;
};

/** A sealed secret's name: all that it takes to wrap its data key anew. */
export type WrappedPlace = Pick<SecretPlace, 'clusterId' | 'nodeId' | 'keyId' | 'sessionId'>;

/*
 * A sealed secret, format 3:
 *
 *   u8 3 ‖ wrapping nonce (12) ‖ wrapped data key (32 + 16) ‖ nonce (12) ‖ u32be(length) ‖ sealed (length) ‖ record (the rest)
 *
 * The data key is new for each secret and sealed with AES-256-GCM under the node's wrapping key, with the associated data
 * T("data-key", [cluster, node, key, session]): whoever changes the node key needs no more than the name of a record. The
 * secret is sealed with AES-256-GCM under the data key, with T("secret", [cluster, node, key, version, session, public hash,
 * SHA-256 of the record]), so the record, which is public and in clear, cannot be exchanged either.
 * The sealed plaintext: u8(length) ‖ kind ‖ u8(length) ‖ about ‖ secret. So a secret opens as its own kind.
 */
const FORMAT = 3;
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
 * Seals a secret for its place. It stays the caller's.
 *
 * @param wrappingKey - The node's, 32 bytes.
 * @param record - Public bytes that are kept beside it, in clear.
 */
export function sealSecret(
  place: SecretPlace,
  secret: Secret,
  record: Uint8Array,
  wrappingKey: Uint8Array,
  random: Random,
): Uint8Array {
  const associated = associatedData(place, record);
  const [wrappingNonce, nonce] = [random.bytes(NONCE_BYTES), random.bytes(NONCE_BYTES)];
  const dataKey = random.bytes(KEY_BYTES);
  const plain = toPlain(secret);
  try {
    const wrapped = aesGcmSeal(wrappingKey, wrappingNonce, nameData(place), dataKey);
    const sealed = aesGcmSeal(dataKey, nonce, associated, plain);
    const head = concat(Uint8Array.of(FORMAT), wrappingNonce, wrapped, nonce);
    return concat(head, u32be(sealed.length), sealed, record);
  } finally {
    wipe(dataKey, plain);
  }
}

/**
 * Opens a secret; `undefined` for one that was sealed for another place or under another key, or in which any bit differs.
 * Nothing tells which.
 */
export function unsealSecret(
  place: SecretPlace,
  bytes: Uint8Array,
  wrappingKey: Uint8Array,
): Secret | undefined {
  const end = endOfSealed(bytes);
  if (end === undefined) return undefined;
  const associated = associatedData(place, bytes.subarray(end));
  const dataKey = openDataKey(place, bytes, wrappingKey);
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

/**
 * Wraps the data key of a sealed secret anew; the secret itself stays as it is sealed, and nothing of it is seen.
 *
 * @returns A copy of `bytes` that opens under `to`; `undefined` for what does not open under `from`.
 */
export function rewrapSecret(
  place: WrappedPlace,
  bytes: Uint8Array,
  from: Uint8Array,
  to: Uint8Array,
  random: Random,
): Uint8Array | undefined {
  const dataKey = endOfSealed(bytes) === undefined ? undefined : openDataKey(place, bytes, from);
  if (dataKey === undefined) return undefined;
  try {
    const nonce = random.bytes(NONCE_BYTES);
    const wrapped = aesGcmSeal(to, nonce, nameData(place), dataKey);
    return concat(Uint8Array.of(FORMAT), nonce, wrapped, bytes.subarray(NONCE_AT));
  } finally {
    wipe(dataKey);
  }
}

/** Claims that the data key of a sealed secret opens under a wrapping key; of the secret itself it says nothing. */
export function isWrappedUnder(
  place: WrappedPlace,
  bytes: Uint8Array,
  wrappingKey: Uint8Array,
): boolean {
  const dataKey =
    endOfSealed(bytes) === undefined ? undefined : openDataKey(place, bytes, wrappingKey);
  if (dataKey !== undefined) wipe(dataKey);
  return dataKey !== undefined;
}

/** The data key of bytes of this format, the caller's to wipe. */
function openDataKey(
  place: WrappedPlace,
  bytes: Uint8Array,
  wrappingKey: Uint8Array,
): Uint8Array | undefined {
  const nonce = bytes.subarray(1, WRAPPED_AT);
  const wrapped = bytes.subarray(WRAPPED_AT, NONCE_AT);
  return aesGcmOpen(wrappingKey, nonce, nameData(place), wrapped);
}

/** The public bytes beside a sealed secret. Only opening it tells whether they are the ones that were sealed with it. */
export function recordOf(bytes: Uint8Array): Uint8Array | undefined {
  const end = endOfSealed(bytes);
  return end === undefined ? undefined : bytes.slice(end);
}

/** Claims that bytes have the form of a sealed secret. */
export function isSealed(bytes: Uint8Array): boolean {
  return endOfSealed(bytes) !== undefined;
}

/** Where the sealed part ends and the record begins, for bytes of this format. */
function endOfSealed(bytes: Uint8Array): number | undefined {
  if (bytes.length < SEALED_AT || bytes[0] !== FORMAT) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LENGTH_AT);
  const end = SEALED_AT + length;
  return end <= bytes.length ? end : undefined;
}

function nameData(place: WrappedPlace): Uint8Array {
  return transcript('data-key', [
    textItem(place.clusterId),
    textItem(place.nodeId),
    textItem(place.keyId),
    bytesItem(sessionBytes(place)),
  ]);
}

function sessionBytes({ sessionId }: WrappedPlace): Uint8Array {
  const session = fromHex(sessionId);
  assert(session !== undefined, 'a session id is hex');
  return session;
}

function associatedData(place: SecretPlace, record: Uint8Array): Uint8Array {
  return transcript('secret', [
    textItem(place.clusterId),
    textItem(place.nodeId),
    textItem(place.keyId),
    u32Item(place.version),
    bytesItem(sessionBytes(place)),
    bytesItem(place.publicHash),
    bytesItem(sha256(record)),
  ]);
}

function toPlain({ kind, about, bytes }: Secret): Uint8Array {
  const name = utf8(kind);
  assert(name.length < 256 && about.length < 256, 'kind and about are short');
  const head = [Uint8Array.of(name.length), name, Uint8Array.of(about.length), about];
  return concat(...head, bytes.bytes);
}

function fromPlain(plain: Uint8Array): Secret | undefined {
  const [kindLength = 0] = plain;
  const aboutAt = 1 + kindLength + 1;
  const secretAt = aboutAt + (plain[aboutAt - 1] ?? 0);
  if (plain.length <= secretAt) return undefined;
  const kind = new TextDecoder().decode(plain.subarray(1, aboutAt - 1));
  const about = plain.slice(aboutAt, secretAt);
  return { kind, about, bytes: new SecretBytes(plain.slice(secretAt)) };
}
