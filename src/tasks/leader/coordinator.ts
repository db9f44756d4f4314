import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { nodeId } from '../../common/index.js';
import { aggregateJob, publicOf } from '../../frost/index.js';
import type { AggregateInput } from '../../frost/index.js';
import { verifiedBody } from '../../mpc/index.js';
import {
  EVIDENCE_BYTES_MAX,
  EVIDENCE_ITEMS_MAX,
  participantsOf,
  signOf,
  slotsOf,
  encodeCommand,
} from '../../state/index.js';
import type { Queries } from '../../state/index.js';
import { Command, decode, Declined, SignatureShare } from '../../wire/index.js';
import type { Envelope, KeyParticipant } from '../../wire/index.js';
import type { Assigner } from './assigner.js';
import type { Accusing } from '../blame/accusing.js';
import type { Culprits } from '../blame/culprits.js';
import { WANT_WAIT_MS } from '../limits.js';
import type { OpenSession, OpenTask, OpenTasks } from '../open-tasks.js';
import {
  attempted,
  candidates,
  declined,
  generateDelay,
  leaveOut,
  newPlan,
  nextStep,
} from './plan.js';
import type { Plan } from './plan.js';
import type { ShareBox } from '../voter/share-box.js';
import { ShareTimes } from './share-times.js';
import { commitmentsOf, decodes } from '../sharing.js';
import { wasCancelled } from '../arithmetic.js';
import { indexOf } from '../party-index.js';
import type { Arithmetic } from '../arithmetic.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { Work } from '../work.js';

/** Refusals of a generate-key after which no further attempt can help. */
const HOPELESS: Readonly<Record<string, string>> = {
  'pending-full': 'PENDING_FULL',
  unsupported: 'ALGORITHM_UNSUPPORTED',
};

const NO_SHARE = new Uint8Array(0);

/** What the coordinator works with. */
export type CoordinatorParts = {
  readonly tasks: OpenTasks;
  readonly shares: ShareBox;
  readonly assigner: Assigner;
  readonly culprits: Culprits;
  readonly accusing: Accusing;
  readonly connections: Connections;
};

/**
 * What a leader does about open tasks: opens attempts, puts shares together, proposes outcomes. It holds no authority:
 * every signer checks each entry for itself, and a result that does not verify is never an answer.
 */
export class Coordinator implements Work {
  readonly #context: TaskContext;
  readonly #parts: CoordinatorParts;
  readonly #arithmetic: Arithmetic;
  readonly #queries: Queries;
  readonly #leadership: Leadership;
  readonly #shareTimes = new ShareTimes();
  readonly #plans = new Map<TaskId, Plan>();

  constructor(
    context: TaskContext,
    leadership: Leadership,
    arithmetic: Arithmetic,
    queries: Queries,
    parts: CoordinatorParts,
  ) {
    this.#context = context;
    this.#leadership = leadership;
    this.#arithmetic = arithmetic;
    this.#queries = queries;
    this.#parts = parts;
  }

