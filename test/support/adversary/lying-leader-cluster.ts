import { setTimeout as pause } from 'node:timers/promises';
import type { Key, QuorateClient } from '../../../src/client/index.js';
import { nodeId, toHex } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { requestHash, sessionIdOf, taskIdOf } from '../../../src/identity/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { parseRequest, TASK_KINDS } from '../../../src/state/index.js';
import { Declined, decode, Request } from '../../../src/wire/index.js';
import type { Attempt, Contribution, Supply, TaskMessageBody } from '../../../src/wire/index.js';
import { startCluster } from '../clusters/cluster.js';
import type { TestCluster } from '../clusters/cluster.js';
import { eventually } from '../clusters/cluster-wait.js';
import { payloadOf, signAttempt } from './forgery.js';
import type { Liar } from './liar.js';
import type { LyingNode } from './lying-node.js';
import { DECLINED_KIND } from '../../../src/tasks/index.js';

/** What an honest node answered to a session: a share, or the word by which it declined. */
export type Answer = { readonly from: NodeId; readonly word: string };

const WANT_AGAIN_MS = 50;
/** Each stand begins a new round of votes, so a slow machine needs longer ones: each is twice as long, up to the last. */
const STAND_AGAIN_MS = 20;
const STAND_AGAIN_MS_MAX = 640;

/**
 * Two honest nodes and a malicious leader, with a key of threshold two that was made while all three were honest.
 * Messages of the honest nodes are kept; the test decides what the leader sends.
 */
