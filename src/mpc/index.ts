/**
 * The engine of protocols in rounds: sessions among fixed participants, rounds that carry broadcasts and private messages, signed
 * envelopes, routing by kind and sender, repetition, equivocation, seals between two participants, and reliable broadcast
 * over these rounds. A protocol is a definition and an async function over a `Party`; the code that carries its bytes
 * holds the `Session`. It knows no protocol, no clock and no network: deadlines are the caller's.
 */
export { ProtocolAbort } from './abort.js';
export {
  bodyDigest,
  digestBytes,
  envelopeBytes,
  plainEnvelope,
  signEnvelope,
  TO_ALL,
  verifiedBody,
} from './envelope.js';
export type { SignedMessage } from './envelope.js';
export type { Heard, Mine, Party } from './party.js';
export { echoed, reliable } from './reliable.js';
export type { Echoed, Reliable } from './reliable.js';
export { codecOf, protocol } from './protocol.js';
export type { Carried, Codec, Limits, Protocol, Round, Rounds } from './protocol.js';
export { startSession } from './session.js';
export type { Session, SessionParts } from './session.js';
