import type { Sliced } from '../../../src/state/index.js';

/** Does sliced work without a pause. */
export function toTheEnd<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
