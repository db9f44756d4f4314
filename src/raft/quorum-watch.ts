import type { Alarms } from '../alarms/index.js';
import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import { majorityOf } from './quorum.js';
import type { Raft } from './raft.js';

/** How long a node knows no leader before it is told: a few elections. */
export const LEADERLESS_MS: Millis = 2_000;

/** Tells an operator that no leader is known, with the count of the nodes that are heard, and that there is one again. */
export class QuorumWatch {
  readonly #alarms: Alarms;
  readonly #logger: Pick<Logger, 'info'>;
  #sinceMs: Millis | undefined;
  #isTold = false;

  constructor(alarms: Alarms, logger: Pick<Logger, 'info'>) {
    this.#alarms = alarms;
    this.#logger = logger;
  }

  /** To be called at each tick. */
  look(raft: Raft, elapsedMs: Millis): void {
    if (raft.leader !== undefined) {
      if (this.#isTold) this.#logger.info('There is a leader again', { leader: raft.leader });
      this.#sinceMs = undefined;
      this.#isTold = false;
      return;
    }
    this.#sinceMs ??= elapsedMs;
    if (elapsedMs - this.#sinceMs < LEADERLESS_MS) return;
    this.#isTold = true;
    const { peers } = raft;
    const heard = peers.filter((peer) => (raft.heardAgoMs(peer) ?? Infinity) < LEADERLESS_MS);
    const needed = majorityOf(peers.length + 1) - 1;
    const kind = heard.length < needed ? 'No quorum' : 'No leader, although a majority is heard';
    this.#alarms.raise(kind, undefined, {
      hears: `${heard.length} of ${peers.length} others`,
      needed,
      silent: peers.filter((peer) => !heard.includes(peer)).join(' '),
    });
  }
}
