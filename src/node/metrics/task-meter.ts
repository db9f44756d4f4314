import type { Millis, TaskId } from '../../common/index.js';
import type { Clock, Meter, TaskResult } from '../../ports/index.js';
import type { Queries, StateEvent } from '../../state/index.js';

/** Open tasks whose times are known; of more, the oldest are forgotten. */
export const TIMED_TASKS_MAX = 10_000;

type Times = { readonly openedMs: Millis; attemptedMs: Millis | undefined };

/** Tells a meter of the tasks that open, go on and close in the state of this node, and of leaders that are replaced. */
export class TaskMeter {
  readonly #meter: Meter;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #queries: Pick<Queries, 'task'>;
  readonly #times = new Map<TaskId, Times>();

  constructor(meter: Meter, clock: Pick<Clock, 'elapsed'>, queries: Pick<Queries, 'task'>) {
    this.#meter = meter;
    this.#clock = clock;
    this.#queries = queries;
  }

  applied(events: readonly StateEvent[]): void {
    const nowMs = this.#clock.elapsed();
    for (const event of events) {
      if (event.type === 'request-decided' && event.result.kind === 'opened')
        this.#opened(event.result.task, nowMs);
      else if (event.type === 'upkeep-opened') this.#opened(event.task, nowMs);
      else if (event.type === 'attempt-opened') this.#attempted(event.task, nowMs);
      else if (event.type === 'leader-switch-recorded') this.#meter.leaderSwitched();
      else if (event.type === 'task-closed') this.#closed(event.task, event.kind, nowMs);
    }
  }

  #opened(task: TaskId, openedMs: Millis): void {
    const [oldest] = this.#times.keys();
    if (this.#times.size >= TIMED_TASKS_MAX && oldest !== undefined) this.#times.delete(oldest);
    this.#times.set(task, { openedMs, attemptedMs: undefined });
  }

  #attempted(task: TaskId, nowMs: Millis): void {
    const times = this.#times.get(task);
    if (times !== undefined) times.attemptedMs ??= nowMs;
  }

  #closed(task: TaskId, kind: string, nowMs: Millis): void {
    this.#meter.taskClosed(kind, this.#resultOf(task));
    const times = this.#times.get(task);
    if (times === undefined) return;
    this.#times.delete(task);
    const { openedMs, attemptedMs = nowMs } = times;
    this.#meter.taskPhase(kind, 'open', (attemptedMs - openedMs) / 1000);
    if (times.attemptedMs !== undefined)
      this.#meter.taskPhase(kind, 'work', (nowMs - attemptedMs) / 1000);
  }

  #resultOf(task: TaskId): TaskResult {
    const outcome = this.#queries.task(task)?.outcome?.$case;
    if (outcome === 'failed' || outcome === 'cancelled') return outcome;
    return 'done';
  }
}
