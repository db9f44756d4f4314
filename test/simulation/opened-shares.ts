import type { ActiveKey } from '../../src/state/index.js';
import {
  bootId,
  keyId,
  sessionId,
  toHex,
  type ClusterId,
  type NodeId,
} from '../../src/common/index.js';
import { lagrangeAtZero } from '../../src/crypto/index.js';
import { algorithmOf } from '../../src/identity/index.js';
import { algorithmJobs } from '../../src/algorithms/index.js';
import { KeyManager } from '../../src/keys/index.js';
import { inlineCompute } from '../../src/machine/index.js';
import type { ShareStore } from '../../src/ports/index.js';
import type { SharesOnDisk } from './checkers/key-kept.js';
import type { ShareDisk } from './disk.js';
import { Rng } from './rng.js';
import type { Tables } from './tenant.js';

/** More than a simulated disk has. */
const SHARES_MAX = 100_000;

/** A disk as it would be after a crash now, to be read without delay. */
function frozen(disk: ShareDisk): ShareStore {
  return {
    putIfAbsent: refuse,
    replace: refuse,
    delete: refuse,
    get: (id) => Promise.resolve(disk.get(id)),
    list: (page) => Promise.resolve(disk.list(page)),
    close: () => Promise.resolve(),
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('a checker writes nothing'));
}

/** Opens shares as their nodes would, and does in one place what a cluster never does: puts a private key together. */
export function openedShares(parts: {
  readonly clusterId: ClusterId;
  readonly tables: Tables;
  wrappingKeyOf(node: NodeId): Uint8Array;
  diskOf(node: NodeId): ShareDisk | undefined;
}): SharesOnDisk {
  const { clusterId, tables } = parts;
  const { schemes } = tables;
  const rng = new Rng(0, 'checker');

  const open = async (key: ActiveKey, nodeId: NodeId): Promise<bigint | undefined> => {
    const disk = parts.diskOf(nodeId);
    if (disk === undefined) return undefined;
    const manager = new KeyManager({
      shares: frozen(disk),
      wrappingKey: parts.wrappingKeyOf(nodeId),
      clusterId,
      nodeId,
      boot: bootId('00'.repeat(16)),
      random: { bytes: (count) => rng.bytes(count) },
      clock: { now: () => 0, elapsed: () => 0, after: () => ({ cancel: () => undefined }) },
      compute: inlineCompute(algorithmJobs(tables)),
      schemes,
    });
    const [id, { version }] = [keyId(key.keyId), key];
    const session = sessionId(toHex(key.sessionId));
    const V = key.publicPolynomial;
    const algorithm = algorithmOf(key);
    const place = { keyId: id, sessionId: session, version, V, algorithm };
    if (!(await manager.load(place))) return undefined;
    const share = manager.share(id, version);
    manager.close();
    return share && schemes[algorithm].sharing.group.decodeScalar(share.scalar);
  };

  const makes = (key: ActiveKey, scalars: readonly (readonly [number, bigint])[]): boolean => {
    const { group } = schemes[algorithmOf(key)].sharing;
    const indices = scalars.map(([index]) => index);
    const secret = scalars.reduce(
      (sum, [index, scalar]) => sum + scalar * lagrangeAtZero(group.order, indices, index),
      0n,
    );
    const publicKey = group.decode(key.publicKey);
    return (
      publicKey !== undefined && group.equal(group.multiplyBase(secret % group.order), publicKey)
    );
  };

  return {
    has: (node, key, session) =>
      parts.diskOf(node)?.get({ keyId: keyId(key), sessionId: sessionId(session) }) !== undefined,
    sessionsOf: (node, key) => {
      const { items = [] } = parts.diskOf(node)?.list({ limit: SHARES_MAX }) ?? {};
      return items.filter((each) => each.keyId === key).map((each) => each.sessionId);
    },
    makeKey: async (key, nodes) => {
      const scalars: (readonly [number, bigint])[] = [];
      for (const node of nodes) {
        const scalar = await open(key, node);
        if (scalar === undefined) return false;
        const index = 1 + key.participants.findIndex(({ nodeId }) => nodeId === node);
        scalars.push([index, scalar]);
      }
      // Any threshold of them: the first and the last will do.
      return (
        makes(key, scalars.slice(0, key.threshold)) && makes(key, scalars.slice(-key.threshold))
      );
    },
  };
}
