/**
 * The runtime of protocols in rounds: sessions among fixed participants, signed envelopes, routing by kind and sender,
 * repetition, equivocation, and sealing of what only two may read. A protocol is an async function over a `Party`; whoever
 * carries its bytes holds the `Session`. It knows no protocol, no clock and no network: deadlines are the caller's.
 */
export { ProtocolAbort } from './abort.js';
export { envelopeBytes, openEnvelope, signEnvelope, TO_ALL } from './envelope.js';
export type { Kind, KindTable, Party } from './party.js';
export { openSession } from './session.js';
export type { Session, SessionParts } from './session.js';
