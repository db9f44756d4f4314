import { readFileSync } from 'node:fs';
import { ClusterError, equal, toHex, whyUnreadable } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import { parseGenesis, Requesters, voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import {
  auditFiles,
  auditPathOf,
  identityPathOf,
  nodeVerify,
  openDataDirectory,
  snapshotFiles,
  snapshotsPathOf,
  systemClock,
} from '../machine/index.js';
import {
  anchorFault,
  keyChangeKeyOf,
  openIdentity,
  requireIdentityFile,
  wrappingKeyOf,
} from '../pki/index.js';
import type { Environment } from '../pki/index.js';
import type {
  AuditFiles,
  ConsensusStore,
  ShareStore,
  Signer,
  SnapshotFiles,
} from '../ports/index.js';
import { openStores } from '../store/index.js';
import { claimedLog } from './claimed-log.js';
import type { NodeConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { loadNodeKeys } from './node-key-change.js';
import type { LoadedKeys } from './node-key-change.js';
import type { NodeCredentials } from './credentials.js';
import { mongoPlace } from './mongo-place.js';
import { URI_VARIABLE } from './store-config.js';

/** The resources that a node holds from its start to its stop. */
export type Holdings = {
  readonly genesis: Genesis;
  readonly credentials: NodeCredentials;
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  /** Where the embedded stores are. */
  readonly folders: readonly string[];
  readonly snapshots: SnapshotFiles;
  readonly audit: AuditFiles;
  readonly signer: Signer;
  /** 32 bytes. Its user ends it after making a copy; closing does at the latest. */
  readonly wrappingKey: SecretBytes;
  /** The key under which all will be sealed, where the node key is being changed; its user ends it as {@link wrappingKey}. */
  readonly nextWrappingKey: SecretBytes | undefined;
  /** 32 bytes: opens the file of a change of the node key. Its user ends it as {@link wrappingKey}. */
  readonly changeKey: SecretBytes;
  /** As {@link LoadedKeys.mayChange}. */
  readonly mayChangeKey: boolean;
  /** Synced writes since the start. */
  writeCount(): number;
  /** Closes the store and gives the data directory back. */
  close(): Promise<void>;
};

/**
 * Opens what a configuration names: genesis, certificate, node key, identity key, data directory with its lock, store.
 * Everything is held against the genesis before anything is written.
 *
 * @throws ClusterError saying which file, and what is wrong with it.
 */
export async function openHoldings(
  config: NodeConfig,
  environment: Environment,
): Promise<Holdings> {
  const genesis = readTrustedGenesis(config);
  const credentials = await loadCredentials(config.tls, genesis, config.nodeId, systemClock.now());
  // Nothing is made for a node that is not there.
  requireIdentityFile(identityPathOf(config.dataDir));
  const { kind, mongodb } = config.store;
  const shareStore = kind === 'embedded' || mongodb === undefined ? undefined : mongoPlace(mongodb);
  // The string may hold a password.
  delete environment[URI_VARIABLE];
  // A wrong key is found out before the data directory is touched.
  const keys = await loadNodeKeys(config, environment);
  using nodeKey = keys.key;
  using nextKey = keys.next;
  const owner = { clusterId: genesis.clusterId, nodeId: config.nodeId };
  const directory = await openDataDirectory(config.dataDir, owner);
  try {
    const signer = memberSigner(directory.identityPath, config, genesis, keys);
    const identity = { identityKey: signer.publicKey, isNew: false };
    const store = await openStores(directory, identity, shareStore);
    const consensus = claimedLog(store.consensus, directory);
    const wrappingKey = new SecretBytes(wrappingKeyOf(nodeKey.bytes));
    const nextWrappingKey = nextKey && new SecretBytes(wrappingKeyOf(nextKey.bytes));
    const changeKey = new SecretBytes(keyChangeKeyOf(nodeKey.bytes));
    const close = async () => {
      wrappingKey[Symbol.dispose]();
      nextWrappingKey?.[Symbol.dispose]();
      changeKey[Symbol.dispose]();
      try {
        await store.close();
      } finally {
        await directory.release();
      }
    };
    const { shares } = store;
    const folders = [directory.logPath, directory.sharesPath];
    const snapshots = snapshotFiles(snapshotsPathOf(config.dataDir));
    const audit = auditFiles(auditPathOf(config.dataDir));
    const writeCount = () => store.writeCount();
    return {
      genesis,
      credentials,
      consensus,
      shares,
      folders,
      snapshots,
      audit,
      signer,
      wrappingKey,
      nextWrappingKey,
      changeKey,
      mayChangeKey: keys.mayChange,
      writeCount,
      close,
    };
  } catch (error) {
    await directory.release();
    throw error;
  }
}

/** Opens the identity key, whether it is sealed under the node key or already under the next one: the one of the genesis. */
function memberSigner(
  path: string,
  { nodeId: node, clusterFile }: NodeConfig,
  genesis: Genesis,
  { key, next }: LoadedKeys,
): Signer {
  const signer = openEither(path, node, key, next);
  requireIdentity(genesis, signer, clusterFile);
  return signer;
}

/** Opens the identity key, whether it is sealed under the node key or already under the next one. */
function openEither(
  path: string,
  node: NodeId,
  key: SecretBytes,
  next: SecretBytes | undefined,
): Signer {
  try {
    return openIdentity(path, node, key.bytes);
  } catch (error) {
    if (next === undefined) throw error;
    return openIdentity(path, node, next.bytes);
  }
}

/**
 * Reads the genesis as a start does, its trust anchors included.
 *
 * @throws ClusterError naming the file.
 */
export function readTrustedGenesis(config: NodeConfig): Genesis {
  const genesis = readGenesis(config);
  requireAnchors(genesis, config.clusterFile);
  requireRequesters(genesis, config.clusterFile);
  return genesis;
}

/**
 * Opens the identity key with the node key, and holds it against the genesis. Whoever asks ends the keys.
 *
 * @throws ClusterError saying which file, and what is wrong with it.
 */
export async function openSigner(
  config: NodeConfig,
  genesis: Genesis,
  environment: Environment,
): Promise<{ readonly signer: Signer; readonly keys: LoadedKeys }> {
  const path = identityPathOf(config.dataDir);
  requireIdentityFile(path);
  const keys = await loadNodeKeys(config, environment);
  try {
    return { signer: memberSigner(path, config, genesis, keys), keys };
  } catch (error) {
    keys.key[Symbol.dispose]();
    keys.next?.[Symbol.dispose]();
    throw error;
  }
}

/** Reads the genesis, of which the configuration's node must be a voter. @throws ClusterError naming the file. */
export function readGenesis({ clusterFile, nodeId }: NodeConfig): Genesis {
  const genesis = parse(clusterFile, read(clusterFile, 'cluster_file'));
  const known = genesis.members.map((member) => member.nodeId);
  if (voters(genesis).includes(nodeId)) return genesis;
  if (known.includes(nodeId)) {
    throw new ClusterError(
      'unsupported',
      `${clusterFile}: ${nodeId} has role mesh; this release runs only nodes of role tee, which vote and hold shares`,
      { reason: 'ROLE_UNSUPPORTED', field: 'node_id' },
    );
  }
  throw new ClusterError(
    'invalid-request',
    `${clusterFile}: has no member ${nodeId}; it has ${known.join(', ')}`,
    { reason: 'NOT_A_MEMBER', field: 'node_id' },
  );
}

function parse(file: string, bytes: Uint8Array): Genesis {
  try {
    return parseGenesis(bytes);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const { field } = error.details;
    const where = field === undefined || field === '' ? file : `${file}: ${field}`;
    throw new ClusterError(error.code, `${where}: ${error.message}`, {
      ...error.details,
      cause: error,
    });
  }
}

/** Anchors that TLS does not take would make every handshake fail. */
function requireAnchors({ peerCa, requesterCa }: Genesis, clusterFile: string): void {
  for (const [field, bundle] of Object.entries({ peer_ca: peerCa, requester_ca: requesterCa })) {
    const fault = anchorFault(bundle);
    if (fault === undefined) continue;
    throw new ClusterError('invalid-request', `${clusterFile}: ${field}: ${fault}`, {
      reason: 'INVALID_CREDENTIALS',
      field: 'cluster_file',
    });
  }
}

/** How many of the genesis' authorities can stand for a requester's signature. */
export function countOfRequesterAuthorities({ requesterCa }: Genesis): number {
  return new Requesters(requesterCa, (...asked) => nodeVerify.certified(...asked)).authorityCount;
}

/** A cluster that takes signed requests only, and whose authority is of no use for them, could never do anything. */
function requireRequesters(genesis: Genesis, clusterFile: string): void {
  if (genesis.unsigned || countOfRequesterAuthorities(genesis) > 0) return;
  throw new ClusterError(
    'invalid-request',
    `${clusterFile}: requester_ca holds no authority of the profile in certs/README.md, and unsigned is false: ` +
      'no request could ever be taken',
    { reason: 'INVALID_CREDENTIALS', field: 'cluster_file' },
  );
}

function requireIdentity(genesis: Genesis, signer: Signer, clusterFile: string): void {
  const member = genesis.members.find((each) => each.nodeId === signer.node);
  if (member !== undefined && equal(member.identityKey, signer.publicKey)) return;
  throw new ClusterError(
    'wrong-state',
    `The identity key of ${signer.node} is ${toHex(signer.publicKey)}, but ${clusterFile} says ` +
      (member === undefined ? 'nothing of it' : toHex(member.identityKey)),
    { reason: 'IDENTITY_MISMATCH' },
  );
}

function read(file: string, field: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    const words = `${field}: ${file} cannot be read: ${whyUnreadable(cause)}`;
    throw new ClusterError('invalid-request', words, { cause, field });
  }
}
