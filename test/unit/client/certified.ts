import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { nodeId } from '../../../src/common/index.js';
import {
  installedBytes,
  readyBytes,
  requestHash,
  voucherBytes,
} from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { Voucher } from '../../../src/wire/index.js';
import type { Sharing } from '../../../src/wire/index.js';
import { NODES } from '../rpc/server-fixture.js';

/** An Ed25519 key pair of a node, or one that stands for a key in shares. */
export type Pair = { readonly privateKey: KeyObject; readonly publicKey: Uint8Array };

export function pair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey: new Uint8Array(Buffer.from(x, 'base64url')) };
}

export function signBy({ privateKey }: Pair, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(
    sign(undefined, bytes, createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))),
  );
}

/** The record of a key as an honest cluster would hold it, all signatures in place. */
export function certifiedKey(
  genesis: Genesis,
  nodes: readonly Pair[],
  key: Pair,
  request: Uint8Array,
  changes: {
    readonly ready?: Partial<Sharing>;
    readonly installed?: number;
    readonly spiffeId?: string;
  } = {},
): ActiveKey {
  const { clusterId } = genesis;
  const sharing: Sharing = {
    sessionId: new Uint8Array(32).fill(1),
    requestHash: requestHash(METHODS.generateKey, request),
    keyId: 'demo',
    algorithm: 1,
    threshold: 2,
    participants: genesis.members.map((member) => ({
      nodeId: member.nodeId,
      identityKey: member.identityKey,
    })),
    baseVersion: 0,
    version: 1,
    publicPolynomial: [key.publicKey, new Uint8Array(32).fill(2)],
    publicKey: key.publicKey,
    chainCode: new Uint8Array(32).fill(3),
    digest: new Uint8Array(32).fill(4),
    ...changes.ready,
  };
  const said = (bytes: Uint8Array) =>
    nodes.map((node, at) => ({ nodeId: NODES[at] ?? '', signature: signBy(node, bytes) }));
  const expireTimeMs = 1_700_000_600_000n;
  const spiffeId = changes.spiffeId ?? 'spiffe://quorate/app/app';
  const voucher = voucherBytes(clusterId, METHODS.generateKey, spiffeId, expireTimeMs, request);
  const [first] = nodes;
  return {
    ...sharing,
    createTimeMs: 1_700_000_000_000n,
    labels: [],
    owner: spiffeId,
    allowedSigners: [],
    ready: said(readyBytes(clusterId, sharing)),
    installed: said(installedBytes(clusterId, sharing)).slice(0, changes.installed ?? 3),
    method: METHODS.generateKey,
    gg20Profile: 0,
    lifecycle: undefined,
    holders: [],
    resharing: undefined,
    request,
    authorization: {
      by: {
        $case: 'voucher',
        value: Voucher.fromPartial({
          nodeId: nodeId(NODES[0]),
          spiffeId,
          expireTimeMs,
          ...(first && { signature: signBy(first, voucher) }),
        }),
      },
    },
    taskId: 'a'.repeat(26),
  };
}
