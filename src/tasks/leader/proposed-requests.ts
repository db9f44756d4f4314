import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { SharedPlaces } from '../../common/index.js';
import { EXPIRY_AHEAD_MS_MAX } from '../../state/index.js';
import { PROPOSALS_REMEMBERED_MAX } from '../limits.js';

/** A request in this leader's own log that is not applied yet. */
export type ProposedRequest = {
  readonly task: TaskId;
  /** SPIFFE id. */
  readonly requester: string;
  /** The node that brought it. */
  readonly from: NodeId;
};

/**
 * Requests that were proposed here and are not applied yet, by the hex of their decision hash. A leader's log keeps what it
 * appended for as long as it leads (Raft, figure 3, Leader Append-Only): a proposal can be lost with its term only, however
 * slow the cluster is, and proposing it again before that would add to what makes it slow.
 */
export class ProposedRequests {
  /** Of this term, in the order in which they were proposed. */
  readonly #current = new Map<string, ProposedRequest>();
  readonly #tasks = new Set<TaskId>();
  readonly #places = new SharedPlaces(PROPOSALS_REMEMBERED_MAX);
  /** Of terms that are over, with the time when that was found, the oldest first. Some log may hold them. */
  readonly #earlier = new Map<string, Millis>();

  /** Claims that the request stands in the log of this term. */
  isUnderWay(hash: string): boolean {
    return this.#current.has(hash);
  }

  /** Claims that some request for the same task, by whatever authorization, stands in the log of this term. */
  hasTask(task: TaskId): boolean {
    return this.#tasks.has(task);
  }

  /** Claims that some log may hold the request, so that this node must not say of it that nothing was done. */
  mayBeInALog(hash: string): boolean {
    return this.#current.has(hash) || this.#earlier.has(hash);
  }

  /** Claims that the requester may have one more under way. */
  hasPlaceFor(requester: string): boolean {
    return this.#places.hasFor(requester);
  }

  add(hash: string, proposed: ProposedRequest): void {
    this.#earlier.delete(hash);
    this.#current.set(hash, proposed);
    this.#places.take(proposed.requester);
    this.#tasks.add(proposed.task);
  }

  /** The entry of the request is applied. @returns The request, if it was proposed in this term. */
  applied(hash: string): ProposedRequest | undefined {
    this.#earlier.delete(hash);
    const proposed = this.#current.get(hash);
    if (proposed === undefined) return undefined;
    this.#current.delete(hash);
    this.#tasks.delete(proposed.task);
    this.#places.giveBack(proposed.requester);
    return proposed;
  }

  /** The term is over in which they were proposed: each may be proposed again. */
  termOver(nowMs: Millis): void {
    for (const hash of this.#current.keys()) this.#earlier.set(hash, nowMs);
    this.#current.clear();
    this.#tasks.clear();
    this.#places.clear();
    this.forget(nowMs);
  }

  /** Forgets what no node asks for any more: a request of an earlier term that has expired, and the oldest of too many. */
  forget(nowMs: Millis): void {
    for (const [hash, overMs] of this.#earlier) {
      const expired = nowMs - overMs >= EXPIRY_AHEAD_MS_MAX;
      if (!expired && this.#earlier.size <= PROPOSALS_REMEMBERED_MAX) break;
      this.#earlier.delete(hash);
    }
  }
}
