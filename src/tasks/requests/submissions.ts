import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { ClusterError, equal, refusalError, toHex } from '../../common/index.js';
import type { ErrorCode, Refusal } from '../../common/index.js';
import { publicOf, verifyJob } from '../../frost/index.js';
import { algorithmName, requestHash, taskIdOf, voucherBytes } from '../../identity/index.js';
import type { Compute } from '../../ports/index.js';
import type { ParsedRequest, ParsedSign, Verdict } from '../../state/index.js';
import {
  generatedKeyOf,
  isCertified,
  isOpen,
  isSign,
  judgeArrival,
  judgeKnown,
  parseRequest,
  signatureOf,
  verdictHashOf,
} from '../../state/index.js';
import { Algorithm, encode, Request, SignatureResult } from '../../wire/index.js';
import type { Authorization, ForwardRefused, TaskRecord } from '../../wire/index.js';
import {
  FORWARD_REPEAT_MS,
  LEADER_WAIT_MS,
  NOT_LEADER_REPEAT_MS,
  SUBMISSIONS_MAX,
} from '../limits.js';
import { wasCancelled } from '../arithmetic.js';
import type { Connections } from '../connections.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Batch, Work } from '../work.js';

/** A request of one of this node's clients. */
export type Submission = {
  /** Full name of the method. */
  readonly method: string;
  /** The request's bytes as received. */
  readonly request: Uint8Array;
  /** SPIFFE id, as the client's TLS certificate names it: the requester, unless the request is signed. */
  readonly requester: string;
  /** How long the request may be acted on, from now, unless the request is signed. */
  readonly expiresInMs: Millis;
  /** The requester's own signature, and until when it is good; without one this node vouches. */
  readonly authorization?: Authorization | undefined;
  /** Ends the wait, with an error of the caller's as its reason. */
  readonly signal: AbortSignal;
};

type Waiting = {
  readonly task: TaskId;
  readonly requestId: string;
  /** Hash of method and request: what the task must be about, to be an answer. */
  readonly content: Uint8Array;
  /** Sign: what the signature is to be over, and by which key. */
  readonly sign: ParsedSign | undefined;
  readonly verdictHash: string;
  readonly forward: Uint8Array;
  readonly sinceMs: Millis;
  /** Who was asked, and how many copies each has not refused: as long as there is one, it may be in some log. */
  readonly asked: Map<NodeId, number>;
  /** When the node that was asked last is asked again. */
  repeatMs: Millis;
  forwardedTo: NodeId | undefined;
  /** Its signature is being looked at. */
  verifying: boolean;
  settle(task: TaskRecord): void;
  fail(error: Error): void;
};

/** OpenSSL takes a tenth of a millisecond, less than it takes to ask somebody else. */
const QUICKLY_VERIFIED: ReadonlySet<Algorithm> = new Set([Algorithm.FROST_ED25519_SHA512]);

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'already-exists',
  'wrong-state',
  'no-quorum',
  'overloaded',
  'unsupported',
]);

/**
 * Requests of this node's own clients: checked or vouched for, brought to whoever leads, repeated when the answer is lost, and
 * answered from this node's own applied state and from nothing else.
 */
export class Submissions implements Work {
  readonly #context: TaskContext;
  readonly #state: AppliedState;
  readonly #connections: Connections;
  readonly #compute: Compute;
  readonly #waiting = new Set<Waiting>();
  #closed = false;

  constructor(
    context: TaskContext,
    state: AppliedState,
    connections: Connections,
    compute: Compute,
  ) {
    this.#context = context;
    this.#state = state;
    this.#connections = connections;
    this.#compute = compute;
  }

