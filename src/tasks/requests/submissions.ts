import { Budgets, ClusterError, equal, refusalError, toHex } from '../../common/index.js';
import type { NodeId, TaskId } from '../../common/index.js';
import { requestHash, taskIdOf } from '../../identity/index.js';
import { admitKnown, failureIn, isOpen, parseRequest, decisionHashOf } from '../../state/index.js';
import type { AppliedDecision, Parsed } from '../../state/index.js';
import { encode, Request } from '../../wire/index.js';
import type { ForwardRefused, TaskRecord } from '../../wire/index.js';
import { wasCancelled } from '../arithmetic.js';
import type { Connections } from '../connections.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Answer, AnswerDriver } from '../kinds/driver.js';
import {
  CALLER_FORWARD_RATE,
  FORWARD_COST_BYTES,
  FORWARD_REPEAT_MS,
  FORWARD_REPEAT_MS_MAX,
  LEADER_WAIT_MS,
  NOT_LEADER_REPEAT_MS,
  REQUESTERS_BUDGETED_MAX,
  SUBMISSIONS_SWEPT_MAX,
} from '../limits.js';
import { refusalIn } from '../refusal-message.js';
import type { Batch, Work } from '../work.js';
import { Admissions } from './admission/admissions.js';
import type { Place } from './admission/admission.js';
import { Authorizing } from './authorizing.js';
import { isFinal, noLeader, outcomeUnknown, overBudget, stopping, tooMany } from './errors.js';
import type { PendingCall, PendingCalls } from './pending-calls.js';
import type { Submission } from './submission.js';

/**
 * Requests of this node's own clients: checked or vouched for, brought to the leader, repeated when the answer is lost, and
 * answered from this node's own applied state; what need not wait for an outcome there is answered by `EarlyAnswers`.
 */
export class Submissions implements Work {
  readonly #context: TaskContext;
  readonly #state: AppliedState;
  readonly #connections: Connections;
  readonly #authorizing: Authorizing;
  /** By the kind of task. */
  readonly #drivers: ReadonlyMap<string, AnswerDriver>;
  readonly #admissions: Admissions;
  readonly #waiting: PendingCalls;
  readonly #onWaiting: (task: TaskId) => void;
  /** Bytes that each caller may have brought to the leader. */
  readonly #budgets = new Budgets(CALLER_FORWARD_RATE, REQUESTERS_BUDGETED_MAX);
  #closed = false;

  /** @param onWaiting - Called when a client begins to wait for a task. */
  constructor(
    context: TaskContext,
    state: AppliedState,
    connections: Connections,
    drivers: ReadonlyMap<string, AnswerDriver>,
    calls: PendingCalls,
    onWaiting: (task: TaskId) => void,
  ) {
    this.#context = context;
    this.#state = state;
    this.#connections = connections;
    this.#admissions = new Admissions(context);
    this.#authorizing = new Authorizing(context, state);
    this.#drivers = drivers;
    this.#waiting = calls;
    this.#onWaiting = onWaiting;
  }

