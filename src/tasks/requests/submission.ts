import type { Millis } from '../../common/index.js';
import type { Authorization } from '../../wire/index.js';

/** A request of one of this node's clients. */
export type Submission = {
  /** Full name of the method. */
  readonly method: string;
  /** The request's bytes as received. */
  readonly request: Uint8Array;
  /** SPIFFE id, as the client's TLS certificate names it: the requester, unless the request is signed. */
  readonly requester: string;
  /** How long the request may be acted on, from now, unless the request is signed. */
  readonly expiresInMs: Millis;
  /** The requester's own signature, and until when it is good; without one this node vouches. */
  readonly authorization?: Authorization | undefined;
  /** Runs what is done for it after it has waited for its turn, and charges its caller with the time. */
  readonly measure?: <T>(step: () => T) => T;
  /** Ends the wait, with an error of the caller's as its reason. */
  readonly signal: AbortSignal;
};
