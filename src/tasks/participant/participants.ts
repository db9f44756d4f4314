import type { Boot, NodeId, TaskId } from '../../common/index.js';
import { sessionId, toHex } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import { encode, Envelope } from '../../wire/index.js';
import type { ParticipantDriver } from '../kinds/driver.js';
import type { LiveTask, LiveTasks } from '../live-tasks.js';
import type { EarlyMessages } from '../voter/early-messages.js';
import type { Work } from '../work.js';

/** This node as a participant: each live task and each message of a session goes to the driver of the task's kind. */
export class Participants implements Work {
  readonly #clock: Clock;
  readonly #tasks: LiveTasks;
  readonly #drivers: ReadonlyMap<string, ParticipantDriver>;
  readonly #early: EarlyMessages<Envelope>;

  constructor(
    clock: Clock,
    tasks: LiveTasks,
    drivers: ReadonlyMap<string, ParticipantDriver>,
    early: EarlyMessages<Envelope>,
  ) {
    this.#clock = clock;
    this.#tasks = tasks;
    this.#drivers = drivers;
    this.#early = early;
  }

  /** Takes a message of a session. A message that comes before its session has begun here is kept for a while. */
  receive(from: NodeId, envelope: Envelope): void {
    const session = sessionId(toHex(envelope.sessionId));
    const kind = this.#tasks.attempt(session)?.task.kind;
    const driver = kind === undefined ? undefined : this.#drivers.get(kind);
    if (driver?.receive?.(from, session, envelope) === true) return;
    const { length } = encode(Envelope, envelope);
    this.#early.keep(from, session, envelope, length, this.#clock.elapsed());
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

  get busy(): boolean {
    return [...this.#drivers.values()].some(({ busy }) => busy === true);
  }
}
