import type { Alarms } from '../alarms/index.js';
import { ClusterError, utf8 } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { AuditHead, Entry, Logger, Write } from '../ports/index.js';
import type { Agreed, Machine } from '../raft/index.js';
import { recordsOf } from '../audit/index.js';
import type { Recorder } from '../audit/index.js';
import { apply, correctionOf, correctionWritten, levelWritten, readLevel } from '../state/index.js';
import type { Applied, JudgingContext, Overlay, StateEvent, StateWrite } from '../state/index.js';

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
  readonly #audit: Recorder | undefined;
  /** With an audit log: what each entry wrote that is not durable. */
  readonly #unflushed: { readonly index: LogIndex; readonly writes: readonly StateWrite[] }[] = [];
  /** The last entry whose writes were handed out to be made durable. */
  #handed: LogIndex = 0;

  constructor(
    overlay: Overlay,
    context: JudgingContext,
    logs: Logs,
    buildLevel: number,
    committed: () => LogIndex,
    onBatch: (events: readonly StateEvent[]) => void,
    audit?: Recorder,
  ) {
    this.#overlay = overlay;
    this.#buildLevel = buildLevel;
    this.#agreed = { level: readLevel(overlay), correctionMs: correctionOf(overlay) };
    requireLevel(this.#agreed.level, buildLevel);
    this.#context = context;
    this.#logs = logs;
    this.#committed = committed;
    this.#onBatch = onBatch;
    this.#audit = audit;
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
    this.#record(entry, applied, before);
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

  get recorded(): AuditHead | undefined {
    return this.#audit?.recorded;
  }

  get isHeld(): boolean {
    return this.#audit?.isHeld === true;
  }

  pendingWrites(): readonly Write[] {
    if (this.#audit === undefined) return this.#overlay.pendingWrites();
    // The state on disk is never ahead of the audit log: an entry whose lines a crash takes away is applied again.
    const { index: last } = this.#audit.recorded;
    this.#handed = last;
    const all = new Map<string, Uint8Array | undefined>();
    for (const { index, writes } of this.#unflushed) {
      if (index > last) break;
      for (const [key, value] of writes) all.set(key, value);
    }
    return [...all].map(([key, value]) => [utf8(key), value]);
  }

  flushed(writes: readonly Write[]): void {
    this.#overlay.flushed(writes);
    const left = this.#unflushed.findIndex(({ index }) => index > this.#handed);
    this.#unflushed.splice(0, left < 0 ? this.#unflushed.length : left);
  }

  #record(entry: Entry, { writes, events }: Applied, { correctionMs }: Agreed): void {
    if (this.#audit === undefined) return;
    this.#unflushed.push({ index: entry.index, writes });
    const timeMs = entry.timeMs - correctionMs;
    const { clusterId } = this.#context.genesis;
    this.#audit.take(entry, recordsOf(entry, timeMs, events, clusterId));
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
