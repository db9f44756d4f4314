import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { nodeId } from '../../common/index.js';
import { createCluster, LOOPBACK } from '../create-cluster.js';
import { usageError } from '../exit-codes.js';
import { ANY_PORT } from './local-cluster.js';

/** The nodes of a development cluster. */
export const DEV_NODES = ['node-1', 'node-2', 'node-3'].map(nodeId);

const DAYS = 365;

/**
 * Makes a development cluster's folder: whole, or not at all. Requests need no signature in it.
 *
 * @throws ClusterError `invalid-request` when the folder has other things in it.
 */
export async function createDevCluster(folder: string): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw usageError(`${folder} is not empty and no cluster's folder: choose another with --data`);
  }
  const fresh = `${folder}.new-${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await createCluster({
      folder: fresh,
      nodes: DEV_NODES.map((id) => ({
        id,
        hosts: LOOPBACK,
        clientListen: ANY_PORT,
        peerListen: ANY_PORT,
      })),
      operator: 'developer',
      days: DAYS,
      unsigned: true,
      oneAuthority: true,
    });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
