import { Option } from 'commander';
import type { Command } from 'commander';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { concat, utf8 } from '../common/index.js';
import { base64Argument, hexArgument } from './arguments.js';
import { usageError } from './exit-codes.js';
import { systemWord } from './files.js';
import type { CommandContext } from './command-context.js';

/** The message of a signature, as the flags name it. */
export type MessageFlags = {
  readonly message?: string;
  readonly messageHex?: Uint8Array;
  readonly messageBase64?: Uint8Array;
  /** A path, or `-` for standard input. */
  readonly file?: string;
  readonly hash?: Hash;
};

/** The hash functions whose digest can stand for what is signed. */
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
export type Hash = (typeof HASHES)[number];

/** The cluster takes requests of at most 64 KiB; the message is the most of one. */
const MESSAGE_BYTES_MAX = 63 * 1024;
const STANDARD_INPUT = '-';
const NAMES = ['message', 'messageHex', 'messageBase64', 'file'] as const;

/** The meaning of `--hash`, for help texts. */
export const HASH_HELP = `
With --hash the digest is the message: 32, 48 or 64 bytes, and not what was hashed, are signed. To check such a signature,
hash first: \`quorate verify\` with the same --hash, or any other program with the digest as its message. It is no
prehashed Ed25519 (Ed25519ph), which is another algorithm.`;

/** Adds the flags that name a message. */
export function addMessageOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-m, --message <text>', 'the message, as text').conflicts(others('message')),
    )
    .addOption(
      new Option('-f, --file <file>', 'the message, as the bytes of a file; - is standard input') //
        .conflicts(others('file')),
    )
    .addOption(
      new Option('--message-hex <hex>', 'the message, as hex')
        .argParser(hexArgument('--message-hex'))
        .conflicts(others('messageHex')),
    )
    .addOption(
      new Option('--message-base64 <base64>', 'the message, as base64')
        .argParser(base64Argument('--message-base64'))
        .conflicts(others('messageBase64')),
    )
    .addOption(
      new Option(
        '--hash <name>',
        `the digest of the message is what is meant: ${HASHES.join(', ')}`,
      ) //
        .argParser(hashArgument),
    );
}

/**
 * The bytes that are signed: those that the flags name, or with `--hash` their digest, of a message of any size.
 *
 * @throws ClusterError `invalid-request` without a message: an empty one is signed only where it was asked for.
 */
export async function readMessage(
  flags: MessageFlags,
  context: CommandContext,
): Promise<Uint8Array> {
  const { hash } = flags;
  if (hash !== undefined) {
    const digest = createHash(hash);
    for await (const chunk of messageOf(flags, context)) digest.update(chunk);
    return new Uint8Array(digest.digest());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of messageOf(flags, context)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MESSAGE_BYTES_MAX) {
      throw usageError(
        `The message is over ${MESSAGE_BYTES_MAX / 1024} KiB; --hash sha256 signs its SHA-256 digest instead`,
      );
    }
  }
  return concat(...chunks);
}

/** The other flags that name a message. */
function others(own: string): string[] {
  return NAMES.filter((name) => name !== own);
}

async function* messageOf(
  { message, messageHex, messageBase64, file }: MessageFlags,
  context: CommandContext,
): AsyncGenerator<Uint8Array> {
  const given = messageHex ?? messageBase64 ?? (message === undefined ? undefined : utf8(message));
  if (given !== undefined) return void (yield given);
  if (file === undefined) {
    throw usageError(
      "Which message? Give --message, --file, --message-hex or --message-base64; --file - is standard input, and --message '' is the empty message",
    );
  }
  if (file === STANDARD_INPUT) return yield* context.input();
  try {
    for await (const chunk of createReadStream(resolve(context.folder, file))) {
      yield new Uint8Array(Buffer.from(chunk));
    }
  } catch (cause) {
    throw usageError(`--file: cannot read ${file} (${systemWord(cause)})`);
  }
}

function hashArgument(text: string): Hash {
  const hash = HASHES.find((name) => name === text.toLowerCase());
  if (hash === undefined)
    throw usageError(`--hash must be one of ${HASHES.join(', ')}, not "${text}"`);
  return hash;
}
