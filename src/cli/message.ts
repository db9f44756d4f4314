import { Option } from 'commander';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { utf8 } from '../common/index.js';
import { usageError } from './exit-codes.js';
import type { CommandContext } from './command-context.js';

/** The message of a signature, as the flags name it. */
export type MessageFlags = { readonly message?: string; readonly file?: string };

/** The cluster takes requests of at most 64 KiB; the message is the most of one. */
const MESSAGE_BYTES_MAX = 63 * 1024;

/** Adds the flags that name a message. */
export function addMessageOptions(command: Command): Command {
  return command
    .addOption(new Option('-m, --message <text>', 'the message, as text').conflicts('file'))
    .addOption(new Option('-f, --file <path>', 'the message, as the bytes of a file'));
}

/** The message that `--message`, `--file` or standard input gives. */
export async function readMessage(
  flags: MessageFlags,
  context: CommandContext,
): Promise<Uint8Array> {
  const message = await readBytes(flags, context);
  if (message.length > MESSAGE_BYTES_MAX) {
    throw usageError(
      `The message is over ${MESSAGE_BYTES_MAX / 1024} KiB; sign its SHA-256 instead, for example: sha256sum < file | …`,
    );
  }
  return message;
}

async function readBytes(flags: MessageFlags, context: CommandContext): Promise<Uint8Array> {
  if (flags.message !== undefined) return utf8(flags.message);
  if (flags.file !== undefined && flags.file !== '-') {
    try {
      return new Uint8Array(readFileSync(resolve(context.folder, flags.file)));
    } catch {
      throw usageError(`--file: cannot read ${flags.file}`);
    }
  }
  if (context.inputIsTerminal) {
    throw usageError('Which message? Give --message, --file, or send it to standard input.');
  }
  return context.input(MESSAGE_BYTES_MAX);
}
