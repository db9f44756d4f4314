import type { Budgets, Millis, NodeId, PartyIndex, TaskId } from '../../common/index.js';
import { nodeId } from '../../common/index.js';
import { verifiedBody } from '../../mpc/index.js';
import {
  encodeCommand,
  EVIDENCE_ITEMS_MAX,
  evidenceBytesMax,
  readLevel,
} from '../../state/index.js';
import type { Span } from '../../ports/index.js';
import type { Queries, View } from '../../state/index.js';
import { decode, Declined, RESULT_LEVEL } from '../../wire/index.js';
import type { Command, Envelope } from '../../wire/index.js';
import type { Culprits } from '../blame/culprits.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import type { Combining, DeclineMeaning, LeaderDriver } from '../kinds/driver.js';
import type { Leadership } from '../leadership.js';
import { RESULT_WAIT_MS, RESULT_WAIT_MS_MAX, RESULT_WAIT_MS_MIN, WANT_WAIT_MS } from '../limits.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../live-tasks.js';
import type { Results } from '../voter/results.js';
import type { ShareBox } from '../voter/share-box.js';
import type { Work } from '../work.js';
import type { Bringers } from './bringers.js';
import { LatestTimes } from './latest-times.js';
import { missingFrom } from './missing.js';
import type { Outcomes } from './outcomes.js';
import { attempted, declined, hurry, keyIsOf, leaveOut, newPlan, nextStep } from './plan.js';
import type { Plan } from './plan.js';

/** The context of the coordinator. */
export type CoordinatorParts = {
  readonly leadership: Leadership;
  readonly queries: Queries;
  readonly tasks: LiveTasks;
  readonly view: View;
  readonly connections: Connections;
  readonly shares: ShareBox;
  readonly results: Results;
  readonly bringers: Bringers;
  readonly outcomes: Outcomes;
  readonly culprits: Culprits;
  /** `SIGNATURES_CHECKED`, by node. */
  readonly checking: Budgets;
  /** By the kind of task. */
  readonly drivers: ReadonlyMap<string, LeaderDriver>;
  readonly combining: ReadonlyMap<string, Combining>;
};

/** The clock that does not jump, and the cluster's, as they are in one look at all tasks. */
type Times = { readonly now: Millis; readonly reachedMs: Millis };

/**
 * The leader's part in live tasks of any kind: opens attempts, has contributions combined, proposes outcomes. It holds
 * no authority: every participant checks each entry for itself, and a result that does not verify is never an answer.
 */
