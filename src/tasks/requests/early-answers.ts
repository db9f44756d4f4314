import { equal, fromHex } from '../../common/index.js';
import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { isOpen, readLevel } from '../../state/index.js';
import { RESULT_LEVEL } from '../../wire/index.js';
import type { TaskMessageBody, TaskRecord } from '../../wire/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Combining } from '../kinds/driver.js';
import { HAND_OVER_MS, RESEND_MS, RESULT_WITHIN_MS, TICK_MS } from '../limits.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../live-tasks.js';
import type { HeldResult, Results } from '../voter/results.js';
import type { Work } from '../work.js';
import type { PendingCalls } from './pending-calls.js';

/** A result that a client has, and that the log may lack. */
type Unrecorded = {
  readonly message: TaskMessageBody;
  /** The node that it was sent to last, and when. */
  sentTo: NodeId | undefined;
  sentMs: Millis;
};

/**
 * Answers before the log records the outcome: one commit is on the way to the client instead of two. This node adds up the
 * shares of a task that a client waits for here, answers with a sum that verifies, and brings it to whoever leads until its
 * own state shows the task closed. A sum that does not verify is no answer, and blames no node here.
 */
export class EarlyAnswers implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'clock' | 'consensus' | 'outbox'>;
  readonly #state: AppliedState;
  readonly #calls: PendingCalls;
  readonly #tasks: LiveTasks;
  readonly #results: Results;
  /** By the kind of task. */
  readonly #combining: ReadonlyMap<string, Combining>;
  readonly #unrecorded = new Map<TaskId, Unrecorded>();

  constructor(
    context: Pick<TaskContext, 'self' | 'clock' | 'consensus' | 'outbox'>,
    parts: {
      readonly state: AppliedState;
      readonly calls: PendingCalls;
      readonly tasks: LiveTasks;
      readonly results: Results;
      readonly combining: ReadonlyMap<string, Combining>;
    },
  ) {
    this.#context = context;
    this.#state = parts.state;
    this.#calls = parts.calls;
    this.#tasks = parts.tasks;
    this.#results = parts.results;
    this.#combining = parts.combining;
  }

  /** A client waits for a task, which may be open already. */
  waits(id: TaskId): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) this.taskOpen(task);
  }

  taskOpen(task: LiveTask): void {
    if (!this.#isWanted(task)) return;
    if (this.#results.of(task.id) !== undefined) return this.#answer(task.id);
    for (const attempt of task.attempts) this.#results.addUp(attempt);
  }

  /** A contribution has come that is news. */
  contributed(attempt: LiveAttempt): void {
    if (this.#isWanted(attempt.task)) this.#results.addUp(attempt);
  }

  /** An attempt has come to a result, or its contributions have come to none. */
  news({ task }: LiveAttempt): void {
    this.#answer(task.id);
  }

  taskClosed(id: TaskId): void {
    this.#unrecorded.delete(id);
  }

  /** Brings again what may have been lost, and to a new leader at once. */
  tick(): void {
    for (const [id, unrecorded] of this.#unrecorded) this.#bring(id, unrecorded);
  }

  get busy(): boolean {
    return this.#unrecorded.size > 0;
  }

  /** Resolves when this node's state shows the outcome of each answered task, {@link HAND_OVER_MS} later at most. */
  async handOver(): Promise<void> {
    const { clock } = this.#context;
    const endMs = clock.elapsed() + HAND_OVER_MS;
    while (this.#unrecorded.size > 0 && clock.elapsed() < endMs) {
      await new Promise<void>((goOn) => clock.after(TICK_MS, goOn));
    }
  }

  close(): void {
    this.#unrecorded.clear();
  }

  #isWanted({ id, kind }: LiveTask): boolean {
    const isEarly = this.#combining.get(kind)?.checkClaims !== undefined;
    return isEarly && this.#calls.waitFor(id) && readLevel(this.#state.view) >= RESULT_LEVEL;
  }

  /** No `await` from the look at the applied state to the answer: the task is open, of this request, with this attempt. */
  #answer(id: TaskId): void {
    const held = this.#results.of(id);
    const task = this.#state.queries.task(id);
    if (held?.answer === undefined || !isOpen(task) || !admits(task, held)) return;
    const outcome = { $case: 'result', value: held.answer } as const;
    for (const call of this.#calls.ofTask(id)) {
      if (!equal(task.requestHash, call.content)) continue;
      call.settle({ ...task, outcome });
      this.#record(id, held);
    }
  }

  #record(id: TaskId, { session, material }: HeldResult): void {
    const sessionId = fromHex(session);
    if (sessionId === undefined || this.#unrecorded.has(id)) return;
    const message = { message: { $case: 'result', value: { sessionId, material } } } as const;
    const unrecorded: Unrecorded = { message, sentTo: undefined, sentMs: 0 };
    this.#unrecorded.set(id, unrecorded);
    this.#bring(id, unrecorded);
  }

  /** No client waits for it any more. */
  #bring(id: TaskId, unrecorded: Unrecorded): void {
    const { self, clock, consensus, outbox } = this.#context;
    const { leader } = consensus.status();
    // As leader this node holds the result already, and records it.
    if (leader === undefined || leader === self.id) return;
    const now = clock.elapsed();
    if (unrecorded.sentTo === leader && now - unrecorded.sentMs < RESEND_MS) return;
    unrecorded.sentTo = leader;
    unrecorded.sentMs = now;
    outbox.sendSoon(leader, RESULT_WITHIN_MS, () =>
      this.#unrecorded.get(id) === unrecorded ? unrecorded.message : undefined,
    );
  }
}

/** Whether the task has the attempt that the result was made of. */
function admits({ attempts }: TaskRecord, { session, attempt: number }: HeldResult): boolean {
  const sessionId = fromHex(session);
  return attempts.some(
    (each) =>
      each.attempt?.number === number &&
      sessionId !== undefined &&
      equal(each.sessionId, sessionId),
  );
}
