import { ClusterError } from '../common/index.js';
import type { ErrorCode } from '../common/index.js';

/** The exit statuses of `quorate`; part of the contract with scripts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unavailable: 5,
  exists: 6,
  unverified: 7,
  invalid: 8,
  again: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The meaning of each exit status, for help texts. */
export const EXIT_HELP =
  'Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 unavailable or outcome unknown (try again),\n' +
  '6 exists already, 7 a key that is not verified as required, 8 an invalid signature or evidence,\n' +
  '9 a node that is to be started again, 130 interrupted.';

/** Every kind of failure has an exit status: a new one does not compile without. */
const EXIT_OF: Readonly<Record<ErrorCode, ExitCode>> = {
  'invalid-request': EXIT.usage,
  unsupported: EXIT.usage,
  'not-found': EXIT.notFound,
  unauthenticated: EXIT.denied,
  forbidden: EXIT.denied,
  'not-leader': EXIT.unavailable,
  'no-quorum': EXIT.unavailable,
  overloaded: EXIT.unavailable,
  deadline: EXIT.unavailable,
  'already-exists': EXIT.exists,
  'wrong-state': EXIT.failure,
  superseded: EXIT.failure,
  'protocol-abort': EXIT.failure,
  cancelled: EXIT.failure,
  'data-loss': EXIT.failure,
};

/** Reasons that a script has to tell from others of their code. */
const EXIT_OF_REASON: Readonly<Record<string, ExitCode>> = {
  KEY_UNVERIFIED: EXIT.unverified,
  KEY_OF_OTHER_REQUESTER: EXIT.unverified,
  PUBLIC_KEY_DIFFERS: EXIT.unverified,
  // A supervisor starts it again after any failure; `quorate dev` after this one.
  SNAPSHOT_INSTALLED: EXIT.again,
  // Nothing exists that was asked for: the request id belongs to another request.
  REQUEST_ID_REUSED: EXIT.usage,
};

/** The exit status of a command that fails with this error. */
export function exitOf(error: unknown): ExitCode {
  if (error instanceof Ended) return error.exitCode;
  if (!(error instanceof ClusterError)) return EXIT.failure;
  return EXIT_OF_REASON[error.reason] ?? EXIT_OF[error.code];
}

/** A command that ends without success after it has said all there is to say. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`ended with status ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** A mistake in how the command was called. */
export function usageError(message: string): ClusterError {
  return new ClusterError('invalid-request', message, { reason: 'USAGE' });
}
