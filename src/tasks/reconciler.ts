import type { Boot, NodeId, TaskId } from '../common/index.js';
import type { Timer } from '../ports/index.js';
import type { Queries } from '../state/index.js';
import type { TaskContext } from './context.js';
import type { Leadership } from './leadership.js';
import { RECONCILE_MS, TICK_MS } from './limits.js';
import type { LiveTasks } from './live-tasks.js';
import type { Batch, Work } from './work.js';

/**
 * Compares what the state says with what this node is doing, and has each part do what is missing. It follows the state, not
 * the entries, so it does not matter how the state came about: by the log, after a restart, or long ago.
 */
export class Reconciler {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #leadership: Leadership;
  readonly #queries: Queries;
  readonly #tasks: LiveTasks;
  /** In the order in which they are called. */
  readonly #parts: readonly Work[];
  /** Tasks open in the state are known to be open. */
  #current = false;
  #tick: Timer | undefined;
  #sweep: Timer | undefined;
  #closed = false;

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus'>,
    leadership: Leadership,
    queries: Queries,
    tasks: LiveTasks,
    parts: readonly Work[],
  ) {
    this.#context = context;
    this.#leadership = leadership;
    this.#queries = queries;
    this.#tasks = tasks;
    this.#parts = parts;
  }

  /** Begins to look after the state as it is found. */
  start(): void {
    this.#follow();
    this.#reconcileAll();
    this.#scheduleSweep();
  }

  applied(batch: Batch): void {
    for (const part of this.#parts) part.applied?.(batch);
    this.#follow();
    for (const id of batch.tasks) this.#taskChanged(id);
    for (const id of batch.keys) this.#keyChanged(id);
    for (const part of this.#parts) part.settled?.(batch);
    this.wake();
  }

  connected(peer: NodeId, boot: Boot): void {
    for (const part of this.#parts) part.connected?.(peer, boot);
    this.wake();
  }

  close(): void {
    this.#closed = true;
    this.#tick?.cancel();
    this.#sweep?.cancel();
    for (const part of this.#parts) part.close?.();
  }

  /** One timer drives hedges, resends and deadlines, while there is anything to drive. */
  wake(): void {
    if (this.#tick !== undefined || this.#closed || !this.#busy()) return;
    this.#tick = this.#context.clock.after(TICK_MS, () => {
      this.#tick = undefined;
      this.#follow();
      for (const part of this.#parts) part.tick?.();
      this.wake();
    });
  }

  /** Follows consensus: what waits for a caught-up node is looked at again, and what only a leader keeps goes. */
  #follow(): void {
    if (this.#leadership.changed()) {
      for (const part of this.#parts) part.leadChanged?.();
    }
    const { current } = this.#context.consensus.status();
    const news = current && !this.#current;
    this.#current = current;
    if (news) this.#reconcileAll();
  }

  #reconcileAll(): void {
    for (const id of this.#tasks.ids()) this.#taskChanged(id);
    for (const id of this.#queries.installing()) this.#keyChanged(id);
    for (const part of this.#parts) part.settled?.(undefined);
    this.wake();
  }

  #taskChanged(id: TaskId): void {
    const before = this.#tasks.get(id);
    const task = this.#tasks.refresh(id);
    for (const part of this.#parts) {
      if (task === undefined) part.taskClosed?.(id, before);
      else part.taskOpen?.(task);
    }
  }

  #keyChanged(id: string): void {
    const key = this.#queries.key(id);
    if (key === undefined) return;
    for (const part of this.#parts) part.keyChanged?.(key);
  }

  #busy(): boolean {
    return this.#tasks.size > 0 || this.#parts.some(({ busy }) => busy === true);
  }

  #scheduleSweep(): void {
    this.#sweep = this.#context.clock.after(RECONCILE_MS, () => {
      this.#follow();
      this.#reconcileAll();
      for (const part of this.#parts) part.sweep?.();
      this.#scheduleSweep();
    });
  }
}
