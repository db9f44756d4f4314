import { nodeId, sessionId, toHex, utf8 } from '../../../src/common/index.js';
import type { NodeId, SessionId } from '../../../src/common/index.js';
import type { Channel, ShareId, ShareStore } from '../../../src/ports/index.js';
import { METHODS, resharedKeyOf, signatureOf } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { systemClock } from '../../../src/machine/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import {
  CancelTaskRequest,
  Command,
  decode,
  decodeTaskMessage,
  encode,
  ReshareKeyRequest,
} from '../../../src/wire/index.js';
import type { GenerateKeyRequest, SignatureResult, TaskRecord } from '../../../src/wire/index.js';
import { ledgerSigner } from '../builders/accusation.js';
import { generateRequest, signRequest, testGenesis, verify } from '../builders/ledger.js';
import { RequesterAuthority } from '../builders/requester.js';
import type { Requester } from '../builders/requester.js';
import { ed25519Suite, VERIFIERS } from '../builders/schemes.js';
import { ReplicaCluster } from './replica-cluster.js';
import type { ReplicaClusterParts } from './replica-cluster.js';
import { eventually } from './cluster-wait.js';

const REQUEST_LIFE_MS = 180_000;

/** How far the clocks of all nodes are ahead of the machine's. */
type Ahead = { ms: number };

export const KEY = 'treasury';
export const FIVE: readonly NodeId[] = [1, 2, 3, 4, 5].map((at) => nodeId(`node-${at}`));

/** Replicas with a key that is reshared, and their stores of key shares at hand. */
export class ReshareCluster implements AsyncDisposable {
  readonly nodes: readonly NodeId[];
  readonly #cluster: ReplicaCluster;
  readonly #operator: Requester;
  readonly #crash: Crash;
  readonly #stores: ReadonlyMap<NodeId, ShareStore>;
  readonly #ahead: Ahead;
  #requests = 0;

  private constructor(
    nodes: readonly NodeId[],
    cluster: ReplicaCluster,
    operator: Requester,
    stores: ReadonlyMap<NodeId, ShareStore>,
    crash: Crash,
    ahead: Ahead,
  ) {
    this.nodes = nodes;
    this.#ahead = ahead;
    this.#cluster = cluster;
    this.#operator = operator;
    this.#stores = stores;
    this.#crash = crash;
  }

  static async start(
    nodes: readonly NodeId[],
    more: Partial<ReplicaClusterParts> = {},
  ): Promise<ReshareCluster> {
    const crash = new Crash();
    const ahead: Ahead = { ms: 0 };
    const clock = {
      ...systemClock,
      now: () => systemClock.now() + ahead.ms,
      elapsed: () => systemClock.elapsed() + ahead.ms,
    };
    const stores = new Map(nodes.map((node) => [node, crash.watched(node, memoryShareStore())]));
    const authority = await RequesterAuthority.create(Date.now() - 60_000);
    const operator = await authority.requester('operator', 'alice');
    const cluster = await ReplicaCluster.start({
      genesis: testGenesis({ nodes, requesterCa: authority.credential.certificate }),
      verify,
      signerOf: ledgerSigner,
      altered: (from, channel, bytes) => crash.seen(from, channel, bytes),
      sharesOf: (node) => Promise.resolve(stores.get(node) ?? memoryShareStore()),
      clockOf: () => clock,
      ...more,
    });
    return new ReshareCluster(nodes, cluster, operator, stores, crash, ahead);
  }

  get replicas(): ReplicaCluster {
    return this.#cluster;
  }

  /** Has so much time pass at once, by all clocks of all nodes; resolves when the leader knows what a majority of them show. */
  async pass(ms: number): Promise<void> {
    this.#ahead.ms += ms;
    // The answers that a read waits for have the times of their nodes with them.
    const [any = fail()] = this.nodes;
    await this.#cluster.at(any).read(AbortSignal.timeout(5_000));
  }

  /** Ends a run of a node as it comes to a step, with nothing of that step done or said, and runs it again. */
  async crashAt(node: NodeId, step: CrashStep): Promise<void> {
    await this.#crash.at(node, step);
    await this.#cluster.stop(node);
    this.#crash.over();
    await this.#cluster.restart(node);
  }

  /** Loses a node's words of one kind until a test ends that. */
  loseWords(word: 'ready' | 'installed', node: NodeId): { end(): void } {
    return this.#crash.lose(node, word);
  }

