import { assert } from '../common/index.js';
import type { Clock } from '../ports/index.js';

/** The longest delay of a timer of Node; a longer one would fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** The machine's clock, and timers that do not follow its jumps. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => Math.floor(performance.now()),
  after(delayMs, run) {
    assert(delayMs <= DELAY_MAX_MS, 'a timer is asked to wait for more than 24 days');
    const timer = setTimeout(run, Math.max(0, Math.ceil(delayMs)));
    return { cancel: () => clearTimeout(timer) };
  },
};
