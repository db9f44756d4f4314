import { compareText } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { OBSERVATIONS_EVERY_MS, OBSERVATIONS_WAIT_MS } from '../../monitor/index.js';
import { isAdmissible } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { Observation } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { Work } from '../work.js';
import type { MonitorEntries } from './monitor-entries.js';

/** The observations of voters, on their way into the log, at the leader: together, and at a bounded pace. */
export class ObservationIntake implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus' | 'judging' | 'outbox'>;
  readonly #view: View;
  readonly #leadership: Leadership;
  readonly #entries: MonitorEntries;
  readonly #waiting = new Map<NodeId, Observation>();
  #waitingSinceMs: Millis = 0;
  #proposedMs = -Infinity;

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus' | 'judging' | 'outbox'>,
    view: View,
    leadership: Leadership,
    entries: MonitorEntries,
  ) {
    this.#entries = entries;
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
  }

  take(from: NodeId, observation: Observation): void {
    const { clock, consensus, judging } = this.#context;
    const timeMs = consensus.nextTimeMs();
    if (!this.#leadership.held || timeMs === undefined || observation.nodeId !== from) return;
    if (!isAdmissible(this.#view, observation, timeMs, judging)) return;
    if (this.#waiting.size === 0) this.#waitingSinceMs = clock.elapsed();
    this.#waiting.set(from, observation);
  }

  leadChanged(): void {
    this.#waiting.clear();
    this.#proposedMs = -Infinity;
  }

  sweep(): void {
    const { clock, outbox } = this.#context;
    if (!this.#leadership.held || this.#waiting.size === 0) return;
    const now = clock.elapsed();
    const isComplete = this.#waiting.size >= outbox.voters().length;
    const isLate = now - this.#waitingSinceMs >= OBSERVATIONS_WAIT_MS;
    if (!(isComplete || isLate) || now - this.#proposedMs < OBSERVATIONS_EVERY_MS) return;
    const observations = [...this.#waiting.values()].toSorted((a, b) =>
      compareText(a.nodeId, b.nodeId),
    );
    if (!this.#entries.propose({ $case: 'observations', value: { observations } })) return;
    this.#proposedMs = now;
    this.#waiting.clear();
  }
}
