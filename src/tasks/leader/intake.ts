import type { Millis, NodeId, Refusal } from '../../common/index.js';
import { fromHex, refusal, SharedPlaces, taskId, toHex } from '../../common/index.js';
import {
  checkTime,
  decisionHashOf,
  encodeCommand,
  isOpen,
  judgedAt,
  judgeRequest,
  readLevel,
} from '../../state/index.js';
import type { NewTask, View } from '../../state/index.js';
import { decode, Request } from '../../wire/index.js';
import type { Attempt } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { LeaderDriver } from '../kinds/driver.js';
import type { Leadership } from '../leadership.js';
import { WAITING_REQUESTS_MAX, WANT_WAIT_MS } from '../limits.js';
import { forwardRefused } from '../refusal-message.js';
import type { Batch, Work } from '../work.js';
import type { Bringers } from './bringers.js';
import { IntakeBudgets } from './intake-budgets.js';
import { ProposedRequests } from './proposed-requests.js';

type WaitingRequest = {
  /** Hex of the decision hash. */
  readonly name: string;
  readonly from: NodeId;
  readonly request: Request;
  readonly task: NewTask;
  /** SPIFFE id. */
  readonly requester: string;
  readonly untilMs: Millis;
};

/**
 * Requests on their way into the log, at the leader. What would be refused is refused before it fills the log; where
 * the first attempt can stand in the request's own entry, the request waits a little for what that needs.
 */
export class Intake implements Work {
  readonly #context: TaskContext;
  readonly #view: View;
  readonly #leadership: Leadership;
  /** By the kind of task. */
  readonly #drivers: ReadonlyMap<string, LeaderDriver>;
  readonly #bringers: Bringers;
  readonly #budgets: IntakeBudgets;
  /** By task: of several requests for one, only one is looked after at a time. */
  readonly #waiting = new Map<string, WaitingRequest>();
  readonly #places = new SharedPlaces(WAITING_REQUESTS_MAX);
  readonly #proposed = new ProposedRequests();

