import type { KeyId, Millis, TaskId } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import { SUPPLY_COVERS_MS, SUPPLY_MAX } from '../limits.js';

type KeyDemand = {
  /** The beginning of the window in which {@link KeyDemand.used} are counted. */
  sinceMs: Millis;
  /** When the key was last used, or a task with it last opened or closed. */
  changedMs: Millis;
  used: number;
  /** In the window before. */
  perSecond: number;
  /** Tasks that are open, with a supply of this node or without. */
  readonly open: Set<TaskId>;
};

/** Window over which use is counted. */
const WINDOW_MS = 1000;
/** A key that was not used for so long counts as new. */
const REMEMBERED_MS = 60_000;

/** How fast this node's supplies of each key are used, and how many signatures with it are under way. */
export class Demand {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #keys = new Map<KeyId, KeyDemand>();
  readonly #keyOf = new Map<TaskId, KeyId>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** Counts one use of a key. */
  used(key: KeyId): void {
    this.#changed(key).used += 1;
  }

  /** A task that signs with a key is open. It is no matter how often this is said. */
  taskOpen(key: KeyId, task: TaskId): void {
    this.#changed(key).open.add(task);
    this.#keyOf.set(task, key);
  }

  taskClosed(task: TaskId): void {
    const key = this.#keyOf.get(task);
    if (key === undefined) return;
    this.#keyOf.delete(task);
    this.#changed(key).open.delete(task);
  }

  /** Forgets how much keys were used that are not in use any more. */
  sweep(): void {
    const now = this.#clock.elapsed();
    for (const [key, { changedMs, open }] of this.#keys) {
      if (open.size === 0 && now - changedMs >= REMEMBERED_MS) this.#keys.delete(key);
    }
  }

  #changed(key: KeyId): KeyDemand {
    const now = this.#clock.elapsed();
    const demand = this.#keys.get(key) ?? {
      sinceMs: now,
      changedMs: now,
      used: 0,
      perSecond: 0,
      open: new Set(),
    };
    demand.changedMs = now;
    this.#keys.set(key, demand);
    return demand;
  }

  /**
   * The supplies to keep ready for what comes next: twice the recent rate times the time that a supply has to cover, and no
   * fewer than signatures are under way. A rate alone stays low where signatures are slow for want of supplies; and a caller
   * that has one asks for the next. From 0 for a key at rest to {@link SUPPLY_MAX}.
   */
  of(key: KeyId): number {
    const demand = this.#keys.get(key);
    if (demand === undefined) return 0;
    const now = this.#clock.elapsed();
    const elapsed = now - demand.sinceMs;
    if (elapsed >= WINDOW_MS) {
      demand.perSecond = (demand.used * 1000) / elapsed;
      demand.sinceMs = now;
      demand.used = 0;
    }
    const rate = Math.max(demand.perSecond, demand.used);
    const covering = Math.ceil((2 * rate * SUPPLY_COVERS_MS) / 1000);
    return Math.min(SUPPLY_MAX, Math.max(covering, demand.open.size));
  }
}
