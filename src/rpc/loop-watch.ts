import type { Millis } from '../common/index.js';
import { LOOP_CHECK_MS } from './limits.js';

/**
 * Looks at the event loop every {@link LOOP_CHECK_MS}, and tells how much later than that it could.
 *
 * @returns What ends it.
 */
export function watchLoop(looked: (lateMs: Millis) => void): () => void {
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    looked(nowMs - lastMs - LOOP_CHECK_MS);
    lastMs = nowMs;
  }, LOOP_CHECK_MS).unref();
  return () => clearInterval(timer);
}
