import { Argument, Command, Option } from 'commander';
import { fromHex, toHex } from '../../common/index.js';
import { nodeVerify } from '../../ops/index.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { addMessageOptions, readMessage } from '../message.js';
import type { MessageFlags } from '../message.js';
import { READ_MS, withClient } from '../session.js';
import type { Surroundings } from '../surroundings.js';

type Flags = ConnectionFlags &
  MessageFlags & {
    readonly signature: Uint8Array;
    readonly publicKey?: Uint8Array;
    readonly json?: true;
  };

/** `quorate verify`: whether a signature is one, decided on this machine. */
export function verifyCommand(surroundings: Surroundings): Command {
  const command = new Command('verify')
    .summary('check a signature, offline')
    .description(
      'Checks an Ed25519 signature on this machine, with OpenSSL. Without --public-key, the public key is ' +
        'looked up in the cluster first, and believed as far as its certificate goes.\n' +
        'Prints "valid" and ends with 0, or "invalid" and 1.',
    )
    .addArgument(new Argument('[key-id]', 'the key in the cluster whose public key is meant'))
    .addOption(
      new Option('--public-key <hex>', 'the public key itself: nothing is asked of any cluster') //
        .argParser(hexArgument('--public-key', 32)),
    )
    .addOption(
      new Option('-s, --signature <hex>', 'the signature')
        .argParser(hexArgument('--signature', 64))
        .makeOptionMandatory(),
    );
  addMessageOptions(command).option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate verify --public-key <hex> --signature <hex> --message hello
  quorate verify demo --signature <hex> --file contract.pdf
  quorate sign demo -m hello | xargs quorate verify demo -m hello --signature`,
    )
    .action(async (keyId: string | undefined, flags: Flags) => {
      if ((keyId === undefined) === (flags.publicKey === undefined)) {
        throw usageError('Whose signature? Name a key of the cluster, or give --public-key.');
      }
      const message = await readMessage(flags, surroundings);
      const publicKey = flags.publicKey ?? (await lookUp(keyId ?? '', flags, surroundings));
      const valid = nodeVerify.final('FROST_ED25519_SHA512', publicKey, message, flags.signature);
      if (flags.json) {
        const shown = { valid, key_id: keyId, public_key: toHex(publicKey) };
        surroundings.out(JSON.stringify(shown));
      } else {
        surroundings.out(
          valid ? surroundings.paint('green', 'valid') : surroundings.paint('red', 'invalid'),
        );
      }
      if (!valid) throw new Ended(EXIT.failure);
    });
}

async function lookUp(keyId: string, flags: Flags, surroundings: Surroundings) {
  return withClient(flags, surroundings, READ_MS, async (client, options) => {
    const { key, verdict } = await client.getKey(keyId, options);
    if (verdict === 'unverified' || verdict === 'pending') {
      surroundings.err(`The certificate of ${keyId} is ${verdict}: this public key is hearsay.`);
    }
    return key.publicKey;
  });
}

/** Reads a flag of exactly `length` bytes in hex. */
function hexArgument(flag: string, length: number): (text: string) => Uint8Array {
  return (text) => {
    const bytes = fromHex(text.trim().toLowerCase());
    if (bytes?.length !== length) {
      throw usageError(`${flag} must be ${length * 2} hex characters (${length} bytes)`);
    }
    return bytes;
  };
}
