import { nodeId, sessionId, utf8 } from '../../../src/common/index.js';
import type { NodeId, SessionId } from '../../../src/common/index.js';
import type { ShareId, ShareStore } from '../../../src/ports/index.js';
import { METHODS, resharedKeyOf, signatureOf } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { CancelTaskRequest, encode, ReshareKeyRequest } from '../../../src/wire/index.js';
import type { GenerateKeyRequest, SignatureResult, TaskRecord } from '../../../src/wire/index.js';
import { ledgerSigner } from '../builders/accusation.js';
import { generateRequest, signRequest, testGenesis, verify } from '../builders/ledger.js';
import { RequesterAuthority } from '../builders/requester.js';
import type { Requester } from '../builders/requester.js';
import { ed25519Suite, VERIFIERS } from '../builders/schemes.js';
import { ReplicaCluster } from './replica-cluster.js';
import type { ReplicaClusterParts } from './replica-cluster.js';
import { eventually } from './cluster-wait.js';

export const KEY = 'treasury';
export const FIVE: readonly NodeId[] = [1, 2, 3, 4, 5].map((at) => nodeId(`node-${at}`));

/** Replicas with a key that is reshared, and their stores of key shares at hand. */
export class ReshareCluster implements AsyncDisposable {
  readonly nodes: readonly NodeId[];
  readonly #cluster: ReplicaCluster;
  readonly #operator: Requester;
  readonly #stores: ReadonlyMap<NodeId, ShareStore>;
  #requests = 0;

  private constructor(
    nodes: readonly NodeId[],
    cluster: ReplicaCluster,
    operator: Requester,
    stores: ReadonlyMap<NodeId, ShareStore>,
  ) {
    this.nodes = nodes;
    this.#cluster = cluster;
    this.#operator = operator;
    this.#stores = stores;
  }

  static async start(
    nodes: readonly NodeId[],
    more: Partial<ReplicaClusterParts> = {},
  ): Promise<ReshareCluster> {
    const stores = new Map(nodes.map((node) => [node, memoryShareStore()]));
    const authority = await RequesterAuthority.create(Date.now() - 60_000);
    const operator = await authority.requester('operator', 'alice');
    const cluster = await ReplicaCluster.start({
      genesis: testGenesis({ nodes, requesterCa: authority.credential.certificate }),
      verify,
      signerOf: ledgerSigner,
      sharesOf: (node) => Promise.resolve(stores.get(node) ?? memoryShareStore()),
      ...more,
    });
    return new ReshareCluster(nodes, cluster, operator, stores);
  }

  get replicas(): ReplicaCluster {
    return this.#cluster;
  }

  async generate(at: NodeId, more: Partial<GenerateKeyRequest> = {}): Promise<ActiveKey> {
    await this.#cluster.submit(at, METHODS.generateKey, generateRequest(KEY, more));
    return this.key(at);
  }

  reshare(at: NodeId, more: Partial<ReshareKeyRequest> = {}): Promise<TaskRecord> {
    const request = encode(ReshareKeyRequest, {
      requestId: `reshare-${(this.#requests += 1)}`,
      keyId: KEY,
      threshold: 0,
      participants: [],
      allowNoRedundancy: false,
      reshareInterval: undefined,
      ...more,
    });
    return this.#asked(at, METHODS.reshareKey, request);
  }

  cancel(at: NodeId, taskId: string): Promise<TaskRecord> {
    const requestId = `cancel-${taskId}`;
    return this.#asked(at, METHODS.cancelTask, encode(CancelTaskRequest, { requestId, taskId }));
  }

  /** What the operator has signed. */
  #asked(at: NodeId, method: string, request: Uint8Array): Promise<TaskRecord> {
    const { clusterId } = this.#cluster.at(at).status();
    const expireTimeMs = Date.now() + 60_000;
    const value = this.#operator.sign({ clusterId, method, expireTimeMs, request });
    const authorization = { by: { $case: 'signed', value } } as const;
    return this.#cluster.signed(at, { method, request, authorization, firstAttempt: undefined });
  }

  /** A signature, verified under the key's public key. */
  async sign(at: NodeId, text = 'hello'): Promise<SignatureResult> {
    const message = utf8(`${text} ${(this.#requests += 1)}`);
    const asked = signRequest(KEY, `sign-${this.#requests}`, message);
    const signed = signatureOf(await this.#cluster.submit(at, METHODS.sign, asked));
    const { publicKey } = await this.key(at);
    const verifies = signed && VERIFIERS[ed25519Suite.algorithm].verify;
    if (verifies?.(publicKey, message, signed?.signature ?? message) !== true) {
      throw new Error('the signature does not verify');
    }
    return signed ?? fail();
  }

  /** The key as a node's state has it, once that knows all that is committed. */
  async key(at: NodeId): Promise<ActiveKey> {
    const reader = await this.#cluster.at(at).read(AbortSignal.timeout(5_000));
    return reader.key(KEY) ?? fail();
  }

  async task(at: NodeId, id: string): Promise<TaskRecord> {
    const reader = await this.#cluster.at(at).read(AbortSignal.timeout(5_000));
    return reader.task(id) ?? fail();
  }

  /** The nodes that a node names for a task, with the reason: `node-3 WRONG_OPENING`. */
  async culprits(at: NodeId, task: TaskRecord): Promise<readonly string[]> {
    const named = await this.#cluster.at(at).culprits(task);
    return named.map(({ culprit }) => `${culprit.nodeId} ${culprit.reason}`);
  }

  /** The sessions of which a node keeps a share of the key. */
  async kept(node: NodeId): Promise<readonly SessionId[]> {
    const store = this.#stores.get(node) ?? fail();
    const { items } = await store.list({ limit: 100 });
    return items
      .filter(({ keyId }: ShareId) => keyId === KEY)
      .map((each) => sessionId(each.sessionId));
  }

  /** Resolves when every node keeps shares as a test says, by node. */
  async keep(counts: Readonly<Record<string, number>>): Promise<void> {
    await eventually('the nodes to keep what they should', async () => {
      const kept = await Promise.all(this.nodes.map((node) => this.kept(node)));
      return kept.every(({ length }, at) => length === counts[this.nodes[at] ?? '']);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}

export const versionOf = (task: TaskRecord): number => resharedKeyOf(task)?.keyVersion ?? 0;

function fail(): never {
  throw new Error('the cluster is not in order');
}
