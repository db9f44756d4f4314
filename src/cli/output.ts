import { Option } from 'commander';
import type { Command } from 'commander';
import { toHex } from '../common/index.js';
import { usageError } from './exit-codes.js';
import type { CommandContext } from './command-context.js';

/** The form of what a command prints. */
export type Output = 'hex' | 'base64' | 'raw' | 'pem' | 'json';

/** The flags that choose it: `--json` is `--output json`, as every other command has it. */
export type OutputFlags = { readonly output?: Output; readonly json?: true };

/** Adds `--output`, of which the first form is the default. */
export function addOutputOption(command: Command, forms: readonly Output[]): Command {
  return command
    .addOption(
      new Option('--output <form>', `${forms.join(', ')} (default: ${forms[0]})`)
        .argParser((text: string) => {
          const form = forms.find((each) => each === text);
          if (form !== undefined) return form;
          throw usageError(`--output must be one of ${forms.join(', ')}, not "${text}"`);
        })
        .conflicts('json'),
    )
    .option('--json', 'print one JSON object with all that is known: --output json');
}

/** The form that the flags choose. */
export function outputOf({ output, json }: OutputFlags): Output {
  return json ? 'json' : (output ?? 'hex');
}

/**
 * Refuses raw bytes for a terminal, before anything is done for them: it would act on them.
 *
 * @throws ClusterError `invalid-request`
 */
export function requireReader(output: Output, { outputIsTerminal }: CommandContext): void {
  if (output === 'raw' && outputIsTerminal) {
    throw usageError('--output raw is for a file or another program: > file, or | program');
  }
}

/** Prints bytes in a form that is no object. */
export function printBytes(
  bytes: Uint8Array,
  output: 'hex' | 'base64' | 'raw',
  context: CommandContext,
): void {
  if (output === 'raw') context.outBytes(bytes);
  else context.out(output === 'hex' ? toHex(bytes) : Buffer.from(bytes).toString('base64'));
}
