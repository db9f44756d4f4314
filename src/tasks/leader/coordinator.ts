import type { Budgets, Millis, NodeId, PartyIndex, TaskId } from '../../common/index.js';
import { nodeId } from '../../common/index.js';
import { verifiedBody } from '../../mpc/index.js';
import { encodeCommand, EVIDENCE_BYTES_MAX, EVIDENCE_ITEMS_MAX } from '../../state/index.js';
import type { Queries } from '../../state/index.js';
import { decode, Declined } from '../../wire/index.js';
import type { Command, Envelope } from '../../wire/index.js';
import { wasCancelled } from '../arithmetic.js';
import type { Culprits } from '../blame/culprits.js';
import type { TaskContext } from '../context.js';
import type { Combined, Combining, DeclineMeaning, LeaderDriver } from '../kinds/driver.js';
import type { Leadership } from '../leadership.js';
import { WANT_WAIT_MS } from '../limits.js';
import type { LiveAttempt, LiveTask, LiveTasks } from '../live-tasks.js';
import type { ShareBox } from '../voter/share-box.js';
import type { Work } from '../work.js';
import { missingFrom } from './missing.js';
import { attempted, declined, leaveOut, newPlan, nextStep } from './plan.js';
import type { Plan } from './plan.js';

/** The context of the coordinator. */
export type CoordinatorParts = {
  readonly leadership: Leadership;
  readonly queries: Queries;
  readonly tasks: LiveTasks;
  readonly shares: ShareBox;
  readonly culprits: Culprits;
  /** `SIGNATURES_CHECKED`, by node. */
  readonly checking: Budgets;
  /** By the kind of task. */
  readonly drivers: ReadonlyMap<string, LeaderDriver>;
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

  constructor(context: TaskContext, parts: CoordinatorParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** This node took up the lead, laid it down, or leads in another term. A new leader finds its work in the state. */
  leadChanged(): void {
    this.#plans.clear();
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
    const attemptedMs = plan?.attemptedMs[attempt.number - 1];
    if (attemptedMs !== undefined) {
      const tookMs = this.#context.clock.elapsed() - attemptedMs;
      this.#driverOf(attempt.task)?.combining?.onTook?.(from, tookMs);
    }
    this.#combine(attempt);
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
    const participant = attempt.task.participants[envelope.from - 1];
    const body =
      participant?.nodeId === from
        ? verifiedBody(judging.verify, participant.identityKey, envelope)
        : undefined;
    const said = body === undefined ? undefined : decode(Declined, body);
    if (said === undefined) return;
    plan.heard.add(name);
    logger.info('declined', { session: attempt.session, peer: from, reason: said.reason });
    const meaning = this.#driverOf(attempt.task)?.onDeclined?.(attempt, said) ?? {};
    if (meaning instanceof Promise)
      void meaning.then((found) => this.#meant(plan, from, said.reason, found));
    else this.#meant(plan, from, said.reason, meaning);
  }

  #meant(plan: Plan, from: NodeId, reason: string, { blamed, hopeless }: DeclineMeaning): void {
    const now = this.#context.clock.elapsed();
    plan.hopeless ??= hopeless;
    if (blamed === undefined) declined(plan, from, reason, now);
    else leaveOut(plan, blamed, now);
  }

  /** A participant of the task is proved to have lied. */
  proved(task: LiveTask, node: NodeId): void {
    const plan = this.#plans.get(task.id);
    const driver = this.#driverOf(task);
    if (!this.#parts.leadership.held || plan === undefined || driver === undefined) return;
    if (driver.replacesParticipants) leaveOut(plan, node, this.#context.clock.elapsed());
    else plan.hopeless ??= 'CULPRIT_PROVED';
  }

  /** Has contributions combined when the attempt has all of them. */
  #combine(attempt: LiveAttempt): void {
    const plan = this.#planOf(attempt);
    const combining = this.#driverOf(attempt.task)?.combining;
    if (plan === undefined || combining === undefined || plan.proposed) return;
    if (plan.combining.has(attempt.session)) return;
    const bodies = this.#verified(attempt);
    if (bodies.size < attempt.nodes.length) return;
    plan.combining.add(attempt.session);
    void this.#finish(attempt, plan, combining, bodies);
  }

  /** Meanwhile the lead may be laid down, or the task be closed. */
  async #finish(
    attempt: LiveAttempt,
    plan: Plan,
    combining: Combining,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<void> {
    const { session, task, number } = attempt;
    const combined = await this.#combined(attempt, combining, bodies);
    plan.combining.delete(session);
    if (combined === undefined || this.#plans.get(task.id) !== plan || plan.proposed) return;
    if ('material' in combined) {
      const { material } = combined;
      const value = { taskId: task.id, attempt: number, material };
      return this.#propose(plan, { $case: 'done', value });
    }
    for (const index of combined.wrong) {
      combining.onWrong?.(attempt, index, this.#parts.shares.of(session).get(index));
      this.#parts.shares.refuse(session, index);
      const node = task.participants[index - 1]?.nodeId ?? '';
      leaveOut(plan, nodeId(node), this.#context.clock.elapsed());
    }
    if (combined.wrong.length === 0) plan.hopeless = 'RESULT_INVALID';
  }

  async #combined(
    attempt: LiveAttempt,
    combining: Combining,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined | undefined> {
    try {
      return await combining.combine(attempt, bodies);
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'error';
      const facts = { session: attempt.session, error: String(error) };
      this.#context.logger[level]('contributions were not combined', facts);
      return undefined;
    }
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
    for (const attempt of task.attempts) this.#combine(attempt);
    return plan;
  }

  /** A node that evidence names takes part only where the others are too few. */
  #newPlan(task: LiveTask, driver: LeaderDriver, now: Millis): Plan {
    const { culprits } = this.#parts;
    const plan = newPlan(task.attempts.length, driver.firstDelayMs(task), now);
    for (const { nodeId: each } of task.participants) {
      if (culprits.has(nodeId(each))) plan.leftOut.add(nodeId(each));
    }
    // The evidence may have come before this node led.
    if (!driver.replacesParticipants && culprits.evidence(task.id).length > 0) {
      plan.hopeless = 'CULPRIT_PROVED';
    }
    return plan;
  }

  #times(): Times {
    const { clock, consensus } = this.#context;
    // By the time that a majority's clocks have reached: this node's own, if it is fast, would fail what others can sign.
    const reachedMs = consensus.nextTimeMs() ?? Number(this.#parts.queries.totals().timeMs);
    return { now: clock.elapsed(), reachedMs };
  }

  /** @param dry - Keys of which there are too few supplies for a first attempt. */
  #step(task: LiveTask, plan: Plan, { now, reachedMs }: Times, dry = new Set<string>()): void {
    const step = nextStep(plan, now, reachedMs >= task.expireTimeMs);
    switch (step.kind) {
      case 'wait':
        return;
      case 'attempt':
        if (!this.#isUnderWay(task, plan, now)) this.#open(task, plan, now, dry);
        return;
      case 'fail':
        this.#propose(plan, {
          $case: 'failed',
          value: { taskId: task.id, reason: step.reason, evidence: this.#evidence(task.id) },
        });
    }
  }

  /** Claims that the newest attempt of a task is worth a longer wait, though its time is over: nobody is silent. */
  #isUnderWay(task: LiveTask, plan: Plan, now: Millis): boolean {
    const attempt = task.attempts.at(-1);
    if (attempt === undefined || plan.hurried) return false;
    if (plan.combining.has(attempt.session)) return true;
    const ageMs = now - (plan.attemptedMs.at(-1) ?? now);
    const missing = missingFrom(this.#parts.shares, attempt);
    return this.#driverOf(task)?.combining?.isUnderWay?.(missing, ageMs) ?? false;
  }

  #open(task: LiveTask, plan: Plan, now: Millis, dry: Set<string>): void {
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
    let bytes = 0;
    const fitting = this.#parts.culprits.evidence(task).filter(({ length }) => {
      const fits = bytes + length <= EVIDENCE_BYTES_MAX;
      if (fits) bytes += length;
      return fits;
    });
    return fitting.slice(0, EVIDENCE_ITEMS_MAX);
  }

  /** Nodes that were asked for a contribution and have not sent it. */
  #overdue({ attempts }: LiveTask): ReadonlySet<NodeId> {
    return new Set(attempts.flatMap((attempt) => missingFrom(this.#parts.shares, attempt)));
  }

  /** The contributions whose envelopes their participants signed; others are dropped, and blame no node. */
  #verified({ session, nodes, task }: LiveAttempt): ReadonlyMap<PartyIndex, Uint8Array> {
    const { verify } = this.#context.judging;
    const { shares } = this.#parts;
    const verified = new Map<PartyIndex, Uint8Array>();
    const came = shares.of(session);
    if (came.size < nodes.length) return verified;
    for (const [index, envelope] of came) {
      const identityKey = task.participants[index - 1]?.identityKey;
      const body = identityKey && verifiedBody(verify, identityKey, envelope);
      if (body === undefined) shares.drop(session, index);
      else verified.set(index, body);
    }
    return verified;
  }
}

function isNewest({ session, task }: LiveAttempt): boolean {
  return task.attempts.at(-1)?.session === session;
}
