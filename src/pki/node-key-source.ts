import { ClusterError, utf8 } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import { passphrasesOf } from './key-change-file.js';
import { nodeKeyOf } from './node-key.js';
import { openKeyFile } from './node-key-file.js';
import type { KeyFileWay } from './node-key-file.js';
import { passphraseKeyOfAny } from './passphrase.js';

/** Where a node key comes from. `where` is the place in the configuration that says so, for messages. */
export type NodeKeySource =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly where: string;
      /** The program that seals the key in the file; it is in the clear where there is none. */
      readonly sealProgram?: string;
    }
  /** A variable of the environment that holds 64 lower-case hex characters. */
  | { readonly kind: 'env'; readonly variable: string; readonly where: string }
  /** A variable of the environment that holds a passphrase. */
  | { readonly kind: 'passphrase'; readonly variable: string; readonly where: string };

/** Variables of a process; secrets are taken out of it. */
export type Environment = Record<string, string | undefined>;

const FIELD = {
  file: 'node_key.file',
  env: 'node_key.env',
  passphrase: 'node_key.passphrase_env',
} as const;

/**
 * Fetches a node key; the caller ends its life. Writes nothing.
 *
 * @param environment - Loses the variable that held the secret, so that no child and no dump of variables shows it. (The
 * string that Node made of it can not be wiped.)
 * @param identityPath - For a passphrase: the file that knows its salt, as one beside it does while the node key changes.
 * @throws ClusterError `invalid-request` when there is no such key, `unauthenticated` (`WRONG_PASSPHRASE`), `wrong-state`
 * (`SEAL_PROGRAM`).
 */
export async function loadNodeKey(
  source: NodeKeySource,
  node: NodeId,
  environment: Environment,
  identityPath: string,
): Promise<SecretBytes> {
  const field = FIELD[source.kind];
  const from = `${source.where}: ${field}`;
  if (source.kind === 'file') return openFile(source.path, keyFileWay(source, node, environment));
  using text = takeVariable(environment, source);
  if (source.kind === 'env') return nodeKeyOf(text, `${from}: the variable`, field);
  const headers = passphrasesOf(identityPath);
  if (headers.length > 0) return passphraseKeyOfAny(text, headers, from);
  throw new ClusterError(
    'invalid-request',
    `${from}: ${identityPath} was sealed under a node key, not under a passphrase`,
    { reason: 'INVALID_CONFIGURATION', field },
  );
}

/**
 * Takes a secret out of the environment.
 *
 * @throws ClusterError `invalid-request`. The name of the variable is not told: an operator that mistakes it for the place of the
 * secret itself would find the secret in the log.
 */
export function takeVariable(
  environment: Environment,
  source: Exclude<NodeKeySource, { kind: 'file' }>,
): SecretBytes {
  const { kind, variable, where } = source;
  const text = environment[variable];
  delete environment[variable];
  if (text !== undefined && text !== '') return new SecretBytes(utf8(text));
  throw new ClusterError(
    'invalid-request',
    `${where}: ${FIELD[kind]}: there is no variable of that name, or it is empty`,
    { reason: 'INVALID_CONFIGURATION', field: FIELD[kind] },
  );
}

/** How the file of a node key is opened and made. */
export function keyFileWay(
  { sealProgram }: Extract<NodeKeySource, { kind: 'file' }>,
  nodeId: NodeId,
  environment: Environment,
): KeyFileWay {
  const program = sealProgram === undefined ? undefined : { path: sealProgram, nodeId };
  return { program, environment };
}

async function openFile(path: string, way: KeyFileWay): Promise<SecretBytes> {
  try {
    return await openKeyFile(path, way);
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('invalid-request', `${FIELD.file}: ${path} cannot be read`, {
      cause,
      field: FIELD.file,
    });
  }
}
