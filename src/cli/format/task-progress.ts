import { TaskKind } from '../../client/index.js';
import type { TaskProgress } from '../../client/index.js';
import { taskJson } from './task.js';
import { nameOf } from './values.js';

/** The words for how far a task is that is open. */
export function progressWords({ task, finished }: TaskProgress): string {
  const kind = nameOf(TaskKind, task.kind);
  const done = finished.length === 0 ? 'none has done its part' : `${finished.join(', ')} done`;
  if (task.awaited.length > 0) {
    const erased = finished.length === 0 ? 'on no node' : `on ${finished.join(', ')}`;
    return `${kind}: erased ${erased}, waits for ${task.awaited.join(', ')} ...`;
  }
  const attempt = task.attempts.at(-1);
  if (attempt === undefined) return `${kind}: no attempt has begun ...`;
  const parts = task.kind === TaskKind.SIGN || task.kind === TaskKind.PRESIGN ? '' : `: ${done}`;
  return `${kind}: attempt ${attempt.number} on ${attempt.participants.join(', ')}${parts} ...`;
}

/** The same for programs. */
export function progressJson({ task, revision, finished }: TaskProgress): object {
  return { ...taskJson(task), revision: Number(revision), finished };
}
