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
type DestroyFlags = EndFlags & { readonly confirm?: string };
type RetireFlags = EndFlags & { readonly recoveryWindow?: number };

/** A line that is longer is no key’s id. */
const TYPED_CHARS_MAX = 1_024;

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

/** `quorate keys destroy`: every node erases its share. */
export function destroyCommand(context: CommandContext): Command {
  const command = new Command('destroy')
    .description(
      'Erases a retired key for good: every node that may hold a share of it erases that, and confirms it through the log. ' +
        'Nobody can sign with it again, and its id is never used again. Only when its recovery window is over. Needs a ' +
        'certificate of role operator.',
    )
    .argument('<key-id>')
    .option('--confirm <key-id>', 'the id of the key once more; without it a terminal is asked');
  return addEndOptions(command)
    .addHelpText(
      'after',
      `
A node that is away confirms when it is back: the command then ends with the task, which \`quorate tasks get\` shows, with
the nodes that it waits for. What backups of a node hold is for you to erase. See "Retire and destroy a key" in
docs/operations.md.

Example:
  quorate keys destroy payments --confirm payments`,
    )
    .action(async (keyId: string, flags: DestroyFlags) => {
      const confirmKeyId = flags.confirm ?? (await askAgain(keyId, context));
      if (confirmKeyId !== keyId) {
        throw usageError(`"${confirmKeyId}" is not the id of the key, ${keyId}: nothing was done`);
      }
      const { requestId } = flags;
      const { key, taskId } = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.destroyKey({ keyId, confirmKeyId, requestId }, options),
      );
      if (key !== undefined) return show({ key, taskId }, flags, context);
      if (flags.json) {
        return context.out(JSON.stringify({ key_id: keyId, state: 'DESTROYING', task_id: taskId }));
      }
      context.out(`Key ${keyId} is being destroyed. Not all nodes have confirmed yet`);
      context.err(`See which are missing: ${context.program} tasks watch ${taskId}`);
    });
}

/** Has a person type the key's id. @throws QuorateError `invalid-request` where no terminal is there to ask. */
async function askAgain(keyId: string, context: CommandContext): Promise<string> {
  if (!context.inputIsTerminal) {
    throw usageError(
      `Destroying a key cannot be undone: give its id once more, --confirm ${keyId}`,
    );
  }
  context.err(`This erases key ${keyId} on every node, for good. Type its id to go on:`);
  return firstLine(context.input());
}

async function firstLine(input: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of input) {
    text += decoder.decode(piece, { stream: true });
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end).trim();
    if (text.length > TYPED_CHARS_MAX) break;
  }
  return text.trim();
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
