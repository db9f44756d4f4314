import type { Millis } from '../../common/index.js';
import type { TaskContext } from '../context.js';
import type { FailureSubject, SessionFailures } from '../kinds/sign/session-failures.js';
import { judgeOrder } from './judge-order.js';
import type { Order } from './judge-order.js';

/** An operator's word that a count of failed sessions is to be cleared here. */
export type UnlockOrder = Order & {
  readonly subject: FailureSubject;
  /** Names the count. */
  readonly sinceMs: Millis;
};

/**
 * Clears a count of failed sessions, if an operator has signed that, by this node's own clock.
 *
 * @returns The failures that were forgotten; `undefined` where there is no such count.
 * @throws {ClusterError} The order does not count.
 * @throws {ShareStoreError} `unavailable`.
 */
export async function unlock(
  context: Pick<TaskContext, 'judging' | 'clock' | 'isRevoked'>,
  failures: SessionFailures,
  order: UnlockOrder,
): Promise<number | undefined> {
  judgeOrder(context, order);
  return failures.clear(order.subject, order.sinceMs);
}
