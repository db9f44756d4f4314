import { CommanderError } from 'commander';
import { ClusterError, wordsOf } from '../common/index.js';
import type { ErrorCode } from '../common/index.js';
import type { CommandContext } from './command-context.js';

/** The exit statuses of `quorate`; part of the contract with scripts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unavailable: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

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
  'already-exists': EXIT.failure,
  'wrong-state': EXIT.failure,
  superseded: EXIT.failure,
  'protocol-abort': EXIT.failure,
  cancelled: EXIT.failure,
  'data-loss': EXIT.failure,
};

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

/** Says what went wrong, on standard error, and gives the exit status for it. */
export function report(error: unknown, context: CommandContext): ExitCode {
  if (error instanceof Ended) return error.exitCode;
  // Commander has printed its own message or help already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const name = context.paint('red', 'quorate:');
  if (!(error instanceof ClusterError)) {
    context.err(`${name} ${wordsOf(error)}`);
    return EXIT.failure;
  }
  context.err(`${name} ${error.message}`);
  const hint = hintFor(error, context);
  if (hint !== undefined) context.err(hint);
  return EXIT_OF[error.code];
}

/** A hint for the next step, where there is a better one than the message itself. */
function hintFor(
  { reason, details }: ClusterError,
  { program }: CommandContext,
): string | undefined {
  if (reason === 'UNREACHABLE') {
    return `Is the cluster running? On this machine, \`${program} dev\` runs one.`;
  }
  if (reason === 'DATA_DIRECTORY_IN_USE') {
    return 'It seems to run already: use that one, stop it, or choose another folder.';
  }
  const task = details.facts?.['task_id'];
  if (task !== undefined) return `The cluster goes on with it. See: ${program} tasks get ${task}`;
  return undefined;
}
