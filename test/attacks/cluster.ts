import { nodeId, toHex, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { keygen } from '../../src/sharing/index.js';
import type { Suite } from '../../src/frost/index.js';
import { generatedKeyOf, METHODS, signatureOf, suppliesOf } from '../../src/state/index.js';
import { batchOf, DECLINED_KIND, TaskManager } from '../../src/tasks/index.js';
import { Command, Declined, decode, encode, encodeTaskMessage } from '../../src/wire/index.js';
import type { TaskMessageBody } from '../../src/wire/index.js';
import type { TaskRecord } from '../../src/wire/index.js';
import {
  generateRequest,
  Ledger,
  NODES,
  OPERATOR,
  signRequest,
} from '../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../support/builders/task-room.js';

export const [ONE, TWO, THREE] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];
export const MESSAGE = utf8('hello');
const STEP_MS = 10;

type Node = { readonly room: TaskRoom; readonly manager: TaskManager };

/** What a message becomes on its way: nothing, itself, or others. */
export type Meddling = (
  from: NodeId,
  to: NodeId,
  message: TaskMessageBody,
) => readonly TaskMessageBody[];

/**
 * Three nodes' task managers over one log, node-1 leading. The liar is one of them, honest code, with what it says altered
 * on the way: it signs with its own identity key, as a malicious node would.
 */
export class Cluster {
  readonly ledger = new Ledger();
  readonly suite: Suite;
  /** What the liar's session keys are made from. */
  readonly drawn: Uint8Array[] = [];
  /** Shares and refusals, by sender, as they left it. */
  readonly #answers: { readonly from: NodeId; readonly session: string; readonly word: string }[] =
    [];
  /** The newest X25519 keys that were announced. */
  readonly sealKeys = new Map<NodeId, Uint8Array>();
  meddling: Meddling = (_from, _to, message) => [message];
  /** What each client was told, by its request's id. */
  readonly told = new Map<string, TaskRecord>();
  /** What the leader proposes instead. */
  proposing: (command: Command) => readonly Command[] = (command) => [command];
  readonly #liar: NodeId;
  #nodes: readonly Node[] = [];

  private constructor(suite: Suite, liar: NodeId) {
    this.suite = suite;
    this.#liar = liar;
  }

  static async start(suite: Suite, liar: NodeId, dealt: boolean): Promise<Cluster> {
    const cluster = new Cluster(suite, liar);
    const key = dealt ? dealKey(cluster.ledger, 'treasury', NODES, suite) : undefined;
    const rooms = NODES.map((node) => new TaskRoom(node, cluster.ledger));
    for (const room of rooms) {
      if (key !== undefined) await room.hold(key);
      if (room.self !== ONE) room.follow(ONE);
    }
    cluster.#nodes = rooms.map((room) => ({ room, manager: cluster.#manager(room) }));
    for (const { room, manager } of cluster.#nodes) {
      for (const peer of rooms) if (peer !== room) manager.connected(peer.self, peer.boot);
      manager.start();
    }
    await cluster.pass(50);
    return cluster;
  }

  /** Lets time go by: messages arrive, proposals are applied, timers run. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      for (const { room } of this.#nodes) {
        for (const { to, message } of room.takeSent()) this.#carry(room.self, to, message);
      }
      for (const { room } of this.#nodes) {
        for (const command of room.proposed.splice(0)) {
          for (const each of this.proposing(command)) this.apply(each);
        }
      }
      for (const { room } of this.#nodes) room.clock.pass(STEP_MS);
      this.ledger.timeMs += STEP_MS;
      await settle();
    }
  }

  apply(command: Command): void {
    const batch = batchOf(this.ledger.append('command', encode(Command, command)).events);
    for (const { manager } of this.#nodes) manager.applied(batch);
  }

  /** A message that comes from `from` whatever it says. */
  deliver(from: NodeId, to: NodeId, message: TaskMessageBody): void {
    this.#at(to).manager.receive(from, encodeTaskMessage(message));
  }