  /** This node took up the lead, laid it down, or leads in another term. A new leader finds its work in the state. */
  leadChanged(): void {
    this.#plans.clear();
    if (!this.#leadership.held) return;
    // What changed with the entry that made this node a leader is looked at next: until then nothing is opened.
    for (const task of this.#parts.tasks.all()) this.#plan(task);
  }

  /** Looks at a task that is open: an attempt of it may be due at once, or complete already. */
  taskOpen(task: OpenTask): void {
    if (!this.#leadership.held) return;
    this.#step(task, this.#plan(task));
  }

  taskClosed(task: TaskId): void {
    this.#plans.delete(task);
  }

  /** Opens attempts that are due, and ends tasks that cannot succeed. */
  tick(): void {
    if (!this.#leadership.held) return;
    for (const [id, plan] of this.#plans) {
      const task = this.#parts.tasks.get(id);
      if (task !== undefined) this.#step(task, plan);
    }
  }

  /** A share has come that is news. */
  shareCame(open: OpenSession): void {
    const plan = this.#plans.get(open.task.id);
    const isNewest = open.task.sessions.at(-1)?.session === open.session;
    if (this.#leadership.held && plan !== undefined && isNewest) {
      this.#shareTimes.came(this.#context.clock.elapsed() - plan.attemptedMs);
    }
    this.combine(open);
  }

  /** Puts a signature together when the session has all its shares. */
  combine(open: OpenSession): void {
    const { key, record } = open.task;
    const plan = this.#plans.get(open.task.id);
    if (!this.#leadership.held || key === undefined || plan === undefined || plan.proposed) return;
    if (plan.combining.has(open.session)) return;
    const commitments = commitmentsOf(open, key);
    const shares = this.#verified(open, key.participants);
    if (!commitments.every(({ index }) => shares.has(index))) return;

    const asked = signOf(record);
    if (this.#arithmetic.suiteOf(key.algorithm) === undefined || asked === undefined) return;
    const { message, path } = asked;
    const { algorithm } = key;
    const input = { algorithm, key: publicOf(key, path), B: commitments, message, shares };
    plan.combining.add(open.session);
    void this.#aggregate(open, plan, input, key.participants);
  }

  /** Has the shares added up. Meanwhile the lead may be laid down, or the task be closed. */
  async #aggregate(
    open: OpenSession,
    plan: Plan,
    input: AggregateInput,
    participants: readonly KeyParticipant[],
  ): Promise<void> {
    const { logger } = this.#context;
    const result = await this.#arithmetic.compute
      .run(aggregateJob, input)
      .catch((error: unknown) => {
        const level = wasCancelled(error) ? 'debug' : 'error';
        logger[level]('shares were not added up', { session: open.session, error: String(error) });
        return undefined;
      });
    plan.combining.delete(open.session);
    if (result === undefined || this.#plans.get(open.task.id) !== plan || plan.proposed) return;
    if (result.ok) {
      this.#propose(plan, {
        $case: 'done',
        value: {
          taskId: open.task.id,
          material: result.signature,
          attempt: open.attempt.attempt?.number ?? 0,
        },
      });
      return;
    }
    for (const index of result.culprits) {
      const node = participants[index - 1]?.nodeId ?? '';
      logger.alarm('a signature share failed its check', { session: open.session, node });
      const envelope = this.#parts.shares.of(open.session).get(index);
      if (envelope !== undefined) this.#parts.accusing.wrongShare(open, index, envelope);
      this.#parts.shares.refuse(open.session, index);
      leaveOut(plan, nodeId(node), this.#context.clock.elapsed());
    }
    if (result.culprits.length === 0) {
      logger.alarm('every share holds and the signature does not', { session: open.session });
      plan.hopeless = 'RESULT_INVALID';
    }
  }

  /** Takes a participant's word that it does not contribute. */
  declined(from: NodeId, open: OpenSession, envelope: Envelope): void {
    const plan = this.#plans.get(open.task.id);
    const newest = open.task.sessions.at(-1);
    if (!this.#leadership.held || plan === undefined || newest?.session !== open.session) return;
    if (!isAsked(open, from)) return;
    const name = `${open.session}/${from}`;
    if (plan.heard.has(name)) return;
    const { rules, logger } = this.#context;
    const participants = this.#participants(open.task);
    const key = participants[envelope.from - 1];
    const body =
      key?.nodeId === from ? verifiedBody(rules.verify, key.identityKey, envelope) : undefined;
    const said = body === undefined ? undefined : decode(Declined, body);
    if (said === undefined) return;
    plan.heard.add(name);
    logger.info('declined', { session: open.session, node: from, reason: said.reason });
    const now = this.#context.clock.elapsed();
    if (!open.task.signs) plan.hopeless ??= HOPELESS[said.reason];
    const blamed = this.#badCommitment(open, said);
    if (blamed === undefined) declined(plan, from, said.reason, now);
    else leaveOut(plan, blamed, now);
  }

  /** A participant of the task is proved to have lied. A key cannot be made without it, a signature can. */
  proved(task: OpenTask, node: NodeId): void {
    const plan = this.#plans.get(task.id);
    if (!this.#leadership.held || plan === undefined) return;
    if (task.signs) leaveOut(plan, node, this.#context.clock.elapsed());
    else plan.hopeless ??= 'CULPRIT_PROVED';
  }

  /** Whom evidence names takes part only where the others are too few. */
  #newPlan(task: OpenTask, attempts: number, now: Millis): Plan {
    const plan = newPlan(attempts, this.#firstDelay(task), now);
    for (const { nodeId: each } of this.#participants(task)) {
      if (this.#parts.culprits.has(nodeId(each))) plan.leftOut.add(nodeId(each));
    }
    // It may have come before this node led.
    if (!task.signs && this.#parts.culprits.evidence(task.id).length > 0) {
      plan.hopeless = 'CULPRIT_PROVED';
    }
    return plan;
  }

  #plan(task: OpenTask): Plan {
    const now = this.#context.clock.elapsed();
    const attempts = task.sessions.length;
    const plan = this.#plans.get(task.id) ?? this.#newPlan(task, attempts, now);
    this.#plans.set(task.id, plan);
    attempted(plan, attempts, now);
    for (const open of task.sessions) this.combine(open);
    return plan;
  }

  #step(task: OpenTask, plan: Plan): void {
    const { clock } = this.#context;
    const now = clock.elapsed();
    // By its own clock, or by that of the cluster: one that is behind keeps no task open.
    const expired =
      Math.max(clock.now(), Number(this.#queries.totals().timeMs)) >= task.expireTimeMs;
    const step = nextStep(plan, now, expired);
    switch (step.kind) {
      case 'wait':
        return;
      case 'attempt':
        return this.#open(task, plan);
      case 'fail':
        this.#propose(plan, {
          $case: 'failed',
          value: { taskId: task.id, reason: step.reason, evidence: this.#evidence(task.id) },
        });
    }
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

  #open(task: OpenTask, plan: Plan): void {
    const number = plan.attempts + 1;
    const asked = { taskId: task.id, requestHash: task.record.requestHash };
    const participants = this.#participants(task).map((each) => nodeId(each.nodeId));
    const { clock } = this.#context;
    const { connections } = this.#parts;
    if (task.key === undefined) {
      const attempt = this.#parts.assigner.generate(asked, number, participants);
      if (attempt !== undefined) this.#propose(plan, { $case: 'attempt', value: attempt });
      return;
    }
    const able = participants.filter((node) => connections.has(node));
    const now = clock.elapsed();
    const short = plan.emptySinceMs !== undefined && now - plan.emptySinceMs >= WANT_WAIT_MS;
    const { threshold } = task.key;
    const { first, lastResort } = candidates(plan, able, threshold, this.#overdue(task), short);
    const attempt = this.#parts.assigner.sign(asked, number, task.key, first, lastResort);
    if (attempt !== undefined) this.#propose(plan, { $case: 'attempt', value: attempt });
    else plan.emptySinceMs ??= now;
  }

  #propose(plan: Plan, command: NonNullable<Command['command']>): void {
    const { consensus } = this.#context;
    plan.proposed = consensus.propose(encodeCommand(command)) === 'proposed';
  }

  /** Nodes that were asked for a share and have not sent it. */
  #overdue(task: OpenTask): ReadonlySet<NodeId> {
    const missing = new Set<NodeId>();
    const participants = this.#participants(task);
    for (const open of task.sessions) {
      const came = this.#parts.shares.of(open.session);
      for (const slot of slotsOf(open.attempt.attempt)) {
        if (!came.has(indexOf(participants, slot.nodeId))) missing.add(nodeId(slot.nodeId));
      }
    }
    return missing;
  }

  /** The shares of a session whose envelopes their signers signed; others are dropped, and blame nobody. */
  #verified(
    open: OpenSession,
    participants: readonly KeyParticipant[],
  ): ReadonlyMap<number, Uint8Array> {
    const { rules } = this.#context;
    const verified = new Map<number, Uint8Array>();
    const came = this.#parts.shares.of(open.session);
    if (came.size < slotsOf(open.attempt.attempt).length) return verified;
    for (const [index, envelope] of came) {
      const identityKey = participants[index - 1]?.identityKey;
      const body =
        identityKey === undefined ? undefined : verifiedBody(rules.verify, identityKey, envelope);
      if (body === undefined) this.#parts.shares.drop(open.session, index);
      // What is signed and spells no share is a wrong one.
      else verified.set(index, decode(SignatureShare, body)?.share ?? NO_SHARE);
    }
    return verified;
  }

  /** Whose fault a `bad-commitment` is: the owner's, if the point is bad here too; else nobody's but the decliner's. */
  #badCommitment(open: OpenSession, said: Declined): NodeId | undefined {
    const { key } = open.task;
    if (said.reason !== 'bad-commitment' || key === undefined) return undefined;
    const suite = this.#arithmetic.suiteOf(key.algorithm);
    const owner = key.participants[said.index - 1]?.nodeId;
    const slot = slotsOf(open.attempt.attempt).find((each) => each.nodeId === owner);
    if (suite === undefined || slot === undefined) return undefined;
    return decodes(suite, slot) ? undefined : nodeId(slot.nodeId);
  }

  #participants(task: OpenTask): readonly KeyParticipant[] {
    return task.key?.participants ?? participantsOf(task.record, this.#context.rules.genesis);
  }

  #firstDelay(task: OpenTask): Millis {
    return task.signs ? this.#shareTimes.delayMs() : generateDelay(this.#participants(task).length);
  }
}

/** Claims that the attempt asks `node` to contribute. */
function isAsked({ attempt }: OpenSession, node: NodeId): boolean {
  const assignment = attempt.attempt?.assignment;
  switch (assignment?.$case) {
    case 'slots':
      return assignment.value.slots.some(({ nodeId: each }) => each === node);
    case 'boots':
      return assignment.value.nodes.some(({ nodeId: each }) => each === node);
    case undefined:
      return false;
  }
}
