import { Command, Option } from 'commander';
import type { ChangedKey } from '../../client/index.js';
import { REQUEST_ID_HELP } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { usageError } from '../exit-codes.js';
import { keyJson, keyLines } from '../format/key.js';
import { parseDuration } from '../format/values.js';
import { SIGN_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';

type EndFlags = ConnectionFlags & { readonly requestId?: string; readonly json?: true };
type RetireFlags = EndFlags & { readonly recoveryWindow?: number };

/** `quorate keys retire`: a key signs no more, and can be restored. */
export function retireCommand(context: CommandContext): Command {
  const command = new Command('retire')
    .description(
      'Takes a key out of use: it signs nothing more, and signatures that are being made end as failed. Nothing is erased: ' +
        '`quorate keys restore` puts it back in use. Needs a certificate of role operator, or of the key’s owner, and ' +
        'feature level 3.',
    )
    .argument('<key-id>')
    .addOption(
      new Option(
        '--recovery-window <time>',
        'for so long nobody can have the key destroyed, for example 36h or 30d (default: 7d)',
      ).argParser(windowArgument),
    );
  return addEndOptions(command)
    .addHelpText(
      'after',
      `
A signature share that left a node before can still become a signature: what a key signed is known when its last requests
have ended. See "Retire and destroy a key" in docs/operations.md.

Examples:
  quorate keys retire payments
  quorate keys retire payments --recovery-window 30d`,
    )
    .action(async (keyId: string, flags: RetireFlags) => {
      const { recoveryWindow: recoveryWindowMs, requestId } = flags;
      const changed = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.retireKey({ keyId, recoveryWindowMs, requestId }, options),
      );
      show(changed, flags, context);
    });
}

/** `quorate keys restore`: a retired key is in use again. */
export function restoreCommand(context: CommandContext): Command {
  const command = new Command('restore')
    .description(
      'Puts a retired key back in use, as it was. Needs a certificate of role operator, or of the key’s owner.',
    )
    .argument('<key-id>');
  return addEndOptions(command).action(async (keyId: string, flags: EndFlags) => {
    const { requestId } = flags;
    const changed = await withClient(flags, context, SIGN_MS, (client, options) =>
      client.restoreKey({ keyId, requestId }, options),
    );
    show(changed, flags, context);
  });
}

function addEndOptions(command: Command): Command {
  command.option('--request-id <id>', REQUEST_ID_HELP).option('--json', 'print one JSON object');
  return addConnectionOptions(command);
}

function show({ key, taskId }: ChangedKey, { json }: EndFlags, context: CommandContext): void {
  if (json) return context.out(JSON.stringify({ ...keyJson(key), task_id: taskId }));
  for (const line of keyLines(key)) context.out(line);
}

function windowArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw usageError(`--recovery-window must be a time such as 36h or 7d, not "${text}"`);
  return ms;
}
