import { setTimeout as pause } from 'node:timers/promises';
import { TaskState } from '../../../src/client/index.js';
import type { QuorateClient, Task } from '../../../src/client/index.js';

/** Long enough for a loaded machine, short enough to fail a test by what it waited for. */
export const SOON_MS = 15_000;
const PROBE_EVERY_MS = 10;

/**
 * Waits for a condition: asks `probe` again and again until it gives something else than `undefined` and `false`. What
 * it throws counts as "not yet".
 *
 * @throws Error naming `what`, and the last failure as its cause, when that takes longer than `withinMs`.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = SOON_MS,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(`Waited in vain for: ${what}`, { cause });
    await pause(PROBE_EVERY_MS);
  }
}

/** The task of a request when the log has its outcome: a signature is answered before. */
export function recorded(client: QuorateClient, taskId: string): Promise<Task> {
  return eventually(`the outcome of ${taskId} to be recorded`, async () => {
    const task = await client.getTask(taskId);
    return task.state === TaskState.OPEN ? undefined : task;
  });
}
