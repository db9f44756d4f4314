import { raise } from './core.js';
import type { Core, LeaderRole } from './core.js';
import { CLOCK_AWAY_MS } from './limits.js';
import { CLOCK_AHEAD_MAX_MS } from './time.js';

/**
 * Tells of each clock that is away from those of the majority, as the leader knows them by its followers' answers.
 *
 * @returns Whether the leader's own clock has been away for {@link CLOCK_AWAY_MS}, and it may give leadership away for it.
 */
export function watchClocks(core: Core, role: LeaderRole): boolean {
  const distances = core.clocks.distances(core.id, core.voters, core.now);
  for (const [node, byMs] of distances) {
    if (Math.abs(byMs) <= CLOCK_AHEAD_MAX_MS) continue;
    const fields = { by_ms: byMs };
    if (node === core.id) {
      raise(core, 'The clock of this node is away from those of the majority', undefined, fields);
    } else {
      raise(core, 'The clock of a peer is away from those of the majority', node, fields);
    }
  }
  if (Math.abs(distances.get(core.id) ?? 0) <= CLOCK_AHEAD_MAX_MS) {
    role.clockAwayTick = undefined;
    return false;
  }
  const { tickMs } = core.timing;
  role.clockAwayTick ??= role.ticks;
  return (
    (role.ticks - role.clockAwayTick) * tickMs >= CLOCK_AWAY_MS &&
    core.clockStepDowns.take(core.id, 1, core.ticks * tickMs)
  );
}
