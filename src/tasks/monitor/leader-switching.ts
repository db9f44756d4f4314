import { nodeId } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { at, decide } from '../../monitor/index.js';
import type { Question, Verdict } from '../../monitor/index.js';
import { readLevel, readMonitor } from '../../state/index.js';
import { MONITOR_LEVEL } from '../../wire/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import {
  FOLLOWS_LAG_MAX,
  FOLLOWS_LOOKS,
  SHARING_AGE_MS_MAX,
  SWITCH_MARGIN_MS,
  SWITCH_REPEAT_MS,
  SWITCH_WAIT_MS,
  UNHEARD_MS,
} from '../limits.js';
import type { LiveTasks } from '../live-tasks.js';
import type { Work } from '../work.js';
import type { MonitorEntries } from './monitor-entries.js';

/**
 * The leader's own end, where another voter does better: it looks every second, has the switch recorded, and hands over by a
 * transfer. What is recorded every node judges for itself; nothing else about consensus changes.
 */
export class LeaderSwitching implements Work {
  readonly #context: TaskContext;
  readonly #state: AppliedState;
  readonly #leadership: Leadership;
  readonly #tasks: LiveTasks;
  readonly #entries: MonitorEntries;
  /** How many looks in a row each voter has followed the log closely. */
  readonly #follows = new Map<NodeId, number>();
  #verdict: Verdict | undefined;
  #proposedMs = -Infinity;
  /** The record's time of the switch that was carried out last. */
  #carriedOut: Millis | undefined;
  readonly #closed = new AbortController();

  constructor(
    context: TaskContext,
    state: AppliedState,
    leadership: Leadership,
    tasks: LiveTasks,
    entries: MonitorEntries,
  ) {
    this.#entries = entries;
    this.#context = context;
    this.#state = state;
    this.#leadership = leadership;
    this.#tasks = tasks;
  }

  /** The verdict of the last look, as leader. */
  get verdict(): Verdict | undefined {
    return this.#leadership.held ? this.#verdict : undefined;
  }

  leadChanged(): void {
    this.#follows.clear();
    this.#verdict = undefined;
    this.#proposedMs = -Infinity;
  }

  close(): void {
    this.#closed.abort();
  }

  sweep(): void {
    const { term } = this.#leadership;
    const nowMs = this.#logMs();
    const { view } = this.#state;
    if (term === undefined || nowMs === undefined || readLevel(view) < MONITOR_LEVEL) return;
    this.#lookAtFollowers();
    const { self, clock, outbox } = this.#context;
    const { record } = readMonitor(view);
    const last = record.switches.at(-1);
    const isOwn = last?.outcome === 'open' && last.term === term && last.from === self.id;
    if (isOwn && last.atMs !== this.#carriedOut) {
      this.#carriedOut = last.atMs;
      void this.#handOver(nodeId(last.to));
    }
    const question = {
      record: at(record, term, nowMs),
      voters: outbox.voters(),
      leader: self.id,
      term,
      nowMs,
      local: {
        isBusy: () => this.#isSharing(),
        follows: (voter: string) => (this.#follows.get(nodeId(voter)) ?? 0) >= FOLLOWS_LOOKS,
      },
    };
    const verdict = decide(question);
    this.#verdict = verdict;
    const now = clock.elapsed();
    if (verdict.kind !== 'switch' || now - this.#proposedMs < SWITCH_REPEAT_MS) return;
    if (this.#entries.areUnderWay || !isLasting(question, verdict.to)) return;
    const value = { fromNodeId: self.id, toNodeId: verdict.to };
    if (this.#entries.propose({ $case: 'leaderSwitch', value })) this.#proposedMs = now;
  }

  #lookAtFollowers(): void {
    const { consensus, outbox } = this.#context;
    for (const voter of outbox.voters()) {
      const isHeard = (consensus.heardAgoMs(voter) ?? 0) < UNHEARD_MS;
      const lag = consensus.lagOf(voter);
      const isClose = isHeard && lag !== undefined && lag <= FOLLOWS_LAG_MAX;
      this.#follows.set(voter, isClose ? (this.#follows.get(voter) ?? 0) + 1 : 0);
    }
  }

  /** Claims that keys are being made or shared anew. What has gone on for too long keeps no leader. */
  #isSharing(): boolean {
    const { kinds } = this.#context.judging;
    const timeMs = this.#context.consensus.nextTimeMs() ?? 0;
    for (const { kind, attempts, record } of this.#tasks.all()) {
      const rules = kinds[kind];
      const isSharing = rules?.sharing !== undefined || rules?.preparation !== undefined;
      const ageMs = timeMs - Number(record.createTimeMs);
      if (isSharing && attempts.length > 0 && ageMs < SHARING_AGE_MS_MAX) return true;
    }
    return false;
  }

  /** The log's time now. */
  #logMs(): Millis | undefined {
    const timeMs = this.#context.consensus.nextTimeMs();
    return timeMs === undefined ? undefined : timeMs + this.#state.queries.correctionMs();
  }

  /** Never rejects. */
  async #handOver(to: NodeId): Promise<void> {
    const { clock, consensus, logger } = this.#context;
    logger.info('Hands leadership to a voter that does better', { to });
    const late = new AbortController();
    const timer = clock.after(SWITCH_WAIT_MS, () => late.abort());
    try {
      const signal = AbortSignal.any([late.signal, this.#closed.signal]);
      const result = await consensus.transferLeadership(to, signal);
      if (typeof result === 'object') return;
      logger.warn('Leadership did not go to a voter that does better', { to, because: result });
    } catch {
      logger.warn('Leadership did not go to a voter that does better', { to, because: 'too-slow' });
    } finally {
      timer.cancel();
    }
  }
}

/** Claims that a switch is still permitted when its entry comes to be applied. */
function isLasting(question: Question, to: string): boolean {
  const later = decide({ ...question, nowMs: question.nowMs + SWITCH_MARGIN_MS });
  return later.kind === 'switch' && later.to === to;
}