  /**
   * Resolves with the task and its outcome, done or failed; for a new key, when its certificate is complete.
   *
   * @throws {ClusterError} The request is refused; no leader was reached; or the reason of `call.signal`.
   */
  async submit(call: Submission): Promise<TaskRecord> {
    const parsed = parseRequest(this.#context.rules.kinds, call.method, call.request);
    if (!parsed.ok) throw refusalError(parsed.refusal);
    if (this.#closed) throw stopping();
    if (this.#waiting.size >= SUBMISSIONS_MAX) {
      throw new ClusterError('overloaded', 'Too many requests wait on this node', {
        reason: 'TOO_MANY_REQUESTS',
        retryAfterMs: 1000,
      });
    }
    return this.#wait(call, parsed.value.asked);
  }

  /** Tasks and keys have changed, or all were looked at: some of them may be what a request waits for. */
  settled(batch: Batch | undefined): void {
    for (const waiting of this.#waiting) {
      if (batch === undefined) this.#advance(waiting);
      // A new key is an answer only with its certificate, which grows after the task's outcome.
      else if (batch.tasks.has(waiting.task) || batch.keys.size > 0) this.#isSettled(waiting);
    }
  }

  /** Asks again whom it is time to ask. */
  tick(): void {
    for (const waiting of this.#waiting) this.#bring(waiting);
  }

  applied({ verdicts }: Batch): void {
    for (const verdict of verdicts) this.#decided(verdict);
  }

  /** Takes the verdict of an applied entry. Of two copies of a request the first verdict counts. */
  #decided(verdict: Verdict): void {
    if (verdict.result.kind !== 'refused') return;
    for (const waiting of this.#waiting) {
      if (waiting.verdictHash !== verdict.hash || this.#taken(waiting)) continue;
      waiting.fail(refusalError(verdict.result.refusal));
    }
  }

  /** Takes a leader's word that it proposed nothing. It counts when no other leader was asked. */
  refused(from: NodeId, refused: ForwardRefused): void {
    const hash = toHex(refused.verdictHash);
    for (const waiting of this.#waiting) {
      const copies = waiting.asked.get(from);
      if (waiting.verdictHash !== hash || copies === undefined) continue;
      if (copies > 1) waiting.asked.set(from, copies - 1);
      else waiting.asked.delete(from);
      const others = [...waiting.asked.keys()].some((node) => node !== from);
      if (others) continue;
      if (!isErrorCode(refused.code)) {
        // Not the leader, or not yet, or no longer: whoever leads then is asked.
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
      waiting.fail(this.#untouched(waiting) ? stopping() : outcomeUnknown(waiting));
    }
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  #wait(call: Submission, parsed: ParsedRequest): Promise<TaskRecord> {
    const { requestId } = parsed;
    const { request, requester } = this.#authorize(call);
    return new Promise((resolve, reject) => {
      const ended = (act: () => void): void => {
        if (!this.#waiting.delete(waiting)) return;
        call.signal.removeEventListener('abort', onAbort);
        act();
      };
      const waiting: Waiting = {
        task: taskIdOf(requester, requestId),
        requestId,
        content: requestHash(call.method, call.request),
        sign: isSign(parsed) ? parsed : undefined,
        verdictHash: toHex(verdictHashOf(request)),
        forward: encode(Request, request),
        sinceMs: this.#context.clock.elapsed(),
        asked: new Map(),
        repeatMs: 0,
        forwardedTo: undefined,
        verifying: false,
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

  #advance(waiting: Waiting): void {
    if (!this.#isSettled(waiting)) this.#bring(waiting);
  }

  /** Brings a request to whoever leads, as often as it has to be. */
  #bring(waiting: Waiting): void {
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
  #isSettled(waiting: Waiting): boolean {
    const task = this.#state.queries.task(waiting.task);
    if (task === undefined) return false;
    // Another request may have taken the id while this one was on its way: its outcome is no answer here.
    const judged = judgeKnown(task, waiting.content, waiting.requestId);
    if (!judged.ok) {
      waiting.fail(refusalError(judged.refusal));
      return true;
    }
    if (isOpen(task)) return false;
    if (generatedKeyOf(task) !== undefined) {
      const key = this.#state.queries.key(task.keyId);
      if (key === undefined || !isCertified(key)) return false;
    }
    const signature = signatureOf(task);
    if (signature !== undefined) this.#verify(task, signature, waiting);
    else waiting.settle(task);
    return true;
  }

  /** Whether the log has taken this request: its task has an outcome, or will have one. */
  #taken({ task, content }: Waiting): boolean {
    const known = this.#state.queries.task(task);
    return known !== undefined && equal(known.requestHash, content);
  }

  /** Every answer is checked under the key at its path before it leaves, by code that did not make it. */
  #verify(task: TaskRecord, result: SignatureResult, waiting: Waiting): void {
    const key = this.#state.queries.key(task.keyId);
    const { sign } = waiting;
    if (key === undefined || sign === undefined) return this.#invalid(waiting);
    if (waiting.verifying) return;
    waiting.verifying = true;

    const answer = (publicKey: Uint8Array | undefined): void => {
      if (publicKey === undefined) return this.#invalid(waiting);
      const value = encode(SignatureResult, { ...result, publicKey });
      waiting.settle({ ...task, outcome: { $case: 'result', value } });
    };
    const { algorithm, publicKey } = key;
    const { message, path } = sign;
    const { signature } = result;
    const { rules, logger } = this.#context;
    if (path.length === 0 && QUICKLY_VERIFIED.has(algorithm)) {
      const name = algorithmName(algorithm);
      return answer(
        rules.verify.final(name, publicKey, message, signature) ? publicKey : undefined,
      );
    }
    const input = { algorithm, key: publicOf(key, path), message, signature };
    this.#compute.run(verifyJob, input).then(answer, (error: unknown) => {
      // Whoever waits asks again, and gets the outcome then.
      const level = wasCancelled(error) ? 'debug' : 'warn';
      logger[level]('a signature was not verified', { task: waiting.task, error: String(error) });
      waiting.fail(outcomeUnknown(waiting));
    });
  }

  #invalid(waiting: Waiting): void {
    const { rules, logger } = this.#context;
    logger.alarm('a recorded signature does not verify', { task: waiting.task });
    waiting.fail(
      new ClusterError('protocol-abort', 'The recorded signature does not verify', {
        reason: 'RESULT_INVALID',
        facts: { task_id: waiting.task, cluster_id: rules.genesis.clusterId },
      }),
    );
  }

  /** The request as it goes to the log, and whose it is. What every node would refuse is refused here. */
  #authorize(call: Submission): { readonly request: Request; readonly requester: string } {
    if (call.authorization === undefined) {
      return { request: this.#vouch(call), requester: call.requester };
    }
    const { method, request: bytes, authorization: value } = call;
    const authorization = { by: { $case: 'signed', value } } as const;
    const request: Request = { method, request: bytes, authorization, firstAttempt: undefined };
    const judged = judgeArrival(this.#state.view, request, this.#context.rules);
    if (!judged.ok) throw refusalError(judged.refusal);
    return { request, requester: judged.value.requester.spiffeId };
  }

  /** The word of this node for the request, good until a moment that its own clock and the cluster's have not reached. */
  #vouch(call: Submission): Request {
    const { self, clock, rules } = this.#context;
    const { queries } = this.#state;
    const expireTimeMs = Math.max(clock.now(), Number(queries.totals().timeMs)) + call.expiresInMs;
    const bytes = voucherBytes(
      rules.genesis.clusterId,
      call.method,
      call.requester,
      expireTimeMs,
      call.request,
    );
    return {
      method: call.method,
      request: call.request,
      authorization: {
        by: {
          $case: 'voucher',
          value: {
            nodeId: self.id,
            spiffeId: call.requester,
            expireTimeMs: BigInt(expireTimeMs),
            signature: self.signer.sign(bytes),
          },
        },
      },
      firstAttempt: undefined,
    };
  }

  /** Before a request went anywhere, nothing was done; after that, only the state can tell. */
  #abandoned(waiting: Waiting, reason: unknown): Error {
    if (this.#untouched(waiting)) return noLeader();
    return reason instanceof ClusterError ? reason : outcomeUnknown(waiting);
  }

  /** Whether no log can hold the request: every copy that went out was refused. */
  #untouched(waiting: Waiting): boolean {
    return waiting.asked.size === 0 && this.#state.queries.task(waiting.task) === undefined;
  }
}

function outcomeUnknown({ task }: Waiting): ClusterError {
  return new ClusterError('deadline', 'The outcome is not known yet; ask for the task', {
    facts: { task_id: task },
  });
}

function stopping(): ClusterError {
  return new ClusterError('no-quorum', 'The node is stopping', { reason: 'STOPPING' });
}

function noLeader(): ClusterError {
  return new ClusterError('no-quorum', 'No leader could be reached; nothing was done', {
    reason: 'NO_LEADER',
    retryAfterMs: 500,
  });
}

function isErrorCode(code: string): code is Refusal['code'] {
  return CODES.has(code);
}
