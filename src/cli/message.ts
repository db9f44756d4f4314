import { Option } from 'commander';
import type { Command } from 'commander';
import { accessSync, constants, createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { concat, utf8 } from '../common/index.js';
import type { Algorithm, Signable } from '../client/index.js';
import { DIGEST_BYTES } from '../crypto/index.js';
import { algorithmName, ALGORITHMS, isKeyAlgorithm } from '../identity/index.js';
import { base64Argument, hexArgument, requireLength } from './arguments.js';
import type { ClusterError } from '../common/index.js';
import { usageError } from './exit-codes.js';
import { systemWord } from './files.js';
import { HASH_NAMES, HASHES, hashesOf } from './hashes.js';
import type { HashFunction, HashName } from './hashes.js';
import type { CommandContext } from './command-context.js';

/** The payload of a signature, as the flags name it. */
export type MessageFlags = {
  readonly message?: string;
  readonly messageHex?: Uint8Array;
  readonly messageBase64?: Uint8Array;
  /** A path, or `-` for standard input. */
  readonly file?: string;
  readonly hash?: HashName;
  /** In the place of a message. */
  readonly digest?: Uint8Array;
};

/** The cluster takes requests of at most 64 KiB; the message is the most of one. */
const MESSAGE_BYTES_MAX = 63 * 1024;
const STANDARD_INPUT = '-';
const NAMES = ['message', 'messageHex', 'messageBase64', 'file'] as const;

/** The meaning of `--hash` and `--digest`, for help texts. */
export const HASH_HELP = `
A key of GG20_SECP256K1 or GG20_P256 (ECDSA) signs the hash of a message: --hash says which (default: sha256), and every
node hashes the message for itself. Ethereum wants keccak256, Bitcoin double-sha256, TLS, JWT (ES256) and most others
sha256. With --digest 32 bytes are signed that another program has hashed: no node can see then what it signs.

A key of FROST signs the message itself. With --hash the digest is its message: 32, 48 or 64 bytes, and not what was
hashed, are signed. To check such a signature, hash first: \`quorate verify\` with the same --hash, or any other program
with the digest as its message. It is no prehashed Ed25519 (Ed25519ph), which is another algorithm.`;

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
        `the digest of the message is meant: ${hashesOf('ECDSA').join(', ')} with an ECDSA key, ` +
          `${hashesOf('FROST').join(', ')} with one of FROST`,
      ) //
        .argParser(hashArgument),
    )
    .addOption(
      new Option('--digest <hex>', 'the digest itself, 32 bytes, with an ECDSA key')
        .argParser(hexArgument('--digest'))
        .conflicts([...NAMES, 'hash']),
    );
}

/**
 * Looks for the message before anything is asked of a cluster.
 *
 * @throws ClusterError `invalid-request` without one: an empty one is signed only where it was asked for.
 */
export function requireMessage(flags: MessageFlags, { folder }: CommandContext): void {
  const { file } = flags;
  if (file !== undefined && file !== STANDARD_INPUT) {
    try {
      accessSync(resolve(folder, file), constants.R_OK);
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
  if ([...NAMES, 'digest' as const].some((name) => flags[name] !== undefined)) return;
  throw usageError(
    "Which message? Give --message, --file, --message-hex or --message-base64; --file - is standard input, and --message '' is the empty message",
  );
}

/**
 * The payload that a key of `algorithm` signs by these flags. A message of an ECDSA key goes to the nodes as it is.
 *
 * @throws ClusterError `invalid-request` for a hash that the algorithm does not go with, and for a message that is too long.
 */
export async function readPayload(
  algorithm: Algorithm,
  flags: MessageFlags,
  context: CommandContext,
): Promise<Signable> {
  const short = await payloadBySum(algorithm, flags, context);
  if (short !== undefined) return short;
  const hash = hashFor(algorithm, flags);
  const isEcdsa = signsDigests(algorithm);
  const message = await shortMessage(flags, context, isEcdsa ? '--digest' : '--hash sha256');
  return isEcdsa && hash !== undefined ? { message, hash: hash.ecdsa } : { message };
}

/** As {@link readPayload}, to check a signature: a message of any size is hashed here. */
export async function readSigned(
  algorithm: Algorithm,
  flags: MessageFlags,
  context: CommandContext,
): Promise<Signable> {
  const short = await payloadBySum(algorithm, flags, context);
  if (short !== undefined) return short;
  const hash = hashFor(algorithm, flags);
  return signsDigests(algorithm)
    ? { digest: await digestOf(hash ?? HASHES.sha256, flags, context) }
    : { message: await shortMessage(flags, context, '--hash sha256') };
}

/** The payload where its bytes are a digest, given or made here: with `--digest`, and of a FROST key with `--hash`. */
async function payloadBySum(
  algorithm: Algorithm,
  flags: MessageFlags,
  context: CommandContext,
): Promise<Signable | undefined> {
  requireMessage(flags, context);
  const { digest } = flags;
  const isEcdsa = signsDigests(algorithm);
  if (digest !== undefined) {
    if (!isEcdsa) {
      const words = `signs messages: with a digest as its message, --message-hex`;
      throw usageError(`--digest is for ECDSA keys; a key of ${algorithmName(algorithm)} ${words}`);
    }
    requireLength('--digest', digest, DIGEST_BYTES);
    return { digest };
  }
  const hash = hashFor(algorithm, flags);
  if (isEcdsa || hash === undefined) return undefined;
  return { message: await digestOf(hash, flags, context) };
}

/** Claims that keys of the algorithm sign the hash of a message (ECDSA). */
export function signsDigests(algorithm: Algorithm): boolean {
  return isKeyAlgorithm(algorithm) && ALGORITHMS[algorithm].signs === 'digest';
}

function hashFor(algorithm: Algorithm, { hash: name }: MessageFlags): HashFunction | undefined {
  if (name === undefined) return undefined;
  const hash: HashFunction = HASHES[name];
  const isEcdsa = signsDigests(algorithm);
  if (isEcdsa ? hash.ecdsa !== undefined : hash.frost) return hash;
  const there = hashesOf(isEcdsa ? 'ECDSA' : 'FROST').join(', ');
  throw usageError(
    `--hash ${name} does not go with a key of ${algorithmName(algorithm)}: ${there}`,
  );
}

async function digestOf(
  { start }: HashFunction,
  flags: MessageFlags,
  context: CommandContext,
): Promise<Uint8Array> {
  const hashing = start();
  for await (const chunk of messageOf(flags, context)) hashing.update(chunk);
  return new Uint8Array(hashing.digest());
}

/** @param instead - The flag that helps where the message is too long. */
async function shortMessage(
  flags: MessageFlags,
  context: CommandContext,
  instead: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of messageOf(flags, context)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MESSAGE_BYTES_MAX) {
      throw usageError(
        `The message is over ${MESSAGE_BYTES_MAX / 1024} KiB; ${instead} signs its digest instead`,
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
  if (file === undefined) return;
  if (file === STANDARD_INPUT) return yield* context.input();
  try {
    for await (const chunk of createReadStream(resolve(context.folder, file))) {
      yield new Uint8Array(Buffer.from(chunk));
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): ClusterError {
  return usageError(`--file: cannot read ${file} (${systemWord(cause)})`);
}

function hashArgument(text: string): HashName {
  const hash = HASH_NAMES.find((name) => name === text.toLowerCase());
  if (hash === undefined)
    throw usageError(`--hash must be one of ${HASH_NAMES.join(', ')}, not "${text}"`);
  return hash;
}
