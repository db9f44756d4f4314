import type { TaskId } from '../../common/index.js';
import type { Consensus } from '../context.js';
import type { Work } from '../work.js';

/**
 * Outcomes on their way into the log, at the leader. One that no client waits for rides in the next append that is made
 * anyway, and goes alone with the next tick, `TICK_MS` later at most: tasks count with their requester until they close.
 */
export class Outcomes implements Work {
  readonly #consensus: Pick<Consensus, 'propose'>;
  /** Commands, by task. */
  readonly #waiting = new Map<TaskId, Uint8Array>();

  constructor(consensus: Pick<Consensus, 'propose'>) {
    this.#consensus = consensus;
  }

  /** Takes the outcome of a task: the first counts. */
  add(task: TaskId, command: Uint8Array): void {
    if (!this.#waiting.has(task)) this.#waiting.set(task, command);
  }

  /** Proposes a command of another part, and with it what waits here. */
  propose(command: Uint8Array): ReturnType<Consensus['propose']> {
    const result = this.#consensus.propose(command);
    if (result === 'proposed') this.append();
    return result;
  }

  /** Proposes all that wait: consensus writes in one piece what one turn of the loop brings. */
  append(): void {
    for (const [task, command] of this.#waiting) {
      if (this.#consensus.propose(command) !== 'proposed') return;
      this.#waiting.delete(task);
    }
  }

  tick(): void {
    this.append();
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
