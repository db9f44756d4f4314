import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { identityPathOf, makeFolder, storePathsOf } from '../machine/index.js';
import { createNodeKey } from '../pki/index.js';
import type { NewIdentity } from '../pki/index.js';
import { openStores } from '../store/index.js';
import type { FirstKey } from './node-keys.js';

/** The places of a node's own secrets: where its node key goes, and its data directory. */
export type NodeHome = { readonly nodeKeyFile: string; readonly dataDir: string };

/**
 * Makes a node's own secrets: its node key, and in one act its identity and its stores (trust: first start). No start makes a
 * store for an identity that exists, so a node that has lost its log cannot begin anew under its old name.
 *
 * The identity file is written last: a data directory that has one is complete.
 *
 * @param given - The node key where it comes from a variable; a file is written where it does not. Its life ends here.
 * @throws ClusterError `already-exists` (`NODE_EXISTS`) when an identity, a store or a node key is there.
 */
export async function makeNodeHome(
  { nodeKeyFile, dataDir }: NodeHome,
  node: NodeId,
  identity: NewIdentity,
  given: FirstKey | undefined,
): Promise<void> {
  const paths = storePathsOf(dataDir);
  const identityPath = identityPathOf(dataDir);
  const keyFiles = given === undefined ? [nodeKeyFile] : [];
  const there = [identityPath, paths.logPath, paths.sharesPath, ...keyFiles].find(existsSync);
  if (there !== undefined) throw exists(there);

  makeFolder(dataDir);
  const stores = await openStores(paths, { identityKey: identity.publicKey, isNew: true });
  await stores.close();
  // lmdb makes its lock files at each start, for the processes of that machine.
  for (const path of [paths.logPath, paths.sharesPath]) {
    rmSync(join(path, 'lock.mdb'), { force: true });
    chmodSync(join(path, 'data.mdb'), 0o600);
  }
  const { key, header }: FirstKey = given ?? { key: createNodeKey(nodeKeyFile) };
  using nodeKey = key;
  identity.write(identityPath, node, nodeKey.bytes, header);
}

function exists(path: string): ClusterError {
  return new ClusterError(
    'already-exists',
    `${path} is there already, and nothing is ever overwritten. A node that is to be another one needs a folder of its own; ` +
      'one whose making was interrupted can be removed, as long as no cluster.json names it',
    { reason: 'NODE_EXISTS' },
  );
}
