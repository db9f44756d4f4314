import type { Boot, NodeId, SessionId, TaskId } from '../../common/index.js';
import { Budgets, sessionId, toHex } from '../../common/index.js';
import type { Envelope } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { ParticipantDriver } from '../kinds/driver.js';
import { PEERS_MAX, SESSION_MESSAGES } from '../limits.js';
import type { LiveTask, LiveTasks } from '../live-tasks.js';
import type { EarlyMessages } from '../voter/early-messages.js';
import type { Work } from '../work.js';

/** This node as a participant: each live task and each message of a session goes to the driver of the task's kind. */
export class Participants implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'clock'>;
  readonly #tasks: LiveTasks;
  readonly #drivers: ReadonlyMap<string, ParticipantDriver>;
  readonly #early: EarlyMessages<Envelope>;
  readonly #budgets = new Budgets(SESSION_MESSAGES, PEERS_MAX);

  constructor(
    context: Pick<TaskContext, 'self' | 'clock'>,
    tasks: LiveTasks,
    drivers: ReadonlyMap<string, ParticipantDriver>,
    early: EarlyMessages<Envelope>,
  ) {
    this.#context = context;
    this.#tasks = tasks;
    this.#drivers = drivers;
    this.#early = early;
  }

  /**
   * Takes a message of a session. A message that comes before its session has begun here is kept for a while; what a node
   * sends beyond its budget is dropped, and sent again by an honest one.
   *
   * @param bytes - The length of the message.
   */
  receive(from: NodeId, envelope: Envelope, bytes: number): void {
    const { self, clock } = this.#context;
    if (from !== self.id && !this.#budgets.take(from, 1, clock.elapsed())) return;
    const session = sessionId(toHex(envelope.sessionId));
    const kind = this.#tasks.attempt(session)?.task.kind;
    const driver = kind === undefined ? undefined : this.#drivers.get(kind);
    if (driver?.receive?.(from, session, envelope) === true) return;
    this.#early.keep(from, session, envelope, bytes, clock.elapsed());
  }

  taskOpen(task: LiveTask): void {
    this.#drivers.get(task.kind)?.contribute(task);
  }

  taskClosed(id: TaskId, task: LiveTask | undefined): void {
    for (const driver of this.#drivers.values()) driver.taskClosed?.(id, task);
  }

  connected(peer: NodeId, boot: Boot): void {
    for (const driver of this.#drivers.values()) driver.connected?.(peer, boot);
  }

  tick(): void {
    for (const driver of this.#drivers.values()) driver.tick?.();
  }

  sweep(): void {
    for (const driver of this.#drivers.values()) driver.sweep?.();
  }

  close(): void {
    for (const driver of this.#drivers.values()) driver.close?.();
  }

  /** Sessions that go on here among nodes that can all be reached. */
  underWay(reaches: (node: NodeId) => boolean): ReadonlySet<SessionId> {
    const attempts = [...this.#drivers.values()].flatMap((driver) => driver.underWay?.() ?? []);
    return new Set(
      attempts.filter(({ nodes }) => nodes.every(reaches)).map(({ session }) => session),
    );
  }

  get busy(): boolean {
    return [...this.#drivers.values()].some(({ busy }) => busy === true);
  }
}