  constructor(
    context: TaskContext,
    view: View,
    leadership: Leadership,
    drivers: ReadonlyMap<string, LeaderDriver>,
    bringers: Bringers,
    budgets = new IntakeBudgets(),
  ) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
    this.#drivers = drivers;
    this.#bringers = bringers;
    this.#budgets = budgets;
  }

  /** Takes a request that `from` brings. A repetition of one that is on its way is ignored. */
  take(from: NodeId, bytes: Uint8Array): void {
    const { judging, clock, consensus } = this.#context;
    const now = clock.elapsed();
    // The node that brings it repeats what has no answer.
    if (!this.#budgets.mayRead(from, bytes.length, now)) return;
    const request = decode(Request, bytes);
    if (request === undefined || request.firstAttempt !== undefined) return;
    const name = toHex(decisionHashOf(request));
    if (this.#proposed.isUnderWay(name)) return;
    const timeMs = this.#leadership.held ? consensus.nextTimeMs() : undefined;
    if (timeMs === undefined) return this.#refuse(from, name, notLeader());

    const { requester, judged } = judgeRequest(this.#view, request, timeMs, judging);
    if (!judged.ok) {
      const { code } = judged.refusal;
      const unauthorized = requester === undefined && code === 'unauthenticated';
      if (unauthorized) this.#budgets.unauthorized(from, now);
      return this.#refuse(from, name, judged.refusal);
    }
    if (requester === undefined) return;
    if (judged.value.kind === 'known') {
      // The node that asks will see the task in its own state.
      const { task: known } = judged.value;
      if (isOpen(known)) this.#bringers.brought(taskId(known.taskId), from);
      return;
    }
    const task = judged.value;
    // Another copy of it, or another request with its id: which of them counts is for the log to say.
    if (this.#proposed.hasTask(task.taskId) || this.#waiting.has(task.taskId)) return;
    const untilMs = now + WANT_WAIT_MS;
    this.#admit({ name, from, request, task, requester, untilMs }, bytes.length, now);
  }

  /** Goes on with requests that wait: when supplies came, and as time passes. */
  tick(): void {
    const now = this.#context.clock.elapsed();
    // While the first request for a key gets no attempt, the others need not ask for one.
    const dry = new Set<string>();
    for (const waiting of this.#waiting.values()) {
      const { task, untilMs } = waiting;
      const key = keyOf(task);
      if (dry.has(key) && now < untilMs) continue;
      if (this.#advance(waiting, now)) this.#waitsNoMore(waiting);
      else dry.add(key);
    }
    this.#proposed.forget(now);
  }

  applied({ decisions }: Batch): void {
    for (const { hash, result } of decisions) {
      const proposed = this.#proposed.applied(hash);
      if (proposed === undefined || result.kind !== 'opened') continue;
      this.#bringers.brought(result.task, proposed.from);
    }
  }

  /** The term is over in which this node led: the nodes that asked are told to ask the leader of the next. */
  leadChanged(): void {
    for (const { from, name } of this.#waiting.values()) this.#refuse(from, name, notLeader());
    this.#waiting.clear();
    this.#places.clear();
    this.#proposed.termOver(this.#context.clock.elapsed());
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  #admit(asked: WaitingRequest, bytes: number, now: Millis): void {
    const { name, from, task, requester } = asked;
    const unreachable = this.#drivers.get(task.asked.kind)?.checkReach(task);
    if (unreachable !== undefined) return this.#refuse(from, name, unreachable);
    if (!this.#proposed.hasPlaceFor(requester)) {
      return this.#refuse(from, name, overShare('Too many requests are on their way into the log'));
    }
    if (!this.#budgets.mayPropose(this.#payerOf(asked), bytes, now)) {
      return this.#refuse(from, name, overBudget());
    }
    // Supplies that requests for the same key wait for are not there for a newer one either, or are theirs.
    if (!this.#isWaitedFor(keyOf(task)) && this.#advance(asked, now)) return;
    if (!this.#places.hasFor(requester)) {
      return this.#refuse(from, name, overShare('Too many requests wait for commitments'));
    }
    this.#waiting.set(task.taskId, asked);
    this.#places.take(requester);
  }

  /** A node that vouches can name anybody: it must not be able to use up a requester's budget at the others. */
  #payerOf({ request, requester, from }: WaitingRequest): string {
    return request.authorization?.by?.$case === 'signed' ? requester : `${requester} ${from}`;
  }

  #isWaitedFor(key: string): boolean {
    for (const { task } of this.#waiting.values()) if (keyOf(task) === key) return true;
    return false;
  }

  #waitsNoMore({ task, requester }: WaitingRequest): void {
    if (this.#waiting.delete(task.taskId)) this.#places.giveBack(requester);
  }

  /** Proposes the request if it has all it needs, or has waited long enough. Says whether it is done with. */
  #advance(waiting: WaitingRequest, now: Millis): boolean {
    const { task } = waiting;
    const driver = this.#drivers.get(task.asked.kind);
    if (driver?.firstAttempt === undefined) return this.#propose(waiting, undefined);
    const attempt = driver.firstAttempt(task);
    if (attempt === undefined && now < waiting.untilMs) return false;
    return this.#propose(waiting, attempt);
  }

  #propose(waiting: WaitingRequest, firstAttempt: Attempt | undefined): true {
    const { consensus } = this.#context;
    const { name, from, task, requester } = waiting;
    const timeMs = consensus.nextTimeMs();
    // While it waited its life may have ended.
    const untimely =
      timeMs === undefined ? notLeader() : checkTime(task.authority, judgedAt(task, timeMs));
    if (untimely !== undefined) {
      this.#refuse(from, name, untimely);
      return true;
    }
    const value = { ...waiting.request, firstAttempt };
    const level = readLevel(this.#view);
    const result = consensus.propose(encodeCommand({ $case: 'request', value }, level), true);
    switch (result) {
      case 'proposed':
        this.#proposed.add(name, { task: task.taskId, requester, from });
        this.#context.logger.debug('a request is proposed', { task: task.taskId, peer: from });
        break;
      case 'not-leader':
        this.#refuse(from, name, notLeader());
        break;
      case 'no-room':
        this.#refuse(from, name, noRoom(this.#context.self.id));
        break;
      case 'overloaded':
        this.#refuse(
          from,
          name,
          refusal('overloaded', 'LOG_FULL', 'Too much of the log is not committed yet'),
        );
        break;
    }
    return true;
  }

  /** Says that nothing was done; says nothing where an earlier copy may be in some log. */
  #refuse(to: NodeId, name: string, refused: Refusal): void {
    const hash = fromHex(name);
    if (hash === undefined || this.#proposed.mayBeInALog(name)) return;
    this.#context.outbox.send(to, forwardRefused(hash, refused));
  }
}

/** The key whose supplies a request needs; of a request that needs none, itself. */
function keyOf(task: NewTask): string {
  return task.asked.keyId ?? task.taskId;
}

function notLeader(): Refusal {
  return refusal('not-leader', 'NOT_LEADER', 'This node does not lead');
}

function noRoom(leader: NodeId): Refusal {
  const message =
    'The disk of the leader, or those of so many nodes that the rest is no majority, are low on room';
  return refusal('overloaded', 'DISK_LOW', message, { facts: { leader } });
}

function overBudget(): Refusal {
  const message = 'The requester, or all of them, sent more bytes than the log takes at a time';
  return refusal('overloaded', 'REQUESTER_OVER_BUDGET', message);
}

function overShare(message: string): Refusal {
  return refusal('overloaded', 'TOO_MANY_REQUESTS', message);
}
