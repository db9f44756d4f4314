import { nodeId, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import { batchOf, TaskManager } from '../../../src/tasks/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import { encodeTaskMessage } from '../../../src/wire/index.js';
import type { Command, TaskMessageBody, TaskRecord } from '../../../src/wire/index.js';
import { Ledger, NODES, OPERATOR, signRequest, testGenesis } from './ledger.js';
import { dealKey, settle, TaskRoom } from './task-room.js';
import type { DealtKey } from './task-room.js';

export const [ONE, TWO, THREE] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];
const STEP_MS = 10;

type Said = NonNullable<TaskMessageBody['message']>;
type Commanded = NonNullable<Command['command']>;
type Node = { readonly room: TaskRoom; readonly manager: TaskManager };

/** What becomes of a client's request. */
export type Told = { record?: TaskRecord; error?: unknown };

/** Three nodes' task managers over one log, node-1 leading: a test decides what arrives and what gets into the log. */
export class TaskTrio {
  readonly ledger: Ledger;
  readonly key: DealtKey;
  /** What becomes of a message on its way; itself unless a test says otherwise. */
  carry: (from: NodeId, to: NodeId, message: Said) => readonly Said[] = (_, __, said) => [said];
  /** Whether the log takes what a leader appends. What it does not take yet waits. */
  takes: (command: Commanded) => boolean = () => true;
  /** What a leader appended, in order. */
  readonly appended: Commanded[] = [];
  /** Arithmetic that was asked for: the node, and the name of the job. */
  readonly jobs: string[] = [];
  /** Arithmetic of these names takes until {@link compute}. */
  readonly slow = new Set<string>();
  readonly #held: (() => void)[] = [];
  #nodes: readonly Node[] = [];
  #waiting: Commanded[] = [];

  private constructor(genesis: Genesis) {
    this.ledger = new Ledger(genesis);
    this.key = dealKey(this.ledger);
  }

  static async start(genesis = testGenesis()): Promise<TaskTrio> {
    const trio = new TaskTrio(genesis);
    const rooms = NODES.map((node) => new TaskRoom(node, trio.ledger));
    for (const room of rooms) {
      await room.hold(trio.key);
      if (room.self !== ONE) room.follow(ONE);
      trio.#count(room);
    }
    trio.#nodes = rooms.map((room) => ({ room, manager: new TaskManager(room.parts) }));
    for (const { room, manager } of trio.#nodes) {
      for (const peer of rooms) if (peer !== room) manager.connected(peer.self, peer.boot);
      manager.start();
    }
    await trio.pass(50);
    return trio;
  }

  room(node: NodeId): TaskRoom {
    return this.#at(node).room;
  }

  /** Lets time go by: messages arrive, what was appended is applied, timers run. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      for (const { room } of this.#nodes) {
        for (const { to, message } of room.takeSent()) {
          if (message.message === undefined) continue;
          const heard =
            room.self === to ? [message.message] : this.carry(room.self, to, message.message);
          for (const said of heard) this.deliver(room.self, to, said);
        }
      }
      await settle();
      this.apply();
      for (const { room } of this.#nodes) room.clock.pass(STEP_MS);
      this.ledger.timeMs += STEP_MS;
      await settle();
    }
  }

  /** Applies what leaders appended and the log takes, on all nodes. */
  apply(): void {
    for (const { room } of this.#nodes) {
      const commands = room.takeProposed();
      this.appended.push(...commands);
      this.#waiting.push(...commands);
    }
    const [taken, left] = [
      this.#waiting.filter((each) => this.takes(each)),
      this.#waiting.filter((each) => !this.takes(each)),
    ];
    this.#waiting = left;
    for (const command of taken) {
      const batch = batchOf(this.ledger.append('command', encodeCommand(command)).events);
      for (const { manager } of this.#nodes) manager.applied(batch);
    }
  }

  deliver(from: NodeId, to: NodeId, said: Said): void {
    this.#at(to).manager.receive(from, encodeTaskMessage({ message: said }));
  }

  /** A client's request for a signature, at a node. */
  sign(id: string, node: NodeId, message = utf8('hello'), expiresInMs = 60_000): Told {
    const told: Told = {};
    const request = signRequest('treasury', id, message);
    const { signal } = new AbortController();
    const call = { method: METHODS.sign, request, requester: OPERATOR, expiresInMs, signal };
    this.#at(node)
      .manager.submit(call)
      .then(
        (record) => (told.record = record),
        (error: unknown) => (told.error = error),
      );
    return told;
  }

  task(id: string): TaskRecord | undefined {
    return this.ledger.ask.tasks('', 1000, false).find(({ requestId }) => requestId === id);
  }

  /** The log closes a task without a result. */
  fail(taskId: string): void {
    const value = { taskId, reason: 'REQUEST_EXPIRED', evidence: [] };
    const batch = batchOf(this.ledger.command({ $case: 'failed', value }).events);
    for (const { manager } of this.#nodes) manager.applied(batch);
  }

  /** Another node leads, in the next term. What the earlier leader appended and the log did not take is lost. */
  lead(node: NodeId): void {
    this.#waiting = [];
    for (const { room } of this.#nodes) {
      room.takeProposed();
      if (room.self !== node) room.follow(node);
      else {
        const term = room.status.term + 1;
        room.status = { ...room.status, role: 'leader', term, leader: node };
      }
    }
  }

  /** Only these can be reached by the leader: attempts name no other. */
  reach(...nodes: readonly NodeId[]): void {
    const { connections } = this.room(ONE);
    for (const { room } of this.#nodes) {
      if (nodes.includes(room.self)) connections.connected(room.self, room.boot);
      else connections.disconnected(room.self);
    }
  }

  /** Does the arithmetic that waits. */
  async compute(): Promise<void> {
    for (const job of this.#held.splice(0)) job();
    await settle();
  }

  jobsOf(node: NodeId, name: string): number {
    return this.jobs.filter((job) => job === `${node} ${name}`).length;
  }

  handOver(node: NodeId): Promise<void> {
    return this.#at(node).manager.handOver();
  }

  alarms(): readonly string[] {
    return this.#nodes.flatMap(({ room }) => room.alarms);
  }

  stop(): void {
    for (const { manager } of this.#nodes) manager.stop();
  }

  #at(node: NodeId): Node {
    const found = this.#nodes.find(({ room }) => room.self === node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  }

  #count(room: TaskRoom): void {
    const { compute } = room;
    room.compute = {
      idle: () => compute.idle(),
      run: async (job, input) => {
        const name = `${room.self} ${job.name}`;
        this.jobs.push(name);
        if (this.slow.has(name)) await new Promise<void>((go) => this.#held.push(go));
        return compute.run(job, input);
      },
    };
  }
}
