import { Budgets } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { LINK_ENDS_TOLD } from '../limits.js';

const ENDS = 'ends';

/**
 * Which ends and openings of one link are told in the log: a link that comes and goes must not fill it. An opening is told
 * when the end before it was, so that the last line of a link that is open says so.
 */
export class LinkLines {
  readonly #told = new Budgets(LINK_ENDS_TOLD, 1);
  #heldBack = 0;
  #isEndTold = true;

  opened(): boolean {
    return this.#isEndTold;
  }

  /** @returns How many ends were held back since the last that was told; `undefined` if this one is held back, too. */
  ended(nowMs: Millis): number | undefined {
    this.#isEndTold = this.#told.take(ENDS, 1, nowMs);
    if (!this.#isEndTold) {
      this.#heldBack += 1;
      return undefined;
    }
    const heldBack = this.#heldBack;
    this.#heldBack = 0;
    return heldBack;
  }
}