export class Coordinator implements Work {
  readonly #context: TaskContext;
  readonly #parts: CoordinatorParts;
  readonly #plans = new Map<TaskId, Plan>();
  readonly #spans = new Map<TaskId, Span>();
  /** From the last contribution to a result from the node whose client waits. */
  readonly #resultTimes = new LatestTimes({
    unknownMs: RESULT_WAIT_MS,
    minMs: RESULT_WAIT_MS_MIN,
    maxMs: RESULT_WAIT_MS_MAX,
  });

  constructor(context: TaskContext, parts: CoordinatorParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** This node took up the lead, laid it down, or leads in another term. A new leader finds its work in the state. */
  leadChanged(): void {
    this.#plans.clear();
    for (const span of this.#spans.values()) span.end({ lead: 'changed' });
    this.#spans.clear();
    const { leadership, tasks } = this.#parts;
    if (!leadership.held) return;
    // Tasks changed by the entry that made this node a leader are looked at next: until then nothing is opened.
    for (const task of tasks.all()) this.#plan(task);
  }

  /** Looks at a live task: an attempt of it may be due at once, or complete already. */
  taskOpen(task: LiveTask): void {
    if (!this.#parts.leadership.held) return;
    const plan = this.#plan(task);
    if (plan !== undefined) this.#step(task, plan, this.#times());
  }

  taskClosed(task: TaskId): void {
    this.#spans.get(task)?.end({ attempts: this.#plans.get(task)?.attempts ?? 0 });
    this.#spans.delete(task);
    this.#plans.delete(task);
  }

  /** Opens attempts that are due, and ends tasks that cannot succeed. */
  tick(): void {
    const { leadership, tasks } = this.#parts;
    if (!leadership.held) return;
    const times = this.#times();
    const dry = new Set<string>();
    for (const [id, plan] of this.#plans) {
      const task = tasks.get(id);
      if (task !== undefined) this.#step(task, plan, times, dry);
    }
  }

  /** A contribution has come that is news. */
  contributed(from: NodeId, attempt: LiveAttempt): void {
    const plan = this.#planOf(attempt);
    if (plan === undefined) return;
    const now = this.#context.clock.elapsed();
    const name = `${attempt.session}/${from}`;
    // A contribution that lacks its node’s signature is dropped, and comes again and again.
    if (!plan.contributed.has(name)) {
      plan.contributed.add(name);
      const tookMs = now - (plan.attemptedMs[attempt.number - 1] ?? now);
      this.#driverOf(attempt.task)?.onTook?.(from, tookMs, attempt);
    }
    this.#combine(attempt, plan, now);
  }

  /** An attempt has come to a result, or its contributions or a claim of its result turned out wrong. */
  news(attempt: LiveAttempt): void {
    const plan = this.#planOf(attempt);
    if (plan === undefined || plan.proposed) return;
    const { results } = this.#parts;
    const now = this.#context.clock.elapsed();
    const left = plan.left.get(attempt.session);
    if (results.of(attempt.task.id) !== undefined) {
      if (left !== undefined && now < left.untilMs) this.#resultTimes.came(now - left.sinceMs);
      return this.#record(attempt.task, plan);
    }
    const standing = results.standing(attempt);
    if (typeof standing === 'object') return this.#wrong(attempt, plan, standing.wrong);
    // A result that a node has told does not verify: no node is waited for any longer.
    plan.left.set(attempt.session, { sinceMs: now, untilMs: now });
    this.#combine(attempt, plan, now);
  }

  /** Takes a participant's word that it does not contribute. */
  declined(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void {
    const plan = this.#planOf(attempt);
    if (plan === undefined || !isNewest(attempt) || !attempt.nodes.includes(from)) return;
    const name = `${attempt.session}/${from}`;
    if (plan.heard.has(name)) return;
    const { self, clock, logger, judging } = this.#context;
    // A refusal that its node did not sign is looked at again each time that it comes.
    if (from !== self.id && !this.#parts.checking.take(from, 1, clock.elapsed())) return;
    const participant = attempt.participants[envelope.from - 1];
    const body =
      participant?.nodeId === from
        ? verifiedBody(judging.verify, participant.identityKey, envelope)
        : undefined;
    const said = body === undefined ? undefined : decode(Declined, body);
    if (said === undefined) return;
    plan.heard.add(name);
    const { session, task } = attempt;
    logger.info('declined', { session, task: task.id, peer: from, reason: said.reason });
    const meaning = this.#driverOf(attempt.task)?.onDeclined?.(attempt, said, from) ?? {};
    if (meaning instanceof Promise)
      void meaning.then((found) => this.#meant(plan, from, said.reason, found));
    else this.#meant(plan, from, said.reason, meaning);
  }

  #meant(
    plan: Plan,
    from: NodeId,
    reason: string,
    { blamed, excused, hopeless }: DeclineMeaning,
  ): void {
    const now = this.#context.clock.elapsed();
    plan.hopeless ??= hopeless;
    if (excused === true) hurry(plan, now);
    else if (blamed === undefined) declined(plan, from, reason, now);
    else leaveOut(plan, blamed, now);
  }

  /** A participant of the task is proved to have lied. */
  proved(task: LiveTask, node: NodeId): void {
    const plan = this.#plans.get(task.id);
    const driver = this.#driverOf(task);
    if (!this.#parts.leadership.held || plan === undefined || driver === undefined) return;
    if (driver.canReplace(task, node)) leaveOut(plan, node, this.#context.clock.elapsed());
    else giveUp(plan);
  }

  /**
   * Has contributions combined when the attempt has all of them, here or on the node whose client waits. That node does so in
   * any case: for a short while this one leaves it to it.
   */
  #combine(attempt: LiveAttempt, plan: Plan, now: Millis, mayLeave = true): void {
    const { results } = this.#parts;
    if (plan.proposed) return;
    if (results.of(attempt.task.id) !== undefined) return this.#record(attempt.task, plan);
    const standing = results.standing(attempt);
    if (typeof standing === 'object') return this.#wrong(attempt, plan, standing.wrong);
    if (standing !== 'complete') return;
    if (mayLeave && this.#isLeft(attempt, plan, now)) return;
    results.addUp(attempt);
  }

  /** Claims that the node whose client waits is to add up this attempt, and has time for it. */
  #isLeft({ session, task }: LiveAttempt, plan: Plan, now: Millis): boolean {
    if (!this.#isEarly(task)) return false;
    const { bringers, connections } = this.#parts;
    const bringer = bringers.of(task.id);
    if (bringer === undefined || bringer === this.#context.self.id) return false;
    if (!connections.has(bringer)) return false;
    const left = plan.left.get(session) ?? {
      sinceMs: now,
      untilMs: now + this.#resultTimes.waitMs(),
    };
    plan.left.set(session, left);
    return now < left.untilMs;
  }

  /** Claims that no client waits for the outcome of such a task to be recorded. */
  #isEarly({ kind }: LiveTask): boolean {
    const { combining, view } = this.#parts;
    return combining.get(kind)?.checkClaims !== undefined && readLevel(view) >= RESULT_LEVEL;
  }

  /** Brings the result of a task into the log. */
  #record(task: LiveTask, plan: Plan): void {
    const held = this.#parts.results.of(task.id);
    if (held === undefined || plan.proposed) return;
    const { attempt, material } = held;
    const value = { taskId: task.id, attempt, material };
    plan.proposed = true;
    this.#parts.outcomes.add(task.id, encodeCommand({ $case: 'done', value }));
    if (!this.#isEarly(task)) this.#parts.outcomes.append();
  }

  /** A contribution that its participant did not sign counts as absent, and blames no node. */
  #wrong(attempt: LiveAttempt, plan: Plan, wrong: readonly PartyIndex[]): void {
    const { session, task } = attempt;
    const { shares, results } = this.#parts;
    if (!this.#dropUnsigned(attempt)) return results.renewed(session);
    const came = shares.of(session);
    const blamed = wrong.flatMap((index) => {
      const envelope = came.get(index);
      return envelope === undefined ? [] : [[index, envelope] as const];
    });
    const isNews = wrong.length > 0 || plan.hopeless === undefined;
    if (isNews) this.#driverOf(task)?.onWrong?.(attempt, blamed);
    for (const [index] of blamed) {
      shares.refuse(session, index);
      const node = attempt.participants[index - 1]?.nodeId ?? '';
      leaveOut(plan, nodeId(node), this.#context.clock.elapsed());
    }
    if (wrong.length > 0) return results.renewed(session);
    if (this.#driverOf(task)?.isOver?.(attempt) === false)
      hurry(plan, this.#context.clock.elapsed());
    else plan.hopeless ??= 'RESULT_INVALID';
  }

  /** The plan of an attempt's task, where this node leads. */
  #planOf({ task }: LiveAttempt): Plan | undefined {
    return this.#parts.leadership.held ? this.#plans.get(task.id) : undefined;
  }

  #driverOf({ kind }: LiveTask): LeaderDriver | undefined {
    return this.#parts.drivers.get(kind);
  }

  #plan(task: LiveTask): Plan | undefined {
    const driver = this.#driverOf(task);
    if (driver === undefined) return undefined;
    const now = this.#context.clock.elapsed();
    const plan = this.#plans.get(task.id) ?? this.#newPlan(task, driver, now);
    this.#plans.set(task.id, plan);
    attempted(plan, task.attempts.length, now);
    keyIsOf(plan, task.key?.version);
    for (const attempt of task.attempts) this.#combine(attempt, plan, now);
    return plan;
  }

  /** A node that evidence names takes part only where the others are too few. */
  #newPlan(task: LiveTask, driver: LeaderDriver, now: Millis): Plan {
    const { culprits } = this.#parts;
    const span = this.#context.tracer?.begin(task.id, 'lead', { kind: task.kind });
    if (span !== undefined) this.#spans.set(task.id, span);
    const plan = newPlan(task.attempts.length, driver.firstDelayMs(task), now);
    for (const each of task.participants) {
      const node = nodeId(each.nodeId);
      if (culprits.has(node)) plan.leftOut.add(node);
    }
    // The evidence may have come before this node led.
    if (this.#needsCulprit(task)) giveUp(plan);
    return plan;
  }

  /** Claims that the task cannot do without a node that is proved to have lied in it. */
  #needsCulprit(task: LiveTask): boolean {
    const { culprits } = this.#parts;
    return task.participants.some((each) => {
      const node = nodeId(each.nodeId);
      return culprits.provedIn(task.id, node) && !this.#driverOf(task)?.canReplace(task, node);
    });
  }

  #times(): Times {
    const { clock, consensus } = this.#context;
    // By the time that a majority's clocks have reached: this node's own, if it is fast, would fail what others can sign.
    const reachedMs = consensus.nextTimeMs() ?? Number(this.#parts.queries.totals().timeMs);
    return { now: clock.elapsed(), reachedMs };
  }

  /** @param dry - Keys of which there are too few supplies for a first attempt. */
  #step(task: LiveTask, plan: Plan, { now, reachedMs }: Times, dry = new Set<string>()): void {
    if (plan.left.size > 0) {
      for (const attempt of task.attempts) this.#combine(attempt, plan, now);
    }
    const step = nextStep(plan, now, reachedMs >= task.expireTimeMs);
    if (step.kind === 'wait' || this.#mayHaveResult(task, plan, now)) return;
    switch (step.kind) {
      case 'attempt':
        if (!this.#isUnderWay(task, plan, now)) this.#open(task, plan, now, dry);
        return;
      case 'fail':
        this.#context.logger.debug('gives a task up', { task: task.id, reason: step.reason });
        this.#propose(plan, {
          $case: 'failed',
          value: { taskId: task.id, reason: step.reason, evidence: this.#evidence(task.id) },
        });
    }
  }

  /** Complete contributions may be a result: before that is known no attempt is opened, and the task is not given up. */
  #mayHaveResult(task: LiveTask, plan: Plan, now: Millis): boolean {
    const { results } = this.#parts;
    if (results.of(task.id) !== undefined) {
      this.#record(task, plan);
      return true;
    }
    for (const attempt of task.attempts) {
      const { session } = attempt;
      if (results.standing(attempt) !== 'complete' || plan.lastTried.has(session)) continue;
      plan.lastTried.add(session);
      this.#combine(attempt, plan, now, false);
    }
    return task.attempts.some((each) => results.standing(each) === 'under-way');
  }

  /** Claims that the newest attempt of a task is worth a longer wait, though its time is over: nobody is silent. */
  #isUnderWay(task: LiveTask, plan: Plan, now: Millis): boolean {
    const attempt = task.attempts.at(-1);
    if (attempt === undefined || plan.hurried) return false;
    const ageMs = now - (plan.attemptedMs.at(-1) ?? now);
    const missing = missingFrom(this.#parts.shares, attempt);
    return this.#driverOf(task)?.isUnderWay?.(missing, ageMs, attempt) ?? false;
  }

  #open(task: LiveTask, plan: Plan, now: Millis, dry: Set<string>): void {
    if (this.#needsCulprit(task)) giveUp(plan);
    if (plan.hopeless !== undefined) return;
    const short = plan.emptySinceMs !== undefined && now - plan.emptySinceMs >= WANT_WAIT_MS;
    const due = { plan, short, overdue: () => this.#overdue(task) };
    // All first attempts have the same candidates: while one of them gets no supplies, the others need not look for some.
    const isFirst = plan.attempts === 0 && plan.leftOut.size === 0;
    const key = task.key?.keyId ?? task.id;
    const attempt =
      isFirst && dry.has(key)
        ? undefined
        : this.#driverOf(task)?.nextAttempt(task, plan.attempts + 1, due);
    if (attempt !== undefined) return this.#propose(plan, { $case: 'attempt', value: attempt });
    plan.emptySinceMs ??= now;
    if (isFirst) dry.add(key);
  }

  #propose(plan: Plan, command: NonNullable<Command['command']>): void {
    const { consensus } = this.#context;
    plan.proposed = consensus.propose(encodeCommand(command)) === 'proposed';
  }

  /** As much as an entry takes. */
  #evidence(task: TaskId): Uint8Array[] {
    const bytesMax = evidenceBytesMax(this.#parts.view);
    let bytes = 0;
    const fitting = this.#parts.culprits.evidence(task).filter(({ length }) => {
      const fits = bytes + length <= bytesMax;
      if (fits) bytes += length;
      return fits;
    });
    return fitting.slice(0, EVIDENCE_ITEMS_MAX);
  }

  /** Nodes that were asked for a contribution and have not sent it. */
  #overdue({ attempts }: LiveTask): ReadonlySet<NodeId> {
    return new Set(attempts.flatMap((attempt) => missingFrom(this.#parts.shares, attempt)));
  }

  /** Drops contributions whose envelopes their participants did not sign. @returns Whether there was none. */
  #dropUnsigned({ session, task, participants }: LiveAttempt): boolean {
    const { verify } = this.#context.judging;
    const { shares } = this.#parts;
    let isSigned = true;
    for (const [index, envelope] of shares.of(session)) {
      const participant = participants[index - 1];
      const body = participant && verifiedBody(verify, participant.identityKey, envelope);
      if (body !== undefined) continue;
      shares.drop(session, index);
      if (participant) this.#driverOf(task)?.onUnsigned?.(nodeId(participant.nodeId));
      isSigned = false;
    }
    return isSigned;
  }
}

function isNewest({ session, task }: LiveAttempt): boolean {
  return task.attempts.at(-1)?.session === session;
}

/** No attempt can do without a proved culprit. */
function giveUp(plan: Plan): void {
  plan.hopeless ??= 'CULPRIT_PROVED';
}
