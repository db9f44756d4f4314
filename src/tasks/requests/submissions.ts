import { ClusterError, equal, refusalError, toHex } from '../../common/index.js';
import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { requestHash, taskIdOf } from '../../identity/index.js';
import { isOpen, admitKnown, parseRequest, decisionHashOf } from '../../state/index.js';
import type { AppliedDecision, Parsed, ParsedRequest } from '../../state/index.js';
import { encode, Request } from '../../wire/index.js';
import type { ForwardRefused, TaskRecord } from '../../wire/index.js';
import { wasCancelled } from '../arithmetic.js';
import type { Connections } from '../connections.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Answer, AnswerDriver } from '../kinds/driver.js';
import {
  FORWARD_REPEAT_MS,
  LEADER_WAIT_MS,
  NOT_LEADER_REPEAT_MS,
  SUBMISSIONS_MAX,
} from '../limits.js';
import type { Batch, Work } from '../work.js';
import { Authorizing } from './authorizing.js';
import { isFinal, noLeader, outcomeUnknown, stopping, tooMany } from './errors.js';
import type { Submission } from './submission.js';

type PendingCall = {
  readonly task: TaskId;
  readonly requestId: string;
  /** Hash of method and request: what the task must be about, to be an answer. */
  readonly content: Uint8Array;
  readonly request: ParsedRequest;
  readonly decisionHash: string;
  readonly forward: Uint8Array;
  readonly sinceMs: Millis;
  /**
   * The nodes that were asked, and how many copies each has not refused: as long as there is one, it may be in some
   * log.
   */
  readonly asked: Map<NodeId, number>;
  /** When the node that was asked last is asked again. */
  repeatMs: Millis;
  forwardedTo: NodeId | undefined;
  /** Its outcome is being checked. */
  checking: boolean;
  settle(task: TaskRecord): void;
  fail(error: Error): void;
};

/**
 * Requests of this node's own clients: checked or vouched for, brought to the leader, repeated when the answer is lost, and
 * answered from this node's own applied state and from nothing else.
 */
export class Submissions implements Work {
  readonly #context: TaskContext;
  readonly #state: AppliedState;
  readonly #connections: Connections;
  readonly #authorizing: Authorizing;
  /** By the kind of task. */
  readonly #drivers: ReadonlyMap<string, AnswerDriver>;
  readonly #waiting = new Set<PendingCall>();
  #closed = false;

  constructor(
    context: TaskContext,
    state: AppliedState,
    connections: Connections,
    drivers: ReadonlyMap<string, AnswerDriver>,
  ) {
    this.#context = context;
    this.#state = state;
    this.#connections = connections;
    this.#authorizing = new Authorizing(context, state);
    this.#drivers = drivers;
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
    if (this.#waiting.size >= SUBMISSIONS_MAX) {
      throw tooMany();
    }
    return this.#wait(call, parsed.value);
  }

  /** Tasks and keys have changed, or all were looked at: some of them may be what a request waits for. */
  settled(batch: Batch | undefined): void {
    for (const waiting of this.#waiting) {
      if (batch === undefined) this.#advance(waiting);
      // A new key is an answer only with its certificate, which grows after the task's outcome.
      else if (batch.tasks.has(waiting.task) || batch.keys.size > 0) this.#isSettled(waiting);
    }
  }

  /** Brings requests again whose time it is. */
  tick(): void {
    for (const waiting of this.#waiting) this.#bring(waiting);
  }

  applied({ decisions }: Batch): void {
    for (const decision of decisions) this.#decided(decision);
  }

  /** Takes the decision on a request that an applied entry held. Of two copies of a request the first decision counts. */
  #decided({ hash, result }: AppliedDecision): void {
    if (result.kind !== 'refused') return;
    for (const waiting of this.#waiting) {
      if (waiting.decisionHash !== hash || this.#taken(waiting)) continue;
      waiting.fail(refusalError(result.refusal));
    }
  }

  /** Takes a leader's word that it proposed nothing. It counts when no other leader was asked. */
  refused(from: NodeId, refused: ForwardRefused): void {
    const hash = toHex(refused.verdictHash);
    for (const waiting of this.#waiting) {
      const copies = waiting.asked.get(from);
      if (waiting.decisionHash !== hash || copies === undefined) continue;
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
      const { code, reason, detail: message } = refused;
      waiting.fail(refusalError({ code, reason, message }));
    }
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting) {
      waiting.fail(this.#untouched(waiting) ? stopping() : outcomeUnknown(waiting.task));
    }
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  #wait(call: Submission, parsed: Parsed): Promise<TaskRecord> {
    const { requestId } = parsed.asked;
    const { request, requester } = this.#authorizing.authorize(call, parsed);
    return new Promise((resolve, reject) => {
      const ended = (act: () => void): void => {
        if (!this.#waiting.delete(waiting)) return;
        call.signal.removeEventListener('abort', onAbort);
        act();
      };
      const waiting: PendingCall = {
        task: taskIdOf(requester, requestId),
        requestId,
        content: requestHash(call.method, call.request),
        request: parsed.asked,
        decisionHash: toHex(decisionHashOf(request)),
        forward: encode(Request, request),
        sinceMs: this.#context.clock.elapsed(),
        asked: new Map(),
        repeatMs: 0,
        forwardedTo: undefined,
        checking: false,
        settle: (record) => ended(() => resolve(record)),
        fail: (error) => ended(() => reject(error)),
      };
      const onAbort = (): void => waiting.fail(this.#abandoned(waiting, call.signal.reason));
      this.#waiting.add(waiting);
      if (call.signal.aborted) return onAbort();
      call.signal.addEventListener('abort', onAbort);
      this.#advance(waiting);
    });
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
    waiting.forwardedTo = leader;
    waiting.repeatMs = now + FORWARD_REPEAT_MS;
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
    if (task.outcome?.$case !== 'failed') return this.#check(task, waiting);
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