export class LyingLeaderCluster implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly lying: LyingNode;
  readonly honest: readonly [NodeId, NodeId];
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** Of honest nodes' clients, vouched for by honest nodes, as they were brought to the leader. */
  readonly #requests = new Map<string, Request>();
  readonly #supplies = new Map<NodeId, Supply[]>();
  readonly #answers = new Map<string, Map<NodeId, string>>();
  /** Every share that came in, by session and sender: they are sent again and again. */
  readonly #shares = new Map<string, Uint8Array>();
  /** Of one node and session, two that differ. */
  readonly contradictions: string[] = [];

  readonly #unsigned: boolean;
  readonly #clients = new Map<NodeId, Promise<QuorateClient>>();

  private constructor(
    cluster: TestCluster,
    lying: LyingNode,
    honest: readonly [NodeId, NodeId],
    key: Key,
    unsigned: boolean,
  ) {
    this.#unsigned = unsigned;
    this.keyId = key.keyId;
    this.publicKey = key.publicKey;
    this.cluster = cluster;
    this.lying = lying;
    this.honest = honest;
    lying.liar.onHearing = (from, message) => this.#hear(from, message);
    // Reads are answered at once, from whatever the reader has applied.
    lying.liar.readIndex = () => 1;
  }

  static async open({ unsigned = true } = {}): Promise<LyingLeaderCluster> {
    const keyId = 'treasury';
    const cluster = await startCluster({ nodes: 3, unsigned });
    try {
      const app = await cluster.client('app', { signer: unsigned ? 'none' : 'tls' });
      const { key } = await app.generateKey({ keyId, threshold: 2 });
      const liar = nodeId('node-3');
      const lying = await cluster.corrupt(liar);
      const [one, other] = cluster.nodes.filter((node) => node !== liar);
      if (one === undefined || other === undefined) throw new Error('two honest nodes');
      const setup = new LyingLeaderCluster(cluster, lying, [one, other], key, unsigned);
      await setup.#takeOver();
      return setup;
    } catch (error) {
      await cluster[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  }

  get liar(): Liar {
    return this.lying.liar;
  }

  /** One client for each node: a node limits the connections from one address. */
  client(at: NodeId = this.honest[0]): Promise<QuorateClient> {
    const known = this.#clients.get(at);
    if (known !== undefined) return known;
    const signer = this.#unsigned ? 'none' : 'tls';
    const fresh = this.cluster.client('app', { at: [at], signer });
    this.#clients.set(at, fresh);
    return fresh;
  }

  /** The request with this id, as an honest node has brought it to its leader. */
  request(requestId: string): Promise<Request> {
    return eventually(`the request ${requestId}`, () => this.#requests.get(requestId));
  }

  /** A commitment of an honest node that no entry has named yet. */
  async supply(node: NodeId): Promise<Supply> {
    return eventually(`a commitment of ${node}`, async () => {
      const supply = this.#supplies.get(node)?.shift();
      if (supply !== undefined) return supply;
      const message = { $case: 'wantSupplies', value: { keyId: this.keyId } } as const;
      this.liar.speak(node, { message });
      await pause(WANT_AGAIN_MS);
      return undefined;
    });
  }

  supplies(): Promise<Supply[]> {
    return Promise.all(this.honest.map((node) => this.supply(node)));
  }

  taskOf(request: Request): string {
    const parsed = parseRequest(TASK_KINDS, request.method, request.request);
    const by = request.authorization?.by;
    const requester = by?.$case === 'voucher' ? by.value.spiffeId : 'spiffe://quorate/app/app';
    return taskIdOf(requester, parsed.ok ? parsed.value.asked.requestId : '');
  }

  /** An attempt of the honest nodes for this request, with commitments of theirs. */
  async attempt(request: Request, number = 1): Promise<Attempt> {
    const key = await this.key();
    const task = {
      taskId: this.taskOf(request),
      requestHash: requestHash(request.method, request.request),
    };
    return signAttempt(task, number, key, await this.supplies());
  }

  async key(): Promise<{ readonly version: number; readonly sessionId: Uint8Array }> {
    const client = await this.client();
    const { key } = await client.getKey(this.keyId);
    const sessionId = key.certificate?.sharing?.sessionId ?? new Uint8Array(0);
    return { version: key.version, sessionId };
  }

  /** Says that this request was made; at the time of now, as an honest leader would. */
  tell(request: Request): Entry {
    return this.liar.sentLog.append({
      payload: payloadOf({ $case: 'request', value: request }),
      timeMs: Math.max(this.liar.sentLog.last.timeMs, Date.now()),
    });
  }

  sessionOf({ hash }: Entry): string {
    return sessionIdOf(this.lying.genesis.clusterId, hash);
  }

  /** What honest nodes have answered to a session so far. */
  answers(session: string): readonly Answer[] {
    return [...(this.#answers.get(session) ?? [])]
      .map(([from, word]) => ({ from, word }))
      .toSorted((a, b) => (a.from < b.from ? -1 : 1));
  }

  /** Waits until both honest nodes have answered. */
  answered(session: string): Promise<readonly string[]> {
    return eventually(`answers to ${session.slice(0, 8)}`, () => {
      const answers = this.answers(session);
      return answers.length === this.honest.length && answers.map(({ word }) => word);
    });
  }

  /** Sessions for which an honest node gave a share. */
  get shared(): readonly string[] {
    return [...new Set([...this.#shares.keys()].map((name) => name.split(' ')[0] ?? ''))];
  }

  /** How many shares honest nodes gave, repetitions not counted. */
  get shareCount(): number {
    return this.#shares.size;
  }

  /** Waits until both honest nodes have applied what was told up to here. */
  async applied(entry: Entry): Promise<void> {
    for (const node of this.honest) {
      const client = await this.cluster.client('operator', { at: [node], name: 'observer' });
      await eventually(`${node} to apply ${entry.index}`, async () => {
        const { appliedIndex } = await client.getCluster();
        return appliedIndex >= entry.index;
      });
    }
  }

  /** Cuts the liar off: the honest nodes go on without it. */
  async cutOff(): Promise<NodeId> {
    this.cluster.partition([this.honest, [this.lying.id]]);
    return this.cluster.leader();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  /** Gets itself elected, by honest means: as soon as the leader is cut off, if it has not won already. */
  async #takeOver(): Promise<void> {
    const { liar, cluster, honest } = this;
    const honestly = liar.onSaying;
    liar.onLeading = () => {
      const { sentLog, term } = liar;
      const timeMs = Math.max(sentLog.last.timeMs, Date.now());
      sentLog.append({ kind: 'no-op', payload: new Uint8Array(0), term, timeMs });
    };
    // Nobody else is to win meanwhile.
    liar.onSaying = (message) => (message.type === 'vote-reply' ? [] : [message]);
    liar.start();
    let waitMs = STAND_AGAIN_MS;
    await eventually('the liar to lead', async () => {
      const { leader } = liar;
      if (liar.leads) return true;
      if (leader !== undefined) {
        cluster.partition([honest.filter((node) => node === leader), this.#without(leader)]);
      }
      liar.stand();
      await pause(waitMs);
      if (waitMs < STAND_AGAIN_MS_MAX) waitMs *= 2;
      else await this.#catchUp();
      return liar.leads;
    });
    cluster.heal();
    liar.onSaying = honestly;
    await this.applied(liar.sentLog.last);
  }

  /** Whoever lacks an entry that the other has cannot win: it gets the entry from whoever leads then. */
  async #catchUp(): Promise<void> {
    if (this.liar.leads) return;
    this.cluster.heal();
    await pause(STAND_AGAIN_MS_MAX);
  }

  #without(leader: NodeId): readonly NodeId[] {
    return this.cluster.nodes.filter((node) => node !== leader);
  }

  #hear(from: NodeId, { message }: TaskMessageBody): void {
    if (message?.$case === 'forward') this.#asked(message.value.request);
    if (message?.$case === 'freshSupplies') this.#pool(from, message.value.supplies);
    if (message?.$case === 'contribution' || message?.$case === 'decline') {
      this.#answer(from, message.value);
    }
  }

  #asked(bytes: Uint8Array): void {
    const request = decode(Request, bytes);
    const parsed = request && parseRequest(TASK_KINDS, request.method, request.request);
    if (request !== undefined && parsed?.ok === true)
      this.#requests.set(parsed.value.asked.requestId, request);
  }

  #answer(from: NodeId, { envelope, freshSupplies }: Contribution): void {
    this.#pool(from, freshSupplies?.supplies ?? []);
    if (envelope?.content?.$case !== 'open') return;
    const session = toHex(envelope.sessionId);
    const { body } = envelope.content.value;
    const declined = envelope.kind === DECLINED_KIND ? decode(Declined, body) : undefined;
    const answers = this.#answers.get(session) ?? new Map<NodeId, string>();
    this.#answers.set(session, answers.set(from, declined?.reason ?? 'share'));
    if (declined === undefined) this.#keep(`${session} ${from}`, body);
  }

  #keep(name: string, body: Uint8Array): void {
    const before = this.#shares.get(name);
    if (before !== undefined && toHex(before) !== toHex(body)) this.contradictions.push(name);
    this.#shares.set(name, body);
  }

  #pool(from: NodeId, supplies: readonly Supply[]): void {
    this.#supplies.set(from, [...(this.#supplies.get(from) ?? []), ...supplies]);
  }
}
