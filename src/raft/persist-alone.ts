import { ClusterError } from '../common/index.js';
import type { Clock, ConsensusStore, Persist } from '../ports/index.js';
import { ROOM_AGAIN_MS } from './limits.js';

/** Whether a write has begun nothing, for want of room, so that the same one may be tried again. */
export function isDiskFull(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.reason === 'DISK_FULL';
}

/**
 * Writes a batch that nothing follows, and tries again while there is no room for it.
 *
 * @returns Whether it is durable; it is not where it was over before there was room.
 */
export async function persistAlone(
  { store, clock }: { readonly store: ConsensusStore; readonly clock: Clock },
  batch: Persist,
  isOver: () => boolean,
): Promise<boolean> {
  for (;;) {
    try {
      await store.persist(batch);
      return true;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
    await new Promise<void>((resolve) => clock.after(ROOM_AGAIN_MS, resolve));
    if (isOver()) return false;
  }
}
