import type { Millis, TaskId } from '../../common/index.js';
import type { Consensus, TaskContext } from '../context.js';
import { OUTCOME_WAIT_MS } from '../limits.js';
import type { Work } from '../work.js';

/**
 * Outcomes on their way into the log, at the leader. One that no client waits for rides in the next append that is made
 * anyway, and goes alone `OUTCOME_WAIT_MS` later at most: tasks count with their requester until they close.
 */
export class Outcomes implements Work {
  readonly #context: Pick<TaskContext, 'consensus' | 'clock'>;
  /** Commands, by task. */
  readonly #waiting = new Map<TaskId, Uint8Array>();
  /** When what waits goes without waiting any longer. */
  #dueMs: Millis = 0;

  constructor(context: Pick<TaskContext, 'consensus' | 'clock'>) {
    this.#context = context;
  }

  /** Takes the outcome of a task: the first counts. */
  add(task: TaskId, command: Uint8Array): void {
    if (this.#waiting.has(task)) return;
    if (this.#waiting.size === 0) this.#dueMs = this.#context.clock.now() + OUTCOME_WAIT_MS;
    this.#waiting.set(task, command);
  }

  /** Proposes a command of another part, behind what waits here: what ends a key comes after the signatures that it had made. */
  propose(...asked: Parameters<Consensus['propose']>): ReturnType<Consensus['propose']> {
    this.append();
    return this.#context.consensus.propose(...asked);
  }

  /** Proposes all that wait: consensus writes in one piece what one turn of the loop brings. */
  append(): void {
    for (const [task, command] of this.#waiting) {
      if (this.#context.consensus.propose(command) !== 'proposed') return;
      this.#waiting.delete(task);
    }
  }

  tick(): void {
    if (this.#waiting.size > 0 && this.#context.clock.now() >= this.#dueMs) this.append();
  }

  /** A later leader finds results by itself. */
  leadChanged(): void {
    this.#waiting.clear();
  }

  taskClosed(task: TaskId): void {
    this.#waiting.delete(task);
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }
}
