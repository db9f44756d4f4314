import type { Millis, NodeId, Refusal } from '../../common/index.js';
import { refusal, toHex } from '../../common/index.js';
import { encodeCommand, admitRequest, decisionHashOf, readLevel } from '../../state/index.js';
import type { NewTask, View } from '../../state/index.js';
import { decode, Request } from '../../wire/index.js';
import type { Attempt } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { LeaderDriver } from '../kinds/driver.js';
import type { Leadership } from '../leadership.js';
import { WAITING_REQUESTS_MAX, WANT_WAIT_MS } from '../limits.js';
import type { Batch, Work } from '../work.js';
import { ProposedRequests } from './proposed-requests.js';

type WaitingRequest = {
  readonly from: NodeId;
  readonly request: Request;
  readonly task: NewTask;
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
  readonly #waiting = new Map<string, WaitingRequest>();
  readonly #proposed = new ProposedRequests();

  constructor(
    context: TaskContext,
    view: View,
    leadership: Leadership,
    drivers: ReadonlyMap<string, LeaderDriver>,
  ) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
    this.#drivers = drivers;
  }

  /** Takes a request that `from` vouches for. A repetition of one that is on its way is ignored. */
  take(from: NodeId, bytes: Uint8Array): void {
    const request = decode(Request, bytes);
    if (request === undefined || request.firstAttempt !== undefined) return;
    const hash = decisionHashOf(request);
    const name = toHex(hash);
    if (this.#proposed.isUnderWay(name) || this.#waiting.has(name)) return;

    if (!this.#leadership.held) return this.#refuse(from, hash, notLeader());
    const { judging, clock } = this.#context;
    // Whether it has expired is for the entry's own time to say.
    const judged = admitRequest(this.#view, request, undefined, judging);
    if (!judged.ok) return this.#refuse(from, hash, judged.refusal);
    // The node that asks will see the task in its own state.
    if (judged.value.kind === 'known') return;
    const task = judged.value;
    const refused = this.#drivers.get(task.asked.kind)?.checkReach(task);
    if (refused !== undefined) return this.#refuse(from, hash, refused);

    const waiting: WaitingRequest = {
      from,
      request,
      task,
      untilMs: clock.elapsed() + WANT_WAIT_MS,
    };
    if (this.#advance(name, waiting, clock.elapsed())) return;
    if (this.#waiting.size >= WAITING_REQUESTS_MAX) {
      return this.#refuse(
        from,
        hash,
        refusal('overloaded', 'TOO_MANY_REQUESTS', 'Too many requests wait for commitments'),
      );
    }
    this.#waiting.set(name, waiting);
  }

  /** Goes on with requests that wait: when supplies came, and as time passes. */
  tick(): void {
    const now = this.#context.clock.elapsed();
    for (const [name, waiting] of this.#waiting) {
      if (this.#advance(name, waiting, now)) this.#waiting.delete(name);
    }
    this.#proposed.forget(now);
  }

  applied({ decisions }: Batch): void {
    for (const { hash } of decisions) this.#proposed.applied(hash);
  }

  /** The term is over in which this node led: the nodes that asked are told to ask the leader of the next. */
  leadChanged(): void {
    for (const { from, request } of this.#waiting.values()) {
      this.#refuse(from, decisionHashOf(request), notLeader());
    }
    this.#waiting.clear();
    this.#proposed.termOver(this.#context.clock.elapsed());
  }

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  /** Proposes the request if it has all it needs, or has waited long enough. Says whether it is done with. */
  #advance(name: string, waiting: WaitingRequest, now: Millis): boolean {
    const { task } = waiting;
    const driver = this.#drivers.get(task.asked.kind);
    if (driver?.firstAttempt === undefined) return this.#propose(name, waiting, undefined);
    const attempt = driver.firstAttempt(task);
    if (attempt === undefined && now < waiting.untilMs) return false;
    return this.#propose(name, waiting, attempt);
  }

  #propose(name: string, waiting: WaitingRequest, firstAttempt: Attempt | undefined): true {
    const { consensus } = this.#context;
    const value = { ...waiting.request, firstAttempt };
    const result = consensus.propose(
      encodeCommand({ $case: 'request', value }, readLevel(this.#view)),
    );
    const hash = decisionHashOf(waiting.request);
    switch (result) {
      case 'proposed':
        this.#proposed.add(name, {
          task: waiting.task.taskId,
          requester: waiting.task.requester.spiffeId,
        });
        break;
      case 'not-leader':
        this.#refuse(waiting.from, hash, notLeader());
        break;
      case 'overloaded':
        this.#refuse(
          waiting.from,
          hash,
          refusal('overloaded', 'LOG_FULL', 'Too much of the log is not committed yet'),
        );
        break;
    }
    return true;
  }

  /** Says that nothing was done; says nothing where an earlier copy may be in some log. */
  #refuse(to: NodeId, hash: Uint8Array, refused: Refusal): void {
    if (this.#proposed.mayBeInALog(toHex(hash))) return;
    this.#context.outbox.send(to, {
      message: {
        $case: 'forwardRefused',
        value: {
          verdictHash: hash,
          code: refused.code,
          reason: refused.reason,
          detail: refused.message,
        },
      },
    });
  }
}

function notLeader(): Refusal {
  return refusal('not-leader', 'NOT_LEADER', 'This node does not lead');
}
