import type { Core } from './core.js';
import { becomeFollower } from './follower.js';

/** From now on the node says nothing, follows no leader and does not stand: what waits to be said is not said. */
export function withhold(core: Core): void {
  core.withheld = true;
  becomeFollower(core, core.term, undefined);
  [core.matched, core.acknowledged] = [0, 0];
  core.answered = undefined;
  core.outbox.now = [];
  core.outbox.afterPersist = [];
}
