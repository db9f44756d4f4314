/** The kinds of expected failure. `rpc/status.ts` gives each a gRPC status. */
export type ErrorCode =
  | 'invalid-request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'already-exists'
  | 'wrong-state'
  | 'not-leader'
  | 'no-quorum'
  | 'overloaded'
  | 'superseded'
  | 'protocol-abort'
  | 'deadline'
  | 'cancelled'
  | 'data-loss'
  | 'unsupported';

/** A failure that is part of the contract: its words and its reason may cross the wire. */
export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';
  readonly code: ErrorCode;
  /** A stable upper-case word for programs. */
  readonly reason: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason ?? code.toUpperCase().replaceAll('-', '_');
    this.details = details;
  }
}

export type ErrorDetails = {
  readonly reason?: string;
  /** The request's field that is at fault. */
  readonly field?: string;
  readonly retryAfterMs?: number;
  /** Further facts for `ErrorInfo`: never secrets. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/**
 * The error of a node's log or state that is not what was written there: `data-loss` (`LOG_DAMAGED`). It says what becomes of the
 * node, for nobody should look that up while the node is down.
 */
export function damagedLog(what: string, cause?: unknown): ClusterError {
  return new ClusterError(
    'data-loss',
    `${what}. This node has lost what it promised the others, and must not run again: do not repair its log and do not restore ` +
      'a copy. Leave it stopped; the others go on while they are a majority. `quorate keys reshare --participants` gives its ' +
      'part of each key to them (docs/runbook.md)',
    { reason: 'LOG_DAMAGED', ...(cause === undefined ? {} : { cause }) },
  );
}

/** A mistake of ours. Never caught to carry on: the node stops before it writes. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** States what must be true of our own code. */
export function assert(claim: boolean, message: string): asserts claim {
  if (!claim) throw new Bug(message);
}

/** Closes a `switch` over a union: a new case does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable case: ${String(value)}`);
}

/** An error in words, with those of all that caused it. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${wordsOf(error.cause)}`;
}
