import { Command } from 'commander';
import { toHex } from '../../common/index.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { addMessageOptions, readMessage } from '../message.js';
import type { MessageFlags } from '../message.js';
import { SIGN_MS, withClient } from '../session.js';
import type { Surroundings } from '../surroundings.js';

type Flags = ConnectionFlags & MessageFlags & { readonly requestId?: string; readonly json?: true };

/** `quorate sign`: a signature over a message, by a key of the cluster. */
export function signCommand(surroundings: Surroundings): Command {
  const command = new Command('sign')
    .summary('sign a message')
    .description(
      'Signs a message with a key of the cluster and prints the signature in hex. ' +
        'The signature has been checked before it is printed.',
    )
    .argument('<key-id>', 'the key to sign with');
  addMessageOptions(command)
    .option('--request-id <id>', 'makes the call safe to repeat (default: a fresh one)')
    .option('--json', 'print one JSON object with all that is known');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate sign demo --message hello
  quorate sign demo --file contract.pdf --json
  printf hello | quorate sign demo > hello.sig`,
    )
    .action(async (keyId: string, flags: Flags) => {
      const message = await readMessage(flags, surroundings);
      const signed = await withClient(flags, surroundings, SIGN_MS, (client, options) =>
        client.sign({ keyId, message, requestId: flags.requestId }, options),
      );
      if (!flags.json) return surroundings.out(toHex(signed.signature));
      surroundings.out(
        JSON.stringify({
          key_id: keyId,
          signature: toHex(signed.signature),
          public_key: toHex(signed.publicKey),
          key_version: signed.keyVersion,
          signers: signed.signers,
          task_id: signed.taskId,
        }),
      );
    });
}
