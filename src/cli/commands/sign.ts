import { Command, Option } from 'commander';
import { toHex } from '../../common/index.js';
import { Algorithm } from '../../client/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../../identity/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import {
  algorithmArgument,
  hexArgument,
  pathOption,
  REQUEST_ID_HELP,
  requireLength,
} from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { addMessageOptions, HASH_HELP, readMessage } from '../message.js';
import type { MessageFlags } from '../message.js';
import { SIGN_MS, withClient } from '../open-client.js';
import { addOutputOption, outputOf, printBytes, requireReader } from '../output.js';
import type { OutputFlags } from '../output.js';
import { sayingWhatIsMissing } from '../progress.js';
import type { CommandContext } from '../command-context.js';
import { addTrustOptions, VERDICTS_HELP } from '../trust.js';
import type { TrustFlags } from '../trust.js';

type Flags = ConnectionFlags &
  MessageFlags &
  TrustFlags &
  OutputFlags & {
    readonly publicKey?: Uint8Array;
    readonly algorithm?: KeyAlgorithm;
    readonly path?: readonly number[];
    readonly requestId?: string;
  };

/** `quorate sign`: a signature over a message, by a key of the cluster. */
export function signCommand(context: CommandContext): Command {
  const command = new Command('sign')
    .description(
      'Signs a message with a key of the cluster and prints the signature. ' +
        'The signature has been verified before it is printed, under --public-key, or under a public key whose ' +
        `certificate was verified with your cluster.json first:${VERDICTS_HELP}`,
    )
    .argument('<key-id>', 'the key to sign with')
    .addOption(
      new Option('--public-key <hex>', 'the public key, when you know it') //
        .argParser(hexArgument('--public-key')),
    )
    .addOption(
      new Option(
        '--algorithm <name>',
        'with --public-key: what it must be a key of (default: as the cluster shows)',
      ).argParser(algorithmArgument),
    );
  addTrustOptions(command, 'active');
  addMessageOptions(command)
    .addOption(pathOption('signs with the key derived at this path, for example 0/5'))
    .option('--request-id <id>', REQUEST_ID_HELP);
  addOutputOption(command, ['hex', 'base64', 'raw', 'json']);
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate sign demo --message hello
  quorate sign demo --file contract.pdf --hash sha256 --json
  quorate sign theirs --message hello --requester spiffe://quorate/app/checkout
  quorate sign coins --path 0/5 --message-hex 00ff
  printf hello | quorate sign demo --file - --output raw > hello.sig
${HASH_HELP}`,
    )
    .action(async (keyId: string, flags: Flags) => {
      const { requestId, publicKey, algorithm, path, hash } = flags;
      const output = outputOf(flags);
      requireReader(output, context);
      if (publicKey !== undefined) {
        // Without --algorithm the cluster names it, and a length of any of them may be right.
        const named =
          algorithm ??
          KEY_ALGORITHMS.find((each) => ALGORITHMS[each].publicKeyBytes === publicKey.length) ??
          Algorithm.FROST_ED25519_SHA512;
        requireLength('--public-key', publicKey, ALGORITHMS[named].publicKeyBytes);
      }
      const message = await readMessage(flags, context);
      const signed = await withClient(flags, context, SIGN_MS, (client, options) => {
        const input = { keyId, message, requestId, publicKey, algorithm, path };
        return sayingWhatIsMissing(client.sign(input, options), client, { all: false }, context);
      });
      if (output === 'hex' || output === 'base64' || output === 'raw')
        return printBytes(signed.signature, output, context);
      context.out(
        JSON.stringify({
          key_id: keyId,
          signature: toHex(signed.signature),
          public_key: toHex(signed.publicKey),
          ...(flags.path && { derivation_path: flags.path }),
          // The digest that was signed instead of what the flags name.
          ...(hash !== undefined && { hash, message: toHex(message) }),
          key_version: signed.keyVersion,
          signers: signed.signers,
          task_id: signed.taskId,
        }),
      );
    });
}
