import type { NodeId } from '../../common/index.js';
import { at, decide, scores } from '../../monitor/index.js';
import type { LeaderRecord, Mute, Score, Switch, Verdict } from '../../monitor/index.js';
import type { Random } from '../../ports/index.js';
import { readMonitor } from '../../state/index.js';
import type { Observation } from '../../wire/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { LiveTasks } from '../live-tasks.js';
import type { Work } from '../work.js';
import { EndedTasks } from './ended-tasks.js';
import { LeaderSwitching } from './leader-switching.js';
import { Loads } from './loads.js';
import { MonitorEntries } from './monitor-entries.js';
import { ObservationIntake } from './observation-intake.js';
import { Observer } from './observer.js';
import { ParticipantChoice } from './participant-choice.js';
import { ProbeAnswers } from './probe-answers.js';

/** How much a node does of the monitor: all of it; everything but handing leadership over; or nothing. */
export const MONITOR_MODES = ['on', 'observe', 'off'] as const;
export type MonitorMode = (typeof MONITOR_MODES)[number];

/** The scores of the voters and the verdict on the leader, as one node knows them. */
export type MonitorStatus = {
  readonly mode: MonitorMode;
  readonly scores: readonly Score[];
  /** Whether the leader is to be replaced; at the leader with what it sees for itself. `undefined` without a leader. */
  readonly verdict: Verdict | undefined;
  /** Those that are remembered, the oldest first. */
  readonly switches: readonly Switch[];
  readonly mutes: readonly Mute[];
  /** How tasks ended under each leader, since this node started. */
  readonly leaders: readonly LeaderRecord[];
};

export type MonitorParts = {
  readonly state: AppliedState;
  readonly leadership: Leadership;
  readonly tasks: LiveTasks;
  readonly random: Random;
};

/** The parts of a monitor that is not off, in the order in which the reconciler drives them. */
type Own = {
  readonly loads: Loads;
  readonly ended: EndedTasks;
  readonly entries: MonitorEntries;
  readonly intake: ObservationIntake;
  readonly answers: ProbeAnswers;
  readonly observer: Observer;
  readonly switching: LeaderSwitching | undefined;
};

/** The performance monitor of one node: its parts, and what it knows. */
export class Monitor {
  readonly #context: TaskContext;
  readonly #parts: MonitorParts;
  readonly #mode: MonitorMode;
  /** Absent where it is off. */
  readonly #own: Own | undefined;
  /** Of participants; absent where they take turns. */
  readonly choice: ParticipantChoice | undefined;

  constructor(context: TaskContext, parts: MonitorParts, mode: MonitorMode) {
    this.#context = context;
    this.#parts = parts;
    this.#mode = mode;
    if (mode === 'off') return;
    const { state, leadership, tasks, random } = parts;
    const { view, queries } = state;
    const entries = new MonitorEntries(context, view);
    const loads = new Loads();
    this.#own = {
      loads,
      ended: new EndedTasks(context.consensus, queries),
      entries,
      intake: new ObservationIntake(context, view, leadership, entries),
      answers: new ProbeAnswers(context),
      observer: new Observer(context, view, leadership, random),
      switching:
        mode === 'on' ? new LeaderSwitching(context, state, leadership, tasks, entries) : undefined,
    };
    this.choice = new ParticipantChoice(context, view, loads, random);
  }

  /** For the reconciler. */
  get works(): readonly Work[] {
    return Object.values(this.#own ?? {}).filter((work) => work !== undefined);
  }

  get status(): MonitorStatus {
    const { record } = readMonitor(this.#parts.state.view);
    const { consensus, outbox } = this.#context;
    const { leader, term } = consensus.status();
    const voters = outbox.voters();
    const timeMs = consensus.nextTimeMs();
    const newestMs = Math.max(record.sinceMs, ...record.observations.map((one) => one.appliedMs));
    // Only a leader knows the log's time; what the others say is of the newest that they have heard.
    const nowMs =
      timeMs === undefined ? newestMs : timeMs + this.#parts.state.queries.correctionMs();
    const question = { record: at(record, term, nowMs), voters, term, nowMs };
    const judged = leader === undefined ? undefined : decide({ ...question, leader });
    return {
      mode: this.#mode,
      scores: scores(voters, record.observations, nowMs),
      verdict: this.#own?.switching?.verdict ?? judged,
      switches: question.record.switches,
      mutes: record.mutes.filter(({ untilMs }) => untilMs > nowMs),
      leaders: this.#own?.ended.all() ?? [],
    };
  }

  probed(from: NodeId, nonce: Uint8Array): void {
    this.#own?.answers.take(from, nonce);
  }

  answered(from: NodeId, nonce: Uint8Array): void {
    this.#own?.observer.answered(from, nonce);
  }

  observed(from: NodeId, observation: Observation): void {
    this.#own?.intake.take(from, observation);
  }
}
