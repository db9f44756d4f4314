import type { KeyId, LogIndex, TaskId } from '../common/index.js';
import type { Entry, Logger, Write } from '../ports/index.js';
import type { Machine } from '../raft/index.js';
import { apply } from '../state/index.js';
import type { Overlay, Rules, Verdict } from '../state/index.js';
import type { NonceSlot } from '../wire/index.js';

/** The replicated state as Raft sees it: entries go in, and what they changed is told batch by batch. */
export class StateMachine implements Machine {
  readonly #overlay: Overlay;
  readonly #rules: Rules;
  readonly #logger: Logger;
  readonly #onBatch: (batch: Changes) => void;
  readonly #committed: () => LogIndex;
  #changes = noChanges();
  #applied: LogIndex = 0;
  /** How far the log was known to be committed when the last entry was applied. */
  #known: LogIndex = 0;

  constructor(
    overlay: Overlay,
    rules: Rules,
    logger: Logger,
    committed: () => LogIndex,
    onBatch: (batch: Changes) => void,
  ) {
    this.#overlay = overlay;
    this.#rules = rules;
    this.#logger = logger;
    this.#committed = committed;
    this.#onBatch = onBatch;
  }

  /** A long way is applied in several batches. Before the last of them, what is open may have an outcome further on. */
  get current(): boolean {
    return this.#applied >= this.#known;
  }

  apply(entry: Entry): void {
    const applied = apply(this.#overlay, entry, this.#rules);
    this.#overlay.put(applied.writes);
    this.#applied = entry.index;
    this.#known = this.#committed();
    for (const task of applied.changedTasks) this.#changes.tasks.add(task);
    for (const key of applied.changedKeys) this.#changes.keys.add(key);
    this.#changes.named.push(...applied.named);
    if (applied.verdict !== undefined) this.#changes.verdicts.push(applied.verdict);
    if (applied.alarm !== undefined) {
      this.#logger.alarm(applied.alarm, { index: entry.index, term: entry.term });
    }
  }

  pendingWrites(): readonly Write[] {
    return this.#overlay.pendingWrites();
  }

  flushed(writes: readonly Write[]): void {
    this.#overlay.flushed(writes);
  }

  batchDone(): void {
    const changes = this.#changes;
    this.#changes = noChanges();
    this.#onBatch(changes);
  }
}

type Changes = {
  readonly tasks: Set<TaskId>;
  readonly keys: Set<KeyId>;
  readonly named: NonceSlot[];
  readonly verdicts: Verdict[];
};

function noChanges(): Changes {
  return { tasks: new Set(), keys: new Set(), named: [], verdicts: [] };
}
