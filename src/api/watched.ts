import type { Millis } from '../common/index.js';

/** A subject that is watched, as one caller sees it. */
export type Watched = {
  /** The shortest time between two messages. */
  readonly intervalMs: Millis;
  /**
   * The message that is due now, if something has changed since the last one, and whether no other will follow.
   *
   * @param nowMs - Of a clock that nobody sets.
   * @throws {ClusterError} The reason why it cannot be watched any more, here.
   */
  next(nowMs: Millis): { readonly message: object | undefined; readonly isLast: boolean };
};