  /** The id of the task that makes the key's next version, once there is one. */
  openReshare(at: NodeId): Promise<string> {
    return eventually('a task to make the next version', async () => {
      const id = (await this.key(at)).resharing?.taskId;
      return id === '' ? undefined : id;
    });
  }

  /** Resolves when so many nodes have said that they installed the key's version. */
  async installedBy(at: NodeId, count: number): Promise<void> {
    await eventually('the version to be installed', async () => {
      return (await this.key(at)).installed.length === count;
    });
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
    return this.asked(at, METHODS.reshareKey, request);
  }

  cancel(at: NodeId, taskId: string): Promise<TaskRecord> {
    const requestId = `cancel-${taskId}`;
    return this.asked(at, METHODS.cancelTask, encode(CancelTaskRequest, { requestId, taskId }));
  }

  /** A request that the operator has signed, and its outcome. */
  asked(at: NodeId, method: string, request: Uint8Array): Promise<TaskRecord> {
    const { clusterId } = this.#cluster.at(at).status();
    const expireTimeMs = Date.now() + this.#ahead.ms + REQUEST_LIFE_MS;
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

  /** The node that leads, as another says. */
  leader(): NodeId {
    const [any = fail()] = this.nodes;
    return this.#cluster.at(any).status().leader ?? fail();
  }

  /** The key as a node's state has it, once that knows all that is committed. */
  async key(at: NodeId): Promise<ActiveKey> {
    const reader = await this.#cluster.at(at).read(AbortSignal.timeout(5_000));
    return reader.key(KEY) ?? fail();
  }

  /** The time of the log, as a node has applied it. */
  timeMs(at: NodeId): number {
    return this.#cluster.at(at).status().timeMs;
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

  /** Resolves when no node keeps a share that this session made. */
  async erased(session: Uint8Array): Promise<void> {
    await eventually('the shares to be erased', async () => {
      const kept = await Promise.all(this.nodes.map((node) => this.kept(node)));
      return !kept.flat().includes(sessionId(toHex(session)));
    });
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

/** Before a new share is written, after that, before a word for it leaves, and before an old share is deleted. */
export type CrashStep = 'write' | 'written' | 'ready' | 'installed' | 'delete';

const NOTHING = new Uint8Array(0);

/** A node that stops at one step: whoever waits there waits for good. */
class Crash {
  #due: { readonly node: NodeId; readonly step: CrashStep; reached(): void } | undefined;
  #down: NodeId | undefined;
  #lost: { readonly node: NodeId; readonly word: string } | undefined;

  lose(node: NodeId, word: 'ready' | 'installed'): { end(): void } {
    this.#lost = { node, word };
    return { end: () => (this.#lost = undefined) };
  }

  at(node: NodeId, step: CrashStep): Promise<void> {
    return new Promise((reached) => (this.#due = { node, step, reached }));
  }

  over(): void {
    this.#down = undefined;
  }

  watched(node: NodeId, store: ShareStore): ShareStore {
    const before = (step: CrashStep): Promise<void> =>
      this.#reaches(node, step) ? new Promise(() => undefined) : Promise.resolve();
    return {
      get: (id) => store.get(id),
      list: (page) => store.list(page),
      close: () => store.close(),
      replace: (...changed) => store.replace(...changed),
      putIfAbsent: async (id, sealed) => {
        await before('write');
        const put = await store.putIfAbsent(id, sealed);
        await before('written');
        return put;
      },
      delete: async (id) => {
        await before('delete');
        await store.delete(id);
      },
    };
  }

  /** What a message becomes: nothing is said at the step, nor after it. */
  seen(from: NodeId, channel: Channel, bytes: Uint8Array): Uint8Array {
    if (this.#down === from) return NOTHING;
    const message = channel === 'tasks' ? decodeTaskMessage(bytes)?.message : undefined;
    if (message?.$case !== 'fact') return bytes;
    const said = decode(Command, message.value.command)?.command?.$case;
    if (this.#lost?.node === from && this.#lost.word === said) return NOTHING;
    const isStep = said === 'ready' || said === 'installed';
    return isStep && this.#reaches(from, said) ? NOTHING : bytes;
  }

  #reaches(node: NodeId, step: CrashStep): boolean {
    const due = this.#due;
    if (due?.node !== node || due.step !== step) return false;
    this.#due = undefined;
    this.#down = node;
    due.reached();
    return true;
  }
}

export const versionOf = (task: TaskRecord): number => resharedKeyOf(task)?.keyVersion ?? 0;

function fail(): never {
  throw new Error('the cluster is not in order');
}
