import { Command, Option } from 'commander';
import { ClusterError, toHex } from '../../common/index.js';
import { derivePublicKey } from '../../client/index.js';
import { algorithmOf, ALGORITHMS } from '../../identity/index.js';
import { hexArgument, pathOption } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { addressOf } from '../format/key.js';
import { publicKeyPem } from '../format/public-key.js';
import { READ_MS, withClient } from '../open-client.js';
import { addOutputOption, outputOf, printBytes, requireReader } from '../output.js';
import type { OutputFlags } from '../output.js';
import type { CommandContext } from '../command-context.js';
import { addTrustOptions, demand, VERDICTS_HELP } from '../trust.js';
import type { TrustFlags } from '../trust.js';

type Flags = ConnectionFlags &
  TrustFlags &
  OutputFlags & { readonly publicKey?: Uint8Array; readonly path?: readonly number[] };

/** `quorate keys public-key`: the public key alone, for a program that checks signatures. */
export function publicKeyCommand(context: CommandContext): Command {
  const command = new Command('public-key')
    .description(
      'Prints the public key of a key, once its certificate was verified with your cluster.json:' +
        `${VERDICTS_HELP}\n` +
        'As PEM it is a SubjectPublicKeyInfo. OpenSSL checks signatures of FROST_ED25519_SHA512 keys with it, and of ' +
        'GG20 keys (ECDSA) in the form of --format der. It reads the other public keys, and cannot check their ' +
        'signatures: they are Schnorr signatures.',
    )
    .argument('<key-id>')
    .addOption(
      new Option('--public-key <hex>', 'what you know it to be: any other is unverified') //
        .argParser(hexArgument('--public-key')),
    )
    .addOption(pathOption('the public key derived at this path, for example 0/5'));
  addOutputOption(command, ['hex', 'base64', 'pem', 'raw', 'json']);
  addTrustOptions(command, 'active');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate keys public-key demo
  quorate keys public-key demo --output pem > demo.pem
  openssl pkeyutl -verify -pubin -inkey demo.pem -rawin -in message -sigfile message.sig
  openssl dgst -sha256 -verify ecdsa.pem -signature message.der message`,
    )
    .action(async (keyId: string, flags: Flags) => {
      const output = outputOf(flags);
      requireReader(output, context);
      const judged = await withClient(flags, context, READ_MS, (client, options) =>
        client.getKey(keyId, { ...options, publicKey: flags.publicKey }),
      );
      demand(judged, flags.require ?? 'active');
      const path = flags.path ?? [];
      const publicKey = derivePublicKey(judged.key, path);
      if (publicKey === undefined) {
        throw new ClusterError('data-loss', `Nothing can be derived from ${keyId}`);
      }
      const algorithm = algorithmOf(judged.key);
      if (output === 'pem') {
        for (const line of publicKeyPem(algorithm, publicKey)) context.out(line);
      } else if (output === 'json') {
        const address = addressOf(judged.key, publicKey);
        context.out(
          JSON.stringify({
            key_id: keyId,
            algorithm: ALGORITHMS[algorithm].name,
            public_key: toHex(publicKey),
            ...(address !== undefined && { ethereum_address: address }),
            public_key_pem: `${publicKeyPem(algorithm, publicKey).join('\n')}\n`,
            ...(path.length > 0 && { derivation_path: path }),
            verdict: judged.verdict,
            because: judged.because,
          }),
        );
      } else {
        printBytes(publicKey, output, context);
      }
    });
}
