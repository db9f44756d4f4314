import { Command, Option } from 'commander';
import { ClusterError } from '../../common/index.js';
import { Algorithm, derivePublicKey, KeyState, shortfallOf } from '../../client/index.js';
import type { JudgedKey, Key, KeyTrust, Label } from '../../client/index.js';
import type { SetProfile } from '../../identity/index.js';
import {
  algorithmArgument,
  ALGORITHM_NAMES,
  countArgument,
  hexArgument,
  intervalArgument,
  listArgument,
  pathOption,
  profileArgument,
  REQUEST_ID_HELP,
  requireProfileFits,
  wordArgument,
} from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { wrongClocks } from '../wrong-clocks.js';
import { Ended, exitOf, usageError } from '../exit-codes.js';
import { keyJson, keyLines, keyTable } from '../format/key.js';
import type { DerivedKey } from '../format/key.js';
import { addPartOptions, listPart, partJson, tellMore, tellNone } from '../list-part.js';
import type { PartFlags } from '../list-part.js';
import { signsDigests } from '../message.js';
import { sayingWhatIsPrepared } from '../preparation.js';
import { sayingWhatIsMissing } from '../progress.js';
import { errorJson } from '../report.js';
import { GENERATE_ECDSA_MS, GENERATE_MS, READ_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';
import { destroyCommand, restoreCommand, retireCommand } from './key-ends.js';
import { reshareCommand } from './keys-reshare.js';
import { publicKeyCommand } from './public-key.js';
import { addRequireOption, addTrustOptions, VERDICTS_HELP } from '../trust.js';
import type { TrustFlags } from '../trust.js';

type GenerateFlags = ConnectionFlags & {
  readonly threshold?: number;
  readonly participants?: readonly string[];
  readonly algorithm: Algorithm;
  readonly gg20Profile?: SetProfile;
  readonly allowedSigner?: readonly string[];
  readonly label?: readonly { readonly key: string; readonly value: string }[];
  readonly allowNoRedundancy?: true;
  readonly reshareInterval?: number;
  readonly requestId?: string;
  readonly require?: KeyTrust;
  readonly json?: true;
};
type ListFlags = ConnectionFlags &
  PartFlags & {
    readonly prefix?: string;
    readonly owner?: string;
    readonly label?: readonly Label[];
    readonly algorithm?: Algorithm;
    readonly state?: KeyState;
    readonly json?: true;
  };
type GetFlags = ConnectionFlags &
  TrustFlags & {
    readonly publicKey?: Uint8Array;
    readonly path?: readonly number[];
    readonly json?: true;
  };

const KEYS_LIMIT = 1_000;
const STATES = {
  pending: KeyState.PENDING,
  active: KeyState.ACTIVE,
  retired: KeyState.RETIRED,
  destroying: KeyState.DESTROYING,
  destroyed: KeyState.DESTROYED,
} as const;

/** `quorate keys`: keys in shares. */
export function keysCommand(context: CommandContext): Command {
  return new Command('keys')
    .description(
      'A key is born in shares, one per participant; any `threshold` of them sign together. ' +
        'It is never in one place.',
    )
    .addCommand(generateCommand(context))
    .addCommand(listCommand(context))
    .addCommand(getCommand(context))
    .addCommand(publicKeyCommand(context))
    .addCommand(reshareCommand(context, show))
    .addCommand(retireCommand(context))
    .addCommand(restoreCommand(context))
    .addCommand(destroyCommand(context));
}

function generateCommand(context: CommandContext): Command {
  const command = new Command('generate')
    .description(
      'Generates a key in shares, waits until every participant has its own, and verifies what they signed for it.',
    )
    .argument('<key-id>', 'a name for it: lower-case letters, digits, _ and -')
    .addOption(
      new Option(
        '-t, --threshold <count>',
        'how many sign together (default: a majority)',
      ).argParser(countArgument('--threshold')),
    )
    .addOption(
      new Option(
        '--participants <nodes>',
        'the nodes that get a share, a,b,c (default: all voters)',
      ).argParser(listArgument('--participants')),
    )
    .addOption(
      new Option('--algorithm <name>', `what signatures it makes: ${ALGORITHM_NAMES.join(', ')}`)
        .default(Algorithm.FROST_ED25519_SHA512, 'FROST_ED25519_SHA512')
        .argParser(algorithmArgument),
    )
    .addOption(
      new Option(
        '--gg20-profile <name>',
        'of an ECDSA key: the sizes of the numbers that its participants prove things with, P3072 (128 bits of ' +
          'security) or P2048 (112 bits, about three times as fast) (default: P3072)',
      ).argParser(profileArgument),
    )
    .addOption(
      new Option(
        '--allowed-signer <spiffe-id>',
        'another requester that may sign with it; may be repeated',
      ).argParser((id: string, before: readonly string[] | undefined) => [...(before ?? []), id]),
    )
    .addOption(
      new Option(
        '--label <name=value>',
        'something to remember about it; may be repeated',
      ).argParser(labelArgument),
    )
    .option(
      '--allow-no-redundancy',
      'permit a threshold of all participants: losing one node then loses the key',
    )
    .addOption(
      new Option(
        '--reshare-interval <time>',
        'refresh the shares so often, 1h to 365d, or never (default: 24h)',
      ).argParser(intervalArgument('--reshare-interval')),
    )
    .option('--request-id <id>', REQUEST_ID_HELP)
    .option('--json', 'print one JSON object');
  addRequireOption(command, 'pending');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate keys generate demo
  quorate keys generate coins --algorithm FROST_SECP256K1_TAPROOT
  quorate keys generate ether --algorithm GG20_SECP256K1
  quorate keys generate payments --threshold 2 --participants node-1,node-2,node-3
  quorate keys generate app-key --allowed-signer spiffe://quorate/app/checkout --label team=shop

FROST signs faster and in fewer steps: take GG20 (ECDSA) only where ECDSA is what the signature's reader wants. The first
such key of a set of participants waits for auxiliary material that they make together: many seconds with P2048, minutes
with P3072. The command says what it waits for; where its time ends first, the same --request-id asks again.`,
    )
    .action(async (keyId: string, flags: GenerateFlags) => {
      const isEcdsa = signsDigests(flags.algorithm);
      requireProfileFits(flags.gg20Profile, flags.algorithm);
      const timeMs = isEcdsa ? GENERATE_ECDSA_MS : GENERATE_MS;
      const judged = await withClient(flags, context, timeMs, (client, options) => {
        const call = client.generateKey(
          {
            keyId,
            algorithm: flags.algorithm,
            gg20Profile: flags.gg20Profile,
            threshold: flags.threshold,
            participants: flags.participants,
            allowedSigners: flags.allowedSigner,
            labels: flags.label,
            allowNoRedundancy: flags.allowNoRedundancy,
            reshareIntervalMs: flags.reshareInterval,
            requestId: flags.requestId,
          },
          options,
        );
        if (isEcdsa) return sayingWhatIsPrepared(call, client, keyId, context);
        const clocks = () => wrongClocks(flags, context);
        const needed = { nodes: flags.participants, all: true, wrongClocks: clocks };
        return sayingWhatIsMissing(call, client, needed, context);
      });
      show(judged, flags, context);
    });
}

function listCommand(context: CommandContext): Command {
  const command = new Command('list')
    .description(
      'Lists keys in order of their names. Operators and auditors see all keys; an app sees those that it owns or ' +
        'is an allowed signer of. Several filters must all fit. A list is what one node says: `quorate keys get` ' +
        'verifies a key.',
    )
    .option('--prefix <text>', 'only keys whose names begin so')
    .option('--owner <spiffe-id>', 'only keys that this requester owns')
    .addOption(
      new Option(
        '--label <name=value>',
        'only keys with this label; repeated, with all of them',
      ).argParser(labelArgument),
    )
    .addOption(
      new Option('--algorithm <name>', `only keys of it: ${ALGORITHM_NAMES.join(', ')}`).argParser(
        algorithmArgument,
      ),
    )
    .addOption(
      new Option(
        '--state <state>',
        `only those that are so: ${Object.keys(STATES).join(', ')}`,
      ).argParser(wordArgument('--state', STATES)),
    );
  addPartOptions(command, KEYS_LIMIT).option(
    '--json',
    'print one JSON object: {"keys": [...], "truncated", "more_count", "next_page_token"}',
  );
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate keys list
  quorate keys list --prefix pay- --label team=shop
  quorate keys list --owner spiffe://quorate/app/checkout --json | jq -r '.keys[].key_id'`,
    )
    .action(async (flags: ListFlags) => {
      const { prefix, owner, algorithm, state, label: labels } = flags;
      const filter = { prefix, owner, algorithm, state, labels };
      const part = await withClient(flags, context, READ_MS, (client, options) =>
        listPart(flags, (page) => client.listKeys({ ...filter, ...page }, options)),
      );
      const keys = part.items;
      if (flags.json) {
        const shown = { keys: keys.map((key) => keyJson(key)), ...partJson(part) };
        return context.out(JSON.stringify(shown));
      }
      if (keys.length === 0) return tellNone('keys', filter, context);
      for (const line of keyTable(keys)) context.out(line);
      tellMore(part, context);
    });
}

