import { nodeId, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { systemClock } from '../../../src/machine/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../../src/wire/index.js';
import type { GenerateKeyRequest, SignatureResult, TaskRecord } from '../../../src/wire/index.js';
import { PrimesOfNode } from '../../simulation/gg20/primes.js';
import { simulatedGg20, withSmallGg20, withSmallVerifiers } from '../../simulation/gg20/tables.js';
import { Rng } from '../../simulation/rng.js';
import { ledgerSigner } from '../builders/accusation.js';
import { generateRequest, NODES, OPERATOR, testGenesis, verify } from '../builders/ledger.js';
import { RequesterAuthority } from '../builders/requester.js';
import { SCHEMES, VERIFIERS } from '../builders/schemes.js';
import { ReplicaCluster } from './replica-cluster.js';
import type { ReplicaClusterParts } from './replica-cluster.js';

export const PRESIGNED_KEY = 'gg20-key';
/** As much time as a busy machine takes. */
const WAIT_MS = 60_000;
const PRIME_MS = 1;

export const HELLO = {
  payload: { $case: 'message', value: utf8('hello') },
  hash: Hash.SHA256,
} as const;

/**
 * Three replicas that keep pools of presignatures, in the parameter set that only tests have: a group of 61 bits, and moduli of 1024.
 * A session is some tens of milliseconds of arithmetic. No key is derived from another in so small a group.
 */
export function startPresigning(
  presignatures: number,
  parts: Partial<ReplicaClusterParts> = {},
): Promise<ReplicaCluster> {
  const primes = new Map(NODES.map((node, at) => [node, new PrimesOfNode(at + 1)]));
  return ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) =>
      (primes.get(node) ?? new PrimesOfNode(1)).port(systemClock, new Rng(1, node), PRIME_MS),
    tablesOf: presigningTables,
    presignatures,
    ...parts,
  });
}

/** The tables of a replica that computes in the small parameter set. */
export function presigningTables() {
  return {
    gg20: simulatedGg20(),
    schemes: withSmallGg20(SCHEMES),
    verifiers: withSmallVerifiers(VERIFIERS),
  };
}

/** Has a GG20 key made, and gives its public key. */
export async function generatePresigned(
  cluster: ReplicaCluster,
  more: Partial<GenerateKeyRequest> = {},
): Promise<Uint8Array> {
  const asked = generateRequest(PRESIGNED_KEY, {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
    ...more,
  });
  const generated = await ask(cluster, nodeId('node-1'), METHODS.generateKey, asked);
  return generatedKeyOf(generated)?.publicKey ?? utf8('');
}

export type Signed = {
  readonly task: TaskRecord;
  readonly result: SignatureResult;
  /** The presignature that each attempt names, if it does. */
  readonly named: readonly (Uint8Array | undefined)[];
};

export async function signPresigned(
  cluster: ReplicaCluster,
  node: NodeId,
  requestId: string,
  more: Partial<SignRequest> = HELLO,
): Promise<Signed> {
  const request = encode(SignRequest, {
    requestId,
    keyId: PRESIGNED_KEY,
    payload: undefined,
    derivationPath: [],
    hash: Hash.UNSPECIFIED,
    ...more,
  });
  const task = await ask(cluster, node, METHODS.sign, request);
  const result = signatureOf(task);
  if (result === undefined) throw new Error('there is no signature');
  return { task, result, named: task.attempts.map(({ attempt }) => attempt?.presignature) };
}

/** A request of the operator to one replica, and its outcome. */
export function ask(
  cluster: ReplicaCluster,
  node: NodeId,
  method: string,
  request: Uint8Array,
): Promise<TaskRecord> {
  return cluster.at(node).submit({
    method,
    request,
    requester: OPERATOR,
    expiresInMs: WAIT_MS,
    signal: AbortSignal.timeout(WAIT_MS),
  });
}

/** The presignatures that nodes hold: each of them is held by all its signers. */
export function heldBy(cluster: ReplicaCluster, nodes: readonly NodeId[] = NODES): number {
  return nodes.reduce((sum, node) => sum + cluster.at(node).status().presignatures.held, 0);
}

/** An operator that signs its requests, and the genesis that knows it. */
export async function signingOperator(): Promise<{
  readonly genesis: Genesis;
  readonly order: (
    cluster: ReplicaCluster,
    method: string,
    request: Uint8Array,
  ) => Promise<TaskRecord>;
}> {
  const authority = await RequesterAuthority.create(Date.now() - 60_000);
  const operator = await authority.requester('operator', 'alice');
  const genesis = testGenesis({ requesterCa: authority.credential.certificate });
  return {
    genesis,
    order(cluster, method, request) {
      const expireTimeMs = Date.now() + WAIT_MS;
      const value = operator.sign({ clusterId: genesis.clusterId, method, expireTimeMs, request });
      const authorization = { by: { $case: 'signed', value } } as const;
      const firstAttempt = undefined;
      const [node = nodeId('')] = NODES;
      return cluster.signed(node, { method, request, authorization, firstAttempt }, WAIT_MS);
    },
  };
}