  /** Somebody asks for a signature, made by exactly these at first. */
  async sign(id: string, signers: readonly NodeId[]): Promise<void> {
    const { room } = this.#at(ONE);
    const others = NODES.filter((node) => !signers.includes(node));
    for (const node of others) room.connections.disconnected(node);
    this.#submit(METHODS.sign, signRequest('treasury', id, MESSAGE), id);
    await this.pass(20);
    for (const node of others) room.connections.connected(node, this.#at(node).room.boot);
  }

  /** Somebody asks for a key `cold` among all three. */
  generate(): void {
    const { algorithm } = this.suite;
    this.#submit(METHODS.generateKey, generateRequest('cold', { algorithm }), 'cold');
  }

  task(id: string): TaskRecord | undefined {
    return this.ledger.ask.tasks('', 1000, false).find(({ requestId }) => requestId === id);
  }

  outcome(id: string): string {
    const task = this.task(id);
    const outcome = task?.outcome;
    if (outcome?.$case === 'failed') return outcome.value.reason;
    if (task === undefined || outcome === undefined) return 'open';
    return generatedKeyOf(task) === undefined ? 'signature' : 'generatedKey';
  }

  /** Who made the signature, and whether it verifies under the key. */
  signedBy(id: string): readonly string[] | 'nobody' {
    const task = this.task(id);
    return (task && signatureOf(task)?.signers) ?? 'nobody';
  }

  /** What a node answered to the attempts of a task: `SHARE`, or the word of a refusal; each once. */
  answersOf(node: NodeId, id: string): readonly string[] {
    const sessions = this.task(id)?.attempts.map(({ sessionId }) => toHex(sessionId)) ?? [];
    const own = this.#answers.filter(({ from }) => from === node);
    return sessions.flatMap((session) => [
      ...new Set(own.filter((each) => each.session === session).map(({ word }) => word)),
    ]);
  }

  /** Whom the first attempt asked. */
  firstAsked(id: string): readonly string[] {
    return suppliesOf(this.task(id)?.attempts[0]?.attempt).map((each) => each.nodeId);
  }

  /** Whom honest nodes show as culprits, of any task. */
  async named(): Promise<readonly string[]> {
    const honest = this.#nodes.filter(({ room }) => room.self !== this.#liar);
    const tasks = this.ledger.ask.tasks('', 1000, false);
    const proven = await Promise.all(
      honest.flatMap(({ manager }) => tasks.map((task) => manager.culprits(task))),
    );
    const named = proven.flat().map(({ culprit }) => `${culprit.nodeId} ${culprit.reason}`);
    return [...new Set(named)];
  }

  alarmsOf(node: NodeId): readonly string[] {
    return this.#at(node).room.alarms;
  }

  stop(): void {
    for (const { manager } of this.#nodes) manager.stop();
  }

  #manager(room: TaskRoom): TaskManager {
    const { parts } = room;
    const { arithmetic } = parts;
    if (room.self !== this.#liar) return new TaskManager(parts);
    const random = {
      bytes: (length: number): Uint8Array => {
        const bytes = arithmetic.random.bytes(length);
        this.drawn.push(bytes.slice());
        return bytes;
      },
    };
    return new TaskManager({ ...parts, arithmetic: { ...arithmetic, random } });
  }

  #carry(from: NodeId, to: NodeId, message: TaskMessageBody): void {
    const envelope = message.message?.$case === 'envelope' ? message.message.value : undefined;
    const said = message.message;
    const answer =
      said?.$case === 'contribution' || said?.$case === 'decline' ? said.value.envelope : undefined;
    if (answer?.content?.$case === 'open') {
      const word = answerIn(answer.kind, answer.content.value.body);
      this.#answers.push({ from, session: toHex(answer.sessionId), word });
    }
    if (envelope?.kind === keygen.kinds.commit && envelope.content?.$case === 'open') {
      const sealKey = keygen.rounds.commit.all.decode(envelope.content.value.body)?.sealKey;
      if (sealKey !== undefined) this.sealKeys.set(from, sealKey);
    }
    const heard = from === this.#liar && to !== from ? this.meddling(from, to, message) : [message];
    for (const each of heard) this.deliver(from, to, each);
  }

  #submit(method: string, request: Uint8Array, id: string): void {
    void this.#at(TWO)
      .manager.submit({
        method,
        request,
        requester: OPERATOR,
        expiresInMs: 60_000,
        signal: new AbortController().signal,
      })
      .then(
        (task) => this.told.set(id, task),
        () => {},
      );
  }

  #at(node: NodeId): Node {
    const found = this.#nodes.find(({ room }) => room.self === node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  }
}

/** The word of a refusal, or the name of any other message. */
function answerIn(kind: string, body: Uint8Array): string {
  return kind === DECLINED_KIND ? (decode(Declined, body)?.reason ?? kind) : kind;
}
