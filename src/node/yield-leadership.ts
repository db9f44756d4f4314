import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import type { Replica } from './replica.js';

/** How long a node that stops tries to hand leadership over: two transfers that fail, and some. */
export const YIELD_MS: Millis = 1_500;

/**
 * Before a node stops: where it leads, another voter is to lead without an election timeout in which no node does. Never throws, and
 * takes {@link YIELD_MS} at most: a leader that finds no successor stops all the same.
 */
export async function yieldLeadership(
  replica: Pick<Replica, 'status' | 'yieldLeadership'>,
  logger: Pick<Logger, 'info' | 'warn'>,
  yieldMs: Millis = YIELD_MS,
): Promise<void> {
  const late = AbortSignal.timeout(yieldMs);
  for (;;) {
    const { leader, nodeId } = replica.status();
    if (leader !== nodeId) return;
    try {
      const result = await replica.yieldLeadership(undefined, late);
      if (typeof result === 'object') {
        logger.info('The node has handed leadership over', {
          to: result.leader,
          term: result.term,
        });
        return;
      }
      // A slow follower may soon have the rest of the log; any other refusal stays.
      if (result !== 'behind' && result !== 'not-elected') {
        logger.warn('The node leads, and hands leadership to no other', { because: result });
        return;
      }
      if (late.aborted) throw late.reason;
      await new Promise((resolve) => setImmediate(resolve));
    } catch {
      logger.warn('The node leads, and hands leadership to no other', { because: 'too-slow' });
      return;
    }
  }
}
