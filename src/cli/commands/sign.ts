import { Command, Option } from 'commander';
import { toHex } from '../../common/index.js';
import type { Algorithm } from '../../client/index.js';
import { algorithmArgument, hexArgument, pathOption } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { addMessageOptions, readMessage } from '../message.js';
import type { MessageFlags } from '../message.js';
import { SIGN_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';
import { addTrustOptions, VERDICTS_HELP } from '../trust.js';
import type { TrustFlags } from '../trust.js';

type Flags = ConnectionFlags &
  MessageFlags &
  TrustFlags & {
    readonly publicKey?: Uint8Array;
    readonly algorithm?: Algorithm;
    readonly path?: readonly number[];
    readonly requestId?: string;
    readonly json?: true;
  };

/** `quorate sign`: a signature over a message, by a key of the cluster. */
export function signCommand(context: CommandContext): Command {
  const command = new Command('sign')
    .description(
      'Signs a message with a key of the cluster and prints the signature in hex. ' +
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
        'with --public-key: what it is a key of (default: FROST_ED25519_SHA512)',
      ).argParser(algorithmArgument),
    );
  addTrustOptions(command, 'active');
  addMessageOptions(command)
    .addOption(pathOption('signs with the key derived at this path, for example 0/5'))
    .option('--request-id <id>', 'makes the call safe to repeat (default: a fresh one)')
    .option('--json', 'print one JSON object with all that is known');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate sign demo --message hello
  quorate sign demo --file contract.pdf --json
  quorate sign theirs --message hello --requester spiffe://quorate/app/checkout
  quorate sign coins --path 0/5 --message hello
  printf hello | quorate sign demo > hello.sig`,
    )
    .action(async (keyId: string, flags: Flags) => {
      const message = await readMessage(flags, context);
      const { requestId, publicKey, algorithm, path } = flags;
      const signed = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.sign({ keyId, message, requestId, publicKey, algorithm, path }, options),
      );
      if (!flags.json) return context.out(toHex(signed.signature));
      context.out(
        JSON.stringify({
          key_id: keyId,
          signature: toHex(signed.signature),
          public_key: toHex(signed.publicKey),
          ...(flags.path && { derivation_path: flags.path }),
          key_version: signed.keyVersion,
          signers: signed.signers,
          task_id: signed.taskId,
        }),
      );
    });
}
