import { Budgets } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { PARTICIPANTS_MAX } from '../../identity/index.js';
import {
  ALL_REQUESTERS_LOG_RATE,
  FORWARD_COST_BYTES,
  MEMBER_FORWARD_RATE,
  REQUESTER_LOG_RATE,
  REQUESTERS_BUDGETED_MAX,
  UNAUTHORIZED_COST_BYTES,
} from '../limits.js';

const ALL = 'all';

/**
 * The bytes that this node takes from each forwarding member, and puts into the log for each requester. A message is on the
 * budget of the node that brought it; on its requester's once that requester is verified and an entry is to be made, so
 * that nobody can use up another's budget with copies of old requests.
 */
export class IntakeBudgets {
  readonly #members = new Budgets(MEMBER_FORWARD_RATE, PARTICIPANTS_MAX);
  readonly #requesters = new Budgets(REQUESTER_LOG_RATE, REQUESTERS_BUDGETED_MAX);
  readonly #all = new Budgets(ALL_REQUESTERS_LOG_RATE, 1);

  /** Takes the cost of reading a message. @returns Whether it may be read. */
  mayRead(from: NodeId, bytes: number, nowMs: Millis): boolean {
    return this.#members.take(from, bytes + FORWARD_COST_BYTES, nowMs);
  }

  /** A member brought a request that has no authority, which an honest one would have refused. */
  unauthorized(from: NodeId, nowMs: Millis): void {
    this.#members.charge(from, UNAUTHORIZED_COST_BYTES, nowMs);
  }

  /** Takes the cost of an entry from the budget of its requester and that of all. @returns Whether it may be made. */
  mayPropose(requester: string, bytes: number, nowMs: Millis): boolean {
    const cost = bytes + FORWARD_COST_BYTES;
    if (this.#all.waitMs(ALL, cost, nowMs) > 0) return false;
    return this.#requesters.take(requester, cost, nowMs) && this.#all.take(ALL, cost, nowMs);
  }
}
