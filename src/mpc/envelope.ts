import type { PartyIndex } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import type { Signer, Verify } from '../ports/index.js';
import {
  bytesItem,
  textItem,
  transcript,
  u16Item,
  type Envelope,
  type SignedBody,
} from '../wire/index.js';

/** The receiver that a broadcast names. */
export const TO_ALL = 0;

/** A message of a session whose sender's signature was verified. */
export type SignedMessage = {
  readonly kind: string;
  readonly from: PartyIndex;
  readonly to: PartyIndex;
  /** Of the body: what the signature is over. */
  readonly digest: Uint8Array;
  /** Absent where the digest alone is shown. */
  readonly body: Uint8Array | undefined;
};

/**
 * The bytes that an envelope's signature is over: T("envelope", [session id, kind, from, to, digest]). The digest
 * stands for the body, so that what was signed can be shown without it: two digests are evidence as short for a large
 * body as for a small one.
 */
export function envelopeBytes(
  sessionId: Uint8Array,
  kind: string,
  from: PartyIndex,
  to: PartyIndex,
  body: Uint8Array,
): Uint8Array {
  return digestBytes(sessionId, kind, from, to, bodyDigest(body));
}

/** The same for a body of which only the digest is known. */
export function digestBytes(
  sessionId: Uint8Array,
  kind: string,
  from: PartyIndex,
  to: PartyIndex,
  digest: Uint8Array,
): Uint8Array {
  const items = [bytesItem(sessionId), textItem(kind), u16Item(from), u16Item(to)];
  return transcript('envelope', [...items, bytesItem(digest)]);
}

/** SHA-256: 32 bytes. */
export function bodyDigest(body: Uint8Array): Uint8Array {
  return sha256(body);
}

/** `body` in an envelope that is not sealed, signed by this node. */
export function signEnvelope(
  signer: Signer,
  sessionId: Uint8Array,
  kind: string,
  from: PartyIndex,
  to: PartyIndex,
  body: Uint8Array,
): Envelope {
  const signature = signer.sign(envelopeBytes(sessionId, kind, from, to, body));
  return plainEnvelope(sessionId, kind, from, to, { body, signature });
}

/** The body of a plain envelope, or `undefined` when it is sealed or not signed by `identityKey`. */
export function verifiedBody(
  verify: Pick<Verify, 'identity'>,
  identityKey: Uint8Array,
  envelope: Envelope,
): Uint8Array | undefined {
  if (envelope.content?.$case !== 'open') return undefined;
  const { sessionId, kind, from, to } = envelope;
  const { body, signature } = envelope.content.value;
  const signed = envelopeBytes(sessionId, kind, from, to, body);
  return verify.identity(identityKey, signed, signature) ? body : undefined;
}

/** An envelope that is not sealed, around a body that is signed already: a broadcast, or a private message as evidence. */
export function plainEnvelope(
  sessionId: Uint8Array,
  kind: string,
  from: PartyIndex,
  to: PartyIndex,
  signed: SignedBody,
): Envelope {
  return { sessionId, kind, from, to, content: { $case: 'open', value: signed } };
}
