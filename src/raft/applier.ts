import type { LogIndex, Millis } from '../common/index.js';
import type { Clock, Entry, Timer } from '../ports/index.js';
import type { Machine } from './driver-parts.js';
import { readToApply } from './old-entries.js';
import type { OldEntriesParts } from './old-entries.js';
import type { Raft } from './raft.js';

/**
 * Entries are applied for so long before the loop turns: heartbeats, clients and peers wait for no more than this, the
 * one entry that is being applied, and what follows from all of these, which takes about as long again.
 */
export const APPLY_BUDGET_MS: Millis = 4;

/** Applies what is committed and durable here, in order, and lets the loop turn in between. */
export class Applier {
  readonly #parts: OldEntriesParts;
  readonly #raft: Raft;
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #onTurn: () => void;
  readonly #onApplied: (entry: Entry) => void;
  #applied: LogIndex;
  /** The loop turns before more is applied. */
  #turn: Timer | undefined;

  /**
   * @param applied - The last entry that the machine holds.
   * @param onTurn - Is called when more may be applied, after {@link apply} has used up its time.
   * @param onApplied - Is called for each entry, when the machine has applied it.
   */
  constructor(
    parts: OldEntriesParts & { readonly machine: Machine; readonly clock: Clock },
    applied: LogIndex,
    onTurn: () => void,
    onApplied: (entry: Entry) => void,
  ) {
    this.#parts = parts;
    this.#raft = parts.raft;
    this.#machine = parts.machine;
    this.#clock = parts.clock;
    this.#applied = applied;
    this.#onTurn = onTurn;
    this.#onApplied = onApplied;
  }

  /** The last entry that was applied. */
  get applied(): LogIndex {
    return this.#applied;
  }

  /** Whether an entry that may be applied would be applied now. */
  get isFree(): boolean {
    return this.#turn === undefined && this.#machine.isHeld !== true;
  }

  /** The time until which one event may apply entries. */
  untilMs(): Millis {
    return this.#clock.elapsed() + APPLY_BUDGET_MS;
  }

  /** Applies until the time is up, one batch at most. Says whether there was anything. */
  apply(untilMs: Millis): boolean {
    const before = this.#applied;
    while (this.isFree && this.#applied - before < this.#raft.batchMax) {
      const [entry] = this.#raft.takeApplicable(1);
      if (entry === undefined) {
        if (readToApply(this.#parts)) continue;
        break;
      }
      this.#machine.apply(entry);
      this.#raft.agreed(this.#machine.agreed);
      this.#applied = entry.index;
      this.#onApplied(entry);
      if (this.#clock.elapsed() < untilMs) continue;
      this.#turn = this.#clock.after(0, () => {
        this.#turn = undefined;
        this.#onTurn();
      });
    }
    return this.#applied > before;
  }

  stop(): void {
    this.#turn?.cancel();
  }
}