function getCommand(context: CommandContext): Command {
  const command = new Command('get')
    .description(
      `Shows a key, and what its certificate is worth when checked against your cluster.json:${VERDICTS_HELP}`,
    )
    .addOption(
      new Option('--public-key <hex>', 'what you know it to be: any other is unverified') //
        .argParser(hexArgument('--public-key')),
    )
    .argument('<key-id>')
    .addOption(pathOption('also shows the public key derived at this path, for example 0/5'))
    .option('--json', 'print one JSON object');
  addTrustOptions(command, 'pending');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate keys get demo
  quorate keys get coins --path 0/5
  quorate keys get demo --require active --json | jq -r .public_key
  quorate keys get theirs --requester spiffe://quorate/app/checkout`,
    )
    .action(async (keyId: string, flags: GetFlags) => {
      const { publicKey } = flags;
      const judged = await withClient(flags, context, READ_MS, (client, options) =>
        client.getKey(keyId, { ...options, publicKey }),
      );
      show(judged, flags, context);
    });
}

/** @throws QuorateError when it is worth less than is required, after it was shown. */
function show(
  judged: JudgedKey,
  {
    require,
    path,
    json,
  }: {
    readonly require?: KeyTrust;
    readonly path?: readonly number[];
    readonly json?: true;
  },
  context: CommandContext,
): void {
  const { key, ...shown } = judged;
  const derived = path && derivedAt(key, path);
  const shortfall = shortfallOf(judged, require ?? 'pending');
  if (json) {
    // One document, so that a program which reads one finds the error beside what it is about.
    const error = shortfall && errorJson(shortfall, context);
    context.out(JSON.stringify({ ...keyJson(key, shown, derived), ...error }));
    if (shortfall !== undefined) throw new Ended(exitOf(shortfall));
    return;
  }
  for (const line of keyLines(key, shown, derived)) context.out(line);
  if (shortfall !== undefined) throw shortfall;
}

function derivedAt(key: Key, path: readonly number[]): DerivedKey {
  const publicKey = derivePublicKey(key, path);
  if (publicKey !== undefined) return { path, publicKey };
  throw new ClusterError(
    'data-loss',
    `The answer is no key that can be derived from: ${key.keyId}`,
  );
}

function labelArgument(
  text: string,
  before: readonly { key: string; value: string }[] | undefined,
) {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`--label must be name=value, not "${text}"`);
  return [...(before ?? []), { key: text.slice(0, at), value: text.slice(at + 1) }];
}
