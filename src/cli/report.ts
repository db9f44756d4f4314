import { ClusterError, wordsOf } from '../common/index.js';
import { Ended, exitOf } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import type { CommandContext } from './command-context.js';
import { inFlags } from './flag-words.js';

/** How to tell of an error: for a program, or for a person, with the help that fits. */
export type Telling = { readonly json: boolean; readonly help?: string | undefined };

/**
 * Says what went wrong, and gives the exit status for it: a sentence on standard error, or with `--json` one object on
 * standard output, where whoever reads the data also finds the error.
 */
export function report(
  error: unknown,
  context: CommandContext,
  telling: Telling = { json: false },
): ExitCode {
  if (error instanceof Ended) return error.exitCode;
  if (telling.json) {
    context.out(JSON.stringify(errorJson(error, context)));
    return exitOf(error);
  }
  context.err(`quorate: ${messageOf(error)}`, 'red');
  const hint = hintFor(error, context) ?? telling.help;
  if (hint !== undefined) context.err(hint);
  return exitOf(error);
}

/** An error for programs. `code` says what to do, `reason` is stable, and `facts` are those that the node gave. */
export function errorJson(error: unknown, context: CommandContext): { readonly error: object } {
  const expected = error instanceof ClusterError ? error : undefined;
  const hint = hintFor(error, context);
  return {
    error: {
      code: expected?.code ?? 'internal',
      reason: expected?.reason ?? 'INTERNAL',
      message: messageOf(error),
      facts: expected?.details.facts ?? {},
      ...(hint !== undefined && { hint }),
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof ClusterError ? inFlags(error) : wordsOf(error);
}

/** A hint for the next step, where there is a better one than the message itself. */
function hintFor(error: unknown, { program }: CommandContext): string | undefined {
  if (!(error instanceof ClusterError)) return undefined;
  const { reason, details } = error;
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
