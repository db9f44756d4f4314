import { Command, Option } from 'commander';
import { toHex } from '../../common/index.js';
import { Algorithm, Hash } from '../../client/index.js';
import type { QuorateClient, Signable, SignResponse } from '../../client/index.js';
import { isMessageHash, messageDigest } from '../../crypto/index.js';
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
import {
  addMessageOptions,
  HASH_HELP,
  readPayload,
  requireMessage,
  signsDigests,
} from '../message.js';
import type { MessageFlags } from '../message.js';
import type { HashName } from '../hashes.js';
import { SILENCE_ECDSA_MS, SILENCE_MS } from '../limits.js';
import { SIGN_ECDSA_MS, SIGN_MS, withClient } from '../open-client.js';
import { addFormatOption, FORM_HELP, formsJson, inForm, requireForm } from '../signature-form.js';
import type { SignatureForm } from '../signature-form.js';
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
    readonly format?: SignatureForm;
    readonly requestId?: string;
  };

type Made = {
  readonly algorithm: Algorithm;
  readonly payload: Signable;
  readonly signed: SignResponse;
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
  addFormatOption(command, 'the form of an ECDSA signature (default: raw)');
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
  quorate sign ecdsa --file contract.pdf --format der --output raw > contract.sig
  quorate sign ether --message-hex <hex> --hash keccak256 --format ethereum
  quorate sign ether --digest <hex> --json
${HASH_HELP}
${FORM_HELP}`,
    )
    .action(async (keyId: string, flags: Flags) => {
      const { publicKey, algorithm, hash } = flags;
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
      requireMessage(flags, context);
      const form = flags.format ?? 'raw';
      const {
        algorithm: signedBy,
        payload,
        signed,
      } = await withClient(flags, context, SIGN_MS, (client) =>
        makeSignature(client, keyId, flags, context),
      );
      if (output === 'hex' || output === 'base64' || output === 'raw')
        return printBytes(inForm(signed, form), output, context);
      context.out(
        JSON.stringify({
          key_id: keyId,
          signature: toHex(signed.signature),
          ...formsJson(signedBy, signed),
          public_key: toHex(signed.publicKey),
          ...(flags.path && { derivation_path: flags.path }),
          ...payloadJson(signedBy, payload, hash),
          key_version: signed.keyVersion,
          signers: signed.signers,
          task_id: signed.taskId,
        }),
      );
    });
}

/** Asks for the signature that the flags name, once it is known what keys of the algorithm sign. */
async function makeSignature(
  client: QuorateClient,
  keyId: string,
  flags: Flags,
  context: CommandContext,
): Promise<Made> {
  const { publicKey, algorithm: named, path, requestId } = flags;
  const asked = { keyId, publicKey, algorithm: named, path };
  const beganMs = performance.now();
  const { algorithm } = await client.signingKey(asked, { timeoutMs: flags.timeout ?? SIGN_MS });
  requireForm(flags.format, algorithm);
  const payload = await readPayload(algorithm, flags, context);
  const isEcdsa = signsDigests(algorithm);
  const wholeMs = flags.timeout ?? (isEcdsa ? SIGN_ECDSA_MS : SIGN_MS);
  const silenceMs = isEcdsa ? SILENCE_ECDSA_MS : SILENCE_MS;
  const timeoutMs = Math.max(wholeMs - (performance.now() - beganMs), 1);
  const call = client.sign({ ...asked, ...payload, requestId }, { timeoutMs });
  const signed = await sayingWhatIsMissing(call, client, { all: false }, context, silenceMs);
  return { algorithm, payload, signed };
}

/** The payload where it is not the message that the flags name: the digest, and the hash that made it. */
function payloadJson(
  algorithm: Algorithm,
  { message, hash, digest }: Signable,
  name: HashName | undefined,
): object {
  // The digest is the message of a FROST key.
  if (!signsDigests(algorithm))
    return name === undefined ? {} : { hash: name, message: message && toHex(message) };
  if (digest !== undefined) return { digest: toHex(digest) };
  const by = hash !== undefined && isMessageHash(hash) ? hash : Hash.SHA256;
  const made = messageDigest(by, message ?? new Uint8Array());
  return { hash: name ?? 'sha256', digest: toHex(made) };
}
