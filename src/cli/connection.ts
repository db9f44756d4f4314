import { Option } from 'commander';
import type { Command } from 'commander';
import { DEV_FOLDER, findConnection as search } from '../client/index.js';
import type { Connection } from '../client/index.js';
import { clientFileOf, contextsFile, readContexts } from './contexts.js';
import { usageError } from './exit-codes.js';
import { parseDuration } from './format/values.js';
import type { CommandContext } from './command-context.js';

/** The flags that every command takes which talks to a cluster. */
export type ConnectionFlags = {
  readonly endpoint?: readonly string[];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly clusterFile?: string;
  readonly clientFile?: string;
  readonly context?: string;
  readonly timeout?: number;
};

const GROUP =
  'Connection (by default the context in use, else the local cluster of `quorate dev`):';

/** Adds the connection's flags to a command. */
export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--endpoint <host:port>',
        'a node; may be repeated [QUORATE_ENDPOINTS: a,b]',
      ).argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]),
    )
    .addOption(option('--ca <file>', 'PEM bundle that vouches for the nodes [QUORATE_CA]'))
    .addOption(option('--cert <file>', 'your certificate, PEM [QUORATE_CERT]'))
    .addOption(option('--key <file>', 'its private key, PEM [QUORATE_KEY]'))
    .addOption(option('--cluster-file <file>', 'the genesis, cluster.json [QUORATE_CLUSTER_FILE]'))
    .addOption(
      option('--client-file <file>', 'a client.json with all of these [QUORATE_CLIENT_FILE]'),
    )
    .addOption(
      option(
        '--context <name>',
        'one of `quorate context list` (default: the one in use) [QUORATE_CONTEXT]',
      ).conflicts('clientFile'),
    )
    .addOption(
      option(
        '--timeout <duration>',
        'how long to wait: 500ms, 30s, 2m (default: 5s to read, 10s to sign, 30s to generate)',
      ).argParser(durationArgument('--timeout')),
    );
}

function option(flags: string, text: string): Option {
  return new Option(flags, text).helpGroup(GROUP);
}

/** Reads a flag that is a length of time. */
export function durationArgument(flag: string): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    throw usageError(`${flag} must be a length of time such as 500ms, 30s or 2m, not "${text}"`);
  };
}

/**
 * Finds out where the cluster is: each setting from its flag, else from QUORATE_*, else from the client file. That is the one of a flag,
 * else of QUORATE_CLIENT_FILE or QUORATE_CONTEXT, else of the context in use, else of the development cluster of the working folder.
 * With `namedOnly`, flags and the client file that a flag names are all that counts.
 *
 * @throws ClusterError `invalid-request` naming what is missing, or a file that is not there.
 */
export function findConnection(
  flags: ConnectionFlags,
  context: CommandContext,
  { namedOnly = false }: { readonly namedOnly?: boolean } = {},
): Connection {
  const { environment, folder, program } = context;
  const { endpoint: endpoints, ca, cert, key, clusterFile } = flags;
  const clientFile = flags.clientFile ?? contextFile(flags, context, namedOnly);
  const given = { endpoints, ca, cert, key, clusterFile, clientFile };
  return search(
    given,
    { environment, folder, namedOnly },
    {
      missing: (setting, variable) =>
        usageError(
          `Which cluster? Give --${FLAGS[setting]} or ${variable}, or a client.json with --client-file or a context. ` +
            `There is no ${DEV_FOLDER} here; \`${program} dev\` would start a cluster and make it.`,
        ),
      noFile: (setting, fault) => {
        const hint =
          setting === 'key'
            ? '; --key is the private key of --cert, a key to sign with goes first'
            : '';
        return usageError(`--${FLAGS[setting]}: ${fault}${hint}`);
      },
    },
  );
}

/** The client file of the context that is named, or in use; `undefined` where something else goes before it. */
function contextFile(
  { context: named, endpoint, ca, cert, key, clusterFile }: ConnectionFlags,
  context: CommandContext,
  namedOnly: boolean,
): string | undefined {
  const { environment } = context;
  const isWhole = [endpoint, ca, cert, key, clusterFile].every((each) => each !== undefined);
  if (named === undefined && (namedOnly || environment['QUORATE_CLIENT_FILE'])) return undefined;
  // A command that names everything needs none, and no fault of theirs stands in its way.
  if (named === undefined && isWhole) return undefined;
  const contexts = readContexts(contextsFile(context));
  const name = named ?? (environment['QUORATE_CONTEXT'] || undefined) ?? contexts.current;
  return name === undefined ? undefined : clientFileOf(contexts, name);
}

/** The flag of each setting. */
const FLAGS: Readonly<Record<keyof Connection, string>> = {
  endpoints: 'endpoint',
  ca: 'ca',
  cert: 'cert',
  key: 'key',
  clusterFile: 'cluster-file',
  requesters: 'requester',
};
