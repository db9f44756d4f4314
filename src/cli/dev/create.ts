import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClusterError, nodeId } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import { parseGenesis } from '../../identity/index.js';
import type { Genesis } from '../../identity/index.js';
import { makeFolder, replacePrivateFile } from '../../machine/index.js';
import { CLIENT_FILE, OPERATOR_FOLDER } from '../../client/index.js';
import { createCluster, LOOPBACK } from '../create-cluster.js';
import { usageError } from '../exit-codes.js';
import { isThere } from '../files.js';
import { DEV_NODES_MIN } from '../limits.js';
import { MONGODB_URI_FILE } from '../node-yaml.js';
import { ANY_PORT } from './local-cluster.js';

/** A development cluster as flags ask for it. */
export type DevPlan = {
  /** How many nodes; three unless given. */
  readonly nodes?: number | undefined;
  /** Whether every request must be signed, as in production. */
  readonly signed?: true | undefined;
  /** The connection string of a MongoDB server that keeps the key shares, a database for each node. */
  readonly mongo?: string | undefined;
};

const DAYS = 365;
const GENESIS_FILE = 'cluster.json';

/** Whether the folder has a cluster already. */
export function hasCluster(folder: string): boolean {
  return isThere(join(folder, GENESIS_FILE));
}

/**
 * Makes a development cluster's folder: whole, or not at all.
 *
 * @param stop - Aborted: nothing is left behind.
 * @throws ClusterError `invalid-request` when the folder has other things in it, or cannot be made.
 */
export async function createDevCluster(
  folder: string,
  { nodes = DEV_NODES_MIN, signed, mongo }: DevPlan = {},
  stop?: AbortSignal,
): Promise<void> {
  if (isThere(folder) && readdirSync(folder).length > 0) {
    throw usageError(`${folder} is not empty and no cluster's folder: choose another with --data`);
  }
  const fresh = `${folder}.new-${process.pid}`;
  makeFolder(dirname(folder));
  // Other development clusters may have databases at the same server.
  const prefix = `quorate-dev-${randomBytes(4).toString('hex')}`;
  try {
    await createCluster({
      folder: fresh,
      nodes: Array.from({ length: nodes }, (_, at) => ({
        id: nodeId(`node-${at + 1}`),
        hosts: LOOPBACK,
        clientListen: ANY_PORT,
        peerListen: ANY_PORT,
        ...(mongo !== undefined && {
          mongodb: { uri: mongo, database: `${prefix}-node-${at + 1}` },
        }),
      })),
      operator: 'developer',
      days: DAYS,
      unsigned: !signed,
      ...(!signed && { oneAuthority: true }),
    });
    stop?.throwIfAborted();
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * The nodes of the cluster in `folder`, once it is known to be whole and to be what the flags ask for.
 *
 * @throws ClusterError `invalid-request`
 */
export function nodesOf(folder: string, { nodes, signed, mongo }: DevPlan = {}): readonly NodeId[] {
  const genesis = readGenesis(join(folder, GENESIS_FILE));
  const ids = genesis.members.map((member) => member.nodeId);
  const files = [...ids.map((id) => join(id, 'node.yaml')), join(OPERATOR_FOLDER, CLIENT_FILE)];
  const missing = files.find((file) => !isThere(join(folder, file)));
  if (missing !== undefined) {
    throw usageError(
      `${folder} is no whole cluster: ${missing} is missing. Bring it back, or choose another folder with --data`,
    );
  }
  const other = 'its cluster stays what it is; choose another folder with --data';
  if (nodes !== undefined && nodes !== ids.length) {
    throw usageError(`--nodes ${nodes}: there are ${ids.length} nodes in ${folder}, and ${other}`);
  }
  if (signed && genesis.unsigned) {
    throw usageError(
      `--signed: ${folder} has a cluster that takes unsigned requests, and ${other}`,
    );
  }
  if (mongo !== undefined) useMongo(folder, ids, mongo);
  return ids;
}

/** Writes down where the databases are that the nodes have already. */
function useMongo(folder: string, ids: readonly NodeId[], uri: string): void {
  const files = ids.map((id) => join(folder, id, MONGODB_URI_FILE));
  if (!files.every(isThere))
    throw usageError(
      `--mongo: the nodes in ${folder} keep their key shares in their folders, and its cluster stays what it is; choose ` +
        'another folder with --data',
    );
  for (const file of files) replacePrivateFile(file, `${uri}\n`);
}

function readGenesis(file: string): Genesis {
  try {
    return parseGenesis(new Uint8Array(readFileSync(file)));
  } catch (error) {
    if (error instanceof ClusterError) throw usageError(`${file}: ${error.message}`);
    throw error;
  }
}
