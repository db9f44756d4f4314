import type { TaskContext } from '../../context.js';
import { Admission } from './admission.js';
import type { Entering, Place } from './admission.js';

/** The requests of this node's clients that wait for their turn, by the kind of task: the time of one says nothing of another. */
export class Admissions {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #byKind = new Map<string, Admission>();

  constructor(context: Pick<TaskContext, 'clock' | 'consensus'>) {
    this.#context = context;
  }

  /**
   * As {@link Admission.enter}. No place while there is no leader: what waits for one does not wait for other requests.
   *
   * @param kind - Of the table of kinds.
   */
  enter(kind: string, entering: Entering): Place | Promise<Place> | undefined {
    if (this.#hasNoLeader()) return undefined;
    const admission = this.#byKind.get(kind) ?? new Admission(this.#context.clock);
    this.#byKind.set(kind, admission);
    return admission.enter(entering);
  }

  tick(): void {
    const hasNoLeader = this.#hasNoLeader();
    for (const admission of this.#byKind.values()) {
      if (hasNoLeader) admission.admitAll();
      else admission.tick();
    }
  }

  /** Whether any request waits. */
  get busy(): boolean {
    return [...this.#byKind.values()].some(({ waitingCount }) => waitingCount > 0);
  }

  /** Ends every wait. */
  close(error: Error): void {
    for (const admission of this.#byKind.values()) admission.close(error);
  }

  #hasNoLeader(): boolean {
    return this.#context.consensus.status().leader === undefined;
  }
}
