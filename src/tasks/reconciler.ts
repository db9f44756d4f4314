import type { Boot, NodeId, TaskId } from '../common/index.js';
import type { Timer } from '../ports/index.js';
import type { Queries } from '../state/index.js';
import type { TaskContext } from './context.js';
import type { Leadership } from './leadership.js';
import { RECONCILE_MS, RECONCILE_SLICE, TICK_MS } from './limits.js';
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
  /** Tasks and keys that changed while it was not known which are open: each is looked at again when it is. */
  readonly #unsettled = { tasks: new Set<TaskId>(), keys: new Set<string>() };
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
    if (this.#follow()) this.#settle();
    this.#startFrom('');
  }

  applied(batch: Batch): void {
    for (const part of this.#parts) part.applied?.(batch);
    const caughtUp = this.#follow();
    for (const id of batch.tasks) this.#taskChanged(id);
    for (const id of batch.keys) this.#keyChanged(id);
    // Nothing is settled before the tasks of this batch had their turn: a nonce that it names would be dropped untaken.
    if (caughtUp) this.#settle();
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
      if (this.#follow()) this.#settle();
      for (const part of this.#parts) part.tick?.();
      this.wake();
    });
  }

  /** Follows consensus: what only a leader keeps goes. Says whether the node has just caught up: see {@link #settle}. */
  #follow(): boolean {
    if (this.#leadership.changed()) {
      for (const part of this.#parts) part.leadChanged?.();
    }
    const { current } = this.#context.consensus.status();
    const caughtUp = current && !this.#current;
    this.#current = current;
    return caughtUp;
  }

  /** Looks again at all that waited for a node that has caught up. The others were looked at when they changed. */
  #settle(): void {
    const { tasks, keys } = this.#unsettled;
    for (const id of tasks) this.#taskChanged(id);
    for (const id of keys) this.#keyChanged(id);
    tasks.clear();
    keys.clear();
    for (const part of this.#parts) part.settled?.(undefined);
    this.wake();
  }

  #taskChanged(id: TaskId): void {
    const before = this.#tasks.get(id);
    const task = this.#tasks.refresh(id);
    if (task === undefined || this.#current) this.#unsettled.tasks.delete(id);
    else this.#unsettled.tasks.add(id);
    for (const part of this.#parts) {
      if (task === undefined) part.taskClosed?.(id, before);
      else part.taskOpen?.(task);
    }
  }

  #keyChanged(id: string): void {
    const key = this.#queries.key(id);
    if (key === undefined) return;
    const installing = key.installed.length < key.participants.length;
    if (installing && !this.#current) this.#unsettled.keys.add(id);
    else this.#unsettled.keys.delete(id);
    for (const task of this.#tasks.ofEarlierVersions(key)) this.#taskChanged(task);
    for (const part of this.#parts) part.keyChanged?.(key);
  }

  #busy(): boolean {
    return this.#tasks.size > 0 || this.#parts.some(({ busy }) => busy === true);
  }

  /** Looks at the tasks that the state has open after `after`, some at a time; then at all else, every second. */
  #startFrom(after: string): void {
    const page = this.#tasks.openAfter(after, RECONCILE_SLICE);
    for (const id of page) this.#taskChanged(id);
    const last = page.at(-1);
    if (last === undefined || page.length < RECONCILE_SLICE) return this.#sweepThrough([], 0);
    this.#sweep = this.#context.clock.after(0, () => this.#startFrom(last));
  }

  #scheduleSweep(): void {
    this.#sweep = this.#context.clock.after(RECONCILE_MS, () => {
      if (this.#follow()) this.#settle();
      this.#sweepThrough(this.#tasks.ids(), 0);
      for (const part of this.#parts) part.sweep?.();
    });
  }

  /** Looks at these tasks and all keys that are being installed once more, some between two turns of the loop. */
  #sweepThrough(tasks: readonly TaskId[], from: number): void {
    const slice = tasks.slice(from, from + RECONCILE_SLICE);
    for (const id of slice) this.#taskChanged(id);
    if (from + RECONCILE_SLICE < tasks.length) {
      this.#sweep = this.#context.clock.after(0, () =>
        this.#sweepThrough(tasks, from + RECONCILE_SLICE),
      );
      return;
    }
    this.#keysFrom(this.#queries.installing(), 0);
  }

  #keysFrom(keys: readonly string[], from: number): void {
    for (const id of keys.slice(from, from + RECONCILE_SLICE)) this.#keyChanged(id);
    if (from + RECONCILE_SLICE < keys.length) {
      this.#sweep = this.#context.clock.after(0, () =>
        this.#keysFrom(keys, from + RECONCILE_SLICE),
      );
      return;
    }
    for (const part of this.#parts) part.settled?.(undefined);
    this.wake();
    this.#scheduleSweep();
  }
}
