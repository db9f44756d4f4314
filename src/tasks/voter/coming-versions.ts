import { taskId } from '../../common/index.js';
import { resharingOf } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { LiveTasks } from '../live-tasks.js';

/**
 * A key in the version that an open task makes of it, as far as pools need to know: its participants tell supplies of it before it is
 * active, so that signatures go on without a pause. `undefined` where no task does.
 */
export function comingVersion(
  tasks: Pick<LiveTasks, 'get'>,
  key: ActiveKey,
): ActiveKey | undefined {
  const id = resharingOf(key).taskId;
  const task = id === '' ? undefined : tasks.get(taskId(id));
  return task && { ...key, version: key.version + 1, participants: [...task.participants] };
}