  /**
   * Resolves with the task and its outcome, done or failed; for a new key, when its certificate is complete.
   *
   * @throws {ClusterError} The request is refused; no leader was reached; or the reason of `call.signal`.
   */
  async submit(call: Submission): Promise<TaskRecord> {
    const parsed = parseRequest(this.#context.judging.kinds, call.method, call.request);
    if (!parsed.ok) throw refusalError(parsed.refusal);
    if (this.#closed) throw stopping();
    const { requester: caller, expiresInMs: lifeMs, signal } = call;
    const entered = this.#admissions.enter(parsed.value.asked.kind, { caller, lifeMs, signal });
    if (!(entered instanceof Promise)) return this.#work(call, parsed.value, entered);
    const place = await entered;
    // Its caller pays for this part, too.
    const { measure = (step) => step() } = call;
    return measure(() => this.#work(call, parsed.value, place));
  }

  async #work(call: Submission, parsed: Parsed, place: Place | undefined): Promise<TaskRecord> {
    try {
      if (!this.#waiting.hasPlaceFor(call.requester)) throw tooMany();
      return await this.#wait(call, parsed, place);
    } finally {
      place?.leave();
    }
  }

  /** Tasks and keys have changed, or all were looked at: some of them may be what a request waits for. */
  settled(batch: Batch | undefined): void {
    if (batch === undefined) {
      for (const waiting of this.#waiting.next(SUBMISSIONS_SWEPT_MAX)) this.#advance(waiting);
      return;
    }
    for (const task of batch.tasks) {
      for (const waiting of this.#waiting.ofTask(task)) this.#isSettled(waiting);
    }
    // A new key is an answer only with its certificate, which grows after the task's outcome.
    for (const key of batch.keys) {
      for (const waiting of this.#waiting.ofKey(key)) this.#isSettled(waiting);
    }
  }

  /** Brings requests again whose time it is. */
  tick(): void {
    this.#admissions.tick();
    for (const waiting of this.#waiting.all()) this.#bring(waiting);
  }

  /** Messages to a node that could not be reached may be lost. */
  connected(peer: NodeId): void {
    for (const waiting of this.#waiting.all())
      if (waiting.forwardedTo === peer) waiting.repeatMs = 0;
  }

  applied({ decisions }: Batch): void {
    this.#authorizing.applied();
    for (const decision of decisions) this.#decided(decision);
  }

  /** Takes the decision on a request that an applied entry held. Of two copies of a request the first decision counts. */
  #decided({ hash, result }: AppliedDecision): void {
    if (result.kind !== 'refused') return;
    for (const waiting of this.#waiting.ofHash(hash)) {
      if (!this.#taken(waiting)) waiting.fail(refusalError(result.refusal));
    }
  }

  /** Takes a leader's word that it proposed nothing. It counts when no other leader was asked. */
  refused(from: NodeId, refused: ForwardRefused): void {
    for (const waiting of this.#waiting.ofHash(toHex(refused.verdictHash))) {
      const copies = waiting.asked.get(from);
      if (copies === undefined) continue;
      if (copies > 1) waiting.asked.set(from, copies - 1);
      else waiting.asked.delete(from);
      const others = [...waiting.asked.keys()].some((node) => node !== from);
      if (others) continue;
      if (!isFinal(refused.code)) {
        // Not the leader, or not yet, or no longer: the node that leads then is asked.
        if (waiting.forwardedTo === from) {
          waiting.repeatMs = this.#context.clock.elapsed() + NOT_LEADER_REPEAT_MS;
        }
        continue;
      }
      waiting.fail(refusalError(refusalIn(refused, refused.code)));
    }
  }

  close(): void {
    this.#closed = true;
    this.#admissions.close(stopping());
    for (const waiting of this.#waiting.all()) {
      waiting.fail(this.#untouched(waiting) ? stopping() : outcomeUnknown(waiting.task));
    }
  }

  get busy(): boolean {
    return this.#waiting.size > 0 || this.#admissions.busy;
  }

  #wait(call: Submission, parsed: Parsed, place: Place | undefined): Promise<TaskRecord> {
    const { requestId } = parsed.asked;
    const { request, requester } = this.#authorizing.authorize(call, parsed);
    this.#pay(call);
    return new Promise((resolve, reject) => {
      const { clock, logger, tracer } = this.#context;
      const task = taskIdOf(requester, requestId);
      const span = tracer?.begin(task, 'request', { method: call.method });
      const ended = (fault: string | undefined, act: () => void): void => {
        if (!this.#waiting.delete(waiting)) return;
        const tookMs = clock.elapsed() - waiting.sinceMs;
        logger.debug('a request is answered', { task: waiting.task, tookMs });
        call.signal.removeEventListener('abort', onAbort);
        span?.end({}, fault);
        act();
      };
      const waiting: PendingCall = {
        task,
        caller: call.requester,
        requestId,
        content: requestHash(call.method, call.request),
        request: parsed.asked,
        decisionHash: toHex(decisionHashOf(request)),
        forward: encode(Request, request),
        sinceMs: clock.elapsed(),
        asked: new Map(),
        repeatMs: 0,
        repeatDelayMs: FORWARD_REPEAT_MS,
        forwardedTo: undefined,
        checking: false,
        settle: (record) =>
          ended(record.outcome && failureIn(record.outcome), () => {
            // An outcome that was there already took no time, and a failed one the time of signers that are gone.
            if (waiting.asked.size > 0 && record.outcome?.$case === 'result')
              place?.answered(this.#classOf(record));
            resolve(record);
          }),
        fail: (error) => ended(reasonOf(error), () => reject(error)),
      };
      const onAbort = (): void => waiting.fail(this.#abandoned(waiting, call.signal.reason));
      this.#waiting.add(waiting);
      logger.debug('a request is taken', {
        task,
        request: requestId,
        requester,
        method: call.method,
      });
      if (call.signal.aborted) return onAbort();
      call.signal.addEventListener('abort', onAbort);
      this.#advance(waiting);
      this.#onWaiting(waiting.task);
    });
  }

  /** Tasks of one kind and algorithm take the same work. */
  #classOf({ keyId }: TaskRecord): string {
    return String(this.#state.queries.key(keyId)?.algorithm);
  }

  /** @throws {ClusterError} The caller has used up its budget. */
  #pay({ requester, request }: Submission): void {
    const now = this.#context.clock.elapsed();
    const cost = request.length + FORWARD_COST_BYTES;
    if (this.#budgets.take(requester, cost, now)) return;
    throw overBudget(this.#budgets.waitMs(requester, cost, now));
  }

  #advance(waiting: PendingCall): void {
    if (!this.#isSettled(waiting)) this.#bring(waiting);
  }

  /** Brings a request to the leader, as often as it has to be. */
  #bring(waiting: PendingCall): void {
    const { consensus, clock, outbox } = this.#context;
    const { leader } = consensus.status();
    const now = clock.elapsed();
    if (leader === undefined || !this.#connections.has(leader)) {
      if (waiting.asked.size === 0 && now - waiting.sinceMs >= LEADER_WAIT_MS)
        waiting.fail(noLeader());
      return;
    }
    if (waiting.forwardedTo === leader && now < waiting.repeatMs) return;
    if (waiting.forwardedTo !== leader) waiting.repeatDelayMs = FORWARD_REPEAT_MS;
    waiting.forwardedTo = leader;
    waiting.repeatMs = now + waiting.repeatDelayMs;
    waiting.repeatDelayMs = Math.min(2 * waiting.repeatDelayMs, FORWARD_REPEAT_MS_MAX);
    waiting.asked.set(leader, (waiting.asked.get(leader) ?? 0) + 1);
    outbox.send(leader, { message: { $case: 'forward', value: { request: waiting.forward } } });
  }

  /** Whether the state has what was waited for. */
  #isSettled(waiting: PendingCall): boolean {
    const task = this.#state.queries.task(waiting.task);
    if (task === undefined) return false;
    // Another request may have taken the id while this one was on its way: its outcome is no answer here.
    const judged = admitKnown(task, waiting.content, waiting.requestId);
    if (!judged.ok) {
      waiting.fail(refusalError(judged.refusal));
      return true;
    }
    if (isOpen(task)) return false;
    if (task.outcome?.$case === 'result') return this.#check(task, waiting);
    waiting.settle(task);
    return true;
  }

  /** Whether the log has taken this request: its task has an outcome, or will have one. */
  #taken({ task, content }: PendingCall): boolean {
    const known = this.#state.queries.task(task);
    return known !== undefined && equal(known.requestHash, content);
  }

  /** Has an outcome checked before it leaves as an answer. Says whether there is nothing more to bring to a leader. */
  #check(task: TaskRecord, waiting: PendingCall): boolean {
    if (waiting.checking) return true;
    const answer = this.#drivers.get(task.kind)?.check(task, waiting.request);
    if (answer === undefined) waiting.settle(task);
    else if (!(answer instanceof Promise)) return this.#answered(answer, waiting);
    else {
      waiting.checking = true;
      void this.#later(answer, waiting);
    }
    return true;
  }

  async #later(answer: Promise<Answer>, waiting: PendingCall): Promise<void> {
    try {
      this.#answered(await answer, waiting);
    } catch (error) {
      // The client asks again, and gets the outcome then.
      const level = wasCancelled(error) ? 'debug' : 'warn';
      const facts = { task: waiting.task, error: String(error) };
      this.#context.logger[level]('an outcome was not checked', facts);
      waiting.fail(outcomeUnknown(waiting.task));
    }
    waiting.checking = false;
  }

  #answered(answer: Answer, waiting: PendingCall): boolean {
    switch (answer.kind) {
      case 'wait':
        return false;
      case 'answer':
        waiting.settle(answer.task);
        return true;
      case 'invalid': {
        const { judging } = this.#context;
        const facts = { task_id: waiting.task, cluster_id: judging.genesis.clusterId };
        const details = { reason: 'RESULT_INVALID', facts };
        waiting.fail(new ClusterError('protocol-abort', answer.message, details));
        return true;
      }
    }
  }

  /** Before a request went anywhere, nothing was done; after that, only the state can tell. */
  #abandoned(waiting: PendingCall, reason: unknown): Error {
    if (this.#untouched(waiting)) return noLeader();
    return reason instanceof ClusterError ? reason : outcomeUnknown(waiting.task);
  }

  /** Whether no log can hold the request: every copy that went out was refused. */
  #untouched(waiting: PendingCall): boolean {
    return waiting.asked.size === 0 && this.#state.queries.task(waiting.task) === undefined;
  }
}

function reasonOf(error: Error): string {
  return (error instanceof ClusterError && error.reason) || error.name;
}
