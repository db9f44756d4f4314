import type { Alarms } from '../alarms/index.js';
import { ClusterError } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { Entry, Logger, Write } from '../ports/index.js';
import type { Agreed, Machine } from '../raft/index.js';
import { apply, correctionOf, correctionWritten, levelWritten, readLevel } from '../state/index.js';
import type { JudgingContext, Overlay, StateEvent } from '../state/index.js';

type Logs = { readonly logger: Logger; readonly alarms: Alarms };

/** The replicated state as Raft sees it: entries go in, and what they did is told batch by batch. */
export class StateMachine implements Machine {
  readonly #overlay: Overlay;
  readonly #context: JudgingContext;
  readonly #logs: Logs;
  readonly #onBatch: (events: readonly StateEvent[]) => void;
  readonly #committed: () => LogIndex;
  readonly #buildLevel: number;
  #agreed: Agreed;
  #events: StateEvent[] = [];
  #applied: LogIndex = 0;
  /** The last entry that asked for a checkpoint. */
  #checkpoint: LogIndex = 0;
  /** How far the log was known to be committed when the last entry was applied. */
  #known: LogIndex = 0;

  constructor(
    overlay: Overlay,
    context: JudgingContext,
    logs: Logs,
    buildLevel: number,
    committed: () => LogIndex,
    onBatch: (events: readonly StateEvent[]) => void,
  ) {
    this.#overlay = overlay;
    this.#buildLevel = buildLevel;
    this.#agreed = { level: readLevel(overlay), correctionMs: correctionOf(overlay) };
    requireLevel(this.#agreed.level, buildLevel);
    this.#context = context;
    this.#logs = logs;
    this.#committed = committed;
    this.#onBatch = onBatch;
  }

  /** The feature level of the state as applied here; 0 before the genesis. */
  get level(): number {
    return this.#agreed.level;
  }

  get agreed(): Agreed {
    return this.#agreed;
  }

  /** Claims that an entry, the last that was applied, asks for a checkpoint. */
  isCheckpoint({ index }: Entry): boolean {
    return index === this.#checkpoint;
  }

  /** A long way is applied in several batches. Before the last of them, what is open may have an outcome further on. */
  get current(): boolean {
    return this.#applied >= this.#known;
  }

  /** @throws ClusterError `unsupported` (`BUILD_TOO_OLD`) before a state that is above the level of this build. */
  apply(entry: Entry): void {
    const applied = apply(this.#overlay, entry, this.#context);
    const before = this.#agreed;
    const level = levelWritten(applied.writes) ?? before.level;
    requireLevel(level, this.#buildLevel);
    if (level > before.level && before.level > 0) {
      this.#logs.logger.info('The cluster is at a new feature level', { level });
    }
    this.#overlay.put(applied.writes);
    const correctionMs = correctionWritten(applied.writes) ?? before.correctionMs;
    if (correctionMs !== before.correctionMs) {
      const facts = { back_ms: correctionMs - before.correctionMs, index: entry.index };
      this.#logs.logger.warn('An operator has corrected the time of the cluster', facts);
    }
    if (level !== before.level || correctionMs !== before.correctionMs) {
      this.#agreed = { level, correctionMs };
    }
    this.#applied = entry.index;
    this.#known = this.#committed();
    for (const event of applied.events) {
      this.#events.push(event);
      if (event.type === 'checkpoint-asked') this.#checkpoint = entry.index;
      if (event.type !== 'void-entry') continue;
      this.#logs.alarms.raise(event.why, undefined, { index: entry.index, term: entry.term });
    }
  }

  pendingWrites(): readonly Write[] {
    return this.#overlay.pendingWrites();
  }

  flushed(writes: readonly Write[]): void {
    this.#overlay.flushed(writes);
  }

  batchDone(): void {
    const events = this.#events;
    this.#events = [];
    this.#onBatch(events);
  }
}

/**
 * The one case in which a node stops for what the cluster has agreed on: what comes after cannot be judged here.
 *
 * @throws ClusterError `unsupported` (`BUILD_TOO_OLD`).
 */
function requireLevel(level: number, buildLevel: number): void {
  if (level <= buildLevel) return;
  throw new ClusterError(
    'unsupported',
    `The cluster is at feature level ${level}, and this build has level ${buildLevel} at most: ` +
      'install a build that has it; the data directory stays as it is',
    { reason: 'BUILD_TOO_OLD', facts: { level: String(level), build_level: String(buildLevel) } },
  );
}
