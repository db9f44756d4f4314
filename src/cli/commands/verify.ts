import { Argument, Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClusterError, equal, toHex } from '../../common/index.js';
import { Algorithm, derivePublicKey, verifySignature } from '../../client/index.js';
import type { Signable } from '../../client/index.js';
import { ALGORITHMS, isKeyAlgorithm } from '../../identity/index.js';
import { algorithmArgument, hexArgument, pathOption, requireLength } from '../arguments.js';
import { recoverEcdsaKey } from '../../machine/index.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { addMessageOptions, HASH_HELP, readSigned, requireMessage } from '../message.js';
import type { MessageFlags } from '../message.js';
import { addFormatOption, readSignature } from '../signature-form.js';
import type { SignatureForm } from '../signature-form.js';
import { READ_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';
import { addTrustOptions, demand } from '../trust.js';
import type { TrustFlags } from '../trust.js';

type Flags = ConnectionFlags &
  MessageFlags &
  TrustFlags & {
    readonly signature?: Uint8Array;
    readonly signatureFile?: string;
    readonly publicKey?: Uint8Array;
    readonly algorithm?: Algorithm;
    readonly path?: readonly number[];
    readonly format?: SignatureForm;
    readonly json?: true;
  };

/** `quorate verify`: whether a signature is one, decided on this machine. */
export function verifyCommand(context: CommandContext): Command {
  const command = new Command('verify')
    .description(
      'Checks a signature on this machine, by code that did not make it (Ed25519: OpenSSL). With --public-key nothing is ' +
        'asked of any cluster. Without it, the cluster is asked for the key, and the certificate of its answer verified.\n' +
        `Prints "valid" and ends with 0, or "invalid" and ${EXIT.invalid}.`,
    )
    .addArgument(new Argument('[key-id]', 'the key in the cluster whose public key is meant'))
    .addOption(
      new Option('--public-key <hex>', 'the public key itself: nothing is asked of any cluster') //
        .argParser(hexArgument('--public-key')),
    )
    .addOption(
      new Option(
        '--algorithm <name>',
        'with --public-key: the algorithm of the key (default: FROST_ED25519_SHA512)',
      ).argParser(algorithmArgument),
    )
    .addOption(pathOption('with a key of the cluster: the one derived at this path is meant'))
    .addOption(
      new Option('-s, --signature <hex>', 'the signature')
        .argParser(hexArgument('--signature'))
        .conflicts('signatureFile'),
    )
    .addOption(new Option('--signature-file <file>', 'the signature, as the bytes of a file'));
  addFormatOption(
    command,
    'the form of an ECDSA signature (default: by its length, 64 bytes raw, 65 ethereum, others der)',
  );
  addMessageOptions(command).option('--json', 'print one JSON object');
  addTrustOptions(command, 'active');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate verify --public-key <hex> --signature <hex> --message hello
  quorate verify demo --signature <hex> --file contract.pdf --hash sha256
  quorate verify demo --signature-file hello.sig --message hello
  quorate sign demo -m hello | xargs quorate verify demo -m hello --signature
  quorate verify ecdsa --signature-file contract.der --file contract.pdf --hash sha256
${HASH_HELP}`,
    )
    .action(async (keyId: string | undefined, flags: Flags) => {
      if ((keyId === undefined) === (flags.publicKey === undefined)) {
        throw usageError('Name a key of the cluster, or give --public-key');
      }
      if (keyId === undefined && flags.path !== undefined) {
        throw usageError('--path goes with a key of the cluster: --public-key is the key itself');
      }
      if (keyId !== undefined && flags.algorithm !== undefined) {
        throw usageError('--algorithm goes with --public-key: a key of the cluster has its own');
      }
      const given = signatureOf(flags, context);
      requireMessage(flags, context);
      const { algorithm, publicKey } = await keyOf(keyId, flags, context);
      const lengths = isKeyAlgorithm(algorithm) ? ALGORITHMS[algorithm] : undefined;
      requireLength('--public-key', publicKey, lengths?.publicKeyBytes);
      const flag = flags.signature === undefined ? '--signature-file' : '--signature';
      const { signature, recoveryId } = readSignature(flag, given, algorithm, flags.format);
      const signed = await readSigned(algorithm, flags, context);
      const valid =
        verifySignature({ algorithm, publicKey }, signed, signature) &&
        leadsTo(publicKey, signed, signature, recoveryId);
      if (flags.json) {
        const shown = { valid, key_id: keyId, public_key: toHex(publicKey) };
        context.out(JSON.stringify(shown));
      } else {
        context.out(valid ? 'valid' : 'invalid', valid ? 'green' : 'red');
      }
      if (!valid) throw new Ended(EXIT.invalid);
    });
}

/** Claims that the recovery id of an Ethereum signature, where it has one, is of the key. */
function leadsTo(
  publicKey: Uint8Array,
  { digest }: Signable,
  signature: Uint8Array,
  recoveryId: number | undefined,
): boolean {
  if (recoveryId === undefined || digest === undefined) return true;
  const recovered = recoverEcdsaKey('secp256k1', digest, signature, recoveryId);
  return recovered !== undefined && equal(recovered, publicKey);
}

function signatureOf({ signature, signatureFile }: Flags, { folder }: CommandContext): Uint8Array {
  if (signature !== undefined) return signature;
  if (signatureFile === undefined)
    throw usageError('Which signature? Give --signature or --signature-file');
  try {
    return new Uint8Array(readFileSync(resolve(folder, signatureFile)));
  } catch {
    throw usageError(`--signature-file: cannot read ${signatureFile}`);
  }
}

/** The key that is meant: given, or of the cluster. */
function keyOf(keyId: string | undefined, flags: Flags, context: CommandContext) {
  const { algorithm = Algorithm.FROST_ED25519_SHA512, publicKey } = flags;
  if (keyId === undefined) return { algorithm, publicKey: publicKey ?? new Uint8Array() };
  return withClient(flags, context, READ_MS, async (client, options) => {
    const judged = await client.getKey(keyId, options);
    demand(judged, flags.require ?? 'active');
    const { key } = judged;
    const derived = derivePublicKey(key, flags.path ?? []);
    if (derived === undefined)
      throw new ClusterError('data-loss', `Nothing can be derived from ${keyId}`);
    return { algorithm: key.algorithm, publicKey: derived };
  });
}
