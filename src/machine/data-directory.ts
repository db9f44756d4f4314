import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ClusterError } from '../common/index.js';
import type { ClusterId, NodeId } from '../common/index.js';
import { makeFolder, replacePrivateFile } from './files.js';
import { lockDataDirectory } from './lock.js';

/** The owner of a data directory. */
export type IdentityOwner = { readonly clusterId: ClusterId; readonly nodeId: NodeId };

/** A node's own directory, locked for this process. */
export type DataDirectory = {
  /** The life of this directory, part of a member's identity; 1 until membership can change. */
  readonly incarnation: number;
  /** For `openStores`: the log with the replicated state, and the key shares. */
  readonly logPath: string;
  readonly sharesPath: string;
  /** For `openIdentity`. */
  readonly identityPath: string;
  /** Whether it names its node already. */
  readonly claimed: boolean;
  /**
   * Writes down which node's directory this is: once its identity key has opened and its log has begun, so that another
   * node's directory is left as it was, and a claimed one never has an empty log.
   */
  claim(): void;
  release(): Promise<void>;
};

/** The layout of a data directory. A directory of another format is left as it is. */
const FORMAT = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  node_id: z.string(),
  cluster_id: z.string(),
  incarnation: z.int().positive(),
});

const FIRST_INCARNATION = 1;

/** Where a node's identity key is in its data directory. */
export function identityPathOf(directory: string): string {
  return join(directory, 'identity.key');
}

/** Where a node's stores are in its data directory. */
export function storePathsOf(directory: string): Pick<DataDirectory, 'logPath' | 'sharesPath'> {
  return { logPath: join(directory, 'log'), sharesPath: join(directory, 'shares') };
}

/** Where the files of a node's audit log are in its data directory. */
export function auditPathOf(directory: string): string {
  return join(directory, 'audit');
}

/** Where the states of checkpoints are in its data directory. */
export function snapshotsPathOf(directory: string): string {
  return join(directory, 'snapshots');
}

/**
 * Opens a node's data directory: makes it (0700) at the first start, locks it, and checks that it is this node's.
 *
 * @throws ClusterError `wrong-state` when another process has it (`DATA_DIRECTORY_IN_USE`) or when it belongs to another
 * node or cluster (`DATA_DIRECTORY_FOREIGN`); `unsupported` when it is of another format (`STORE_FORMAT`); `data-loss` when its
 * `node.json` is damaged.
 */
export async function openDataDirectory(
  path: string,
  owner: IdentityOwner,
): Promise<DataDirectory> {
  makeFolder(path);
  chmodSync(path, 0o700);
  const lock = await lockDataDirectory(path);
  try {
    return {
      incarnation: incarnationOf(path, owner),
      ...storePathsOf(path),
      identityPath: identityPathOf(path),
      claimed: existsSync(nodeFileOf(path)),
      claim: () => claim(path, owner),
      release: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The contents of `node.json`, now or after the first start. */
function incarnationOf(directory: string, { clusterId, nodeId }: IdentityOwner): number {
  const path = nodeFileOf(directory);
  if (!existsSync(path)) return FIRST_INCARNATION;
  const node = read(path);
  if (node.node_id !== nodeId || node.cluster_id !== clusterId)
    throw new ClusterError(
      'wrong-state',
      `The data directory ${directory} belongs to node ${node.node_id} of cluster ${node.cluster_id}, ` +
        `not to node ${nodeId} of cluster ${clusterId}`,
      { reason: 'DATA_DIRECTORY_FOREIGN' },
    );
  return node.incarnation;
}

function claim(directory: string, { clusterId, nodeId }: IdentityOwner): void {
  const path = nodeFileOf(directory);
  if (existsSync(path)) return;
  const first = {
    format: FORMAT,
    node_id: nodeId,
    cluster_id: clusterId,
    incarnation: FIRST_INCARNATION,
  };
  replacePrivateFile(path, `${JSON.stringify(first, undefined, 2)}\n`);
}

function nodeFileOf(directory: string): string {
  return join(directory, 'node.json');
}

function read(path: string): z.infer<typeof schema> {
  let node: object;
  try {
    node = z.looseObject({}).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw damaged(path, cause);
  }
  const format = 'format' in node ? node.format : undefined;
  if (format !== FORMAT)
    throw new ClusterError(
      'unsupported',
      `${path}: the data directory is of ${format === undefined ? 'a format before 1' : `format ${JSON.stringify(format)}`}; ` +
        `this release reads format ${FORMAT}`,
      { reason: 'STORE_FORMAT' },
    );
  const parsed = schema.safeParse(node);
  if (parsed.success) return parsed.data;
  throw damaged(path, parsed.error);
}

function damaged(path: string, cause: unknown): ClusterError {
  return new ClusterError('data-loss', `The file ${path} is damaged`, { cause });
}
