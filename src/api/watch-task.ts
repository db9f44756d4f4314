import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { awaitedNodes } from '../state/index.js';
import type { ActiveKey, Queries } from '../state/index.js';
import { TaskState, WatchTaskRequest } from '../wire/index.js';
import type { TaskRecord, WatchTaskResponse } from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMessage } from './decode.js';
import { LEADERLESS_MS_MAX, WATCH_TASK_INTERVAL_MS } from './limits.js';
import { presentTask } from './present.js';
import { isOfDestroying, requireTaskId } from './tasks.js';
import { seenTask } from './visibility.js';
import type { Watched } from './watched.js';

/** More than the nodes of a task, twice: revisions of one attempt. */
const REVISIONS_PER_ATTEMPT = 64n;
const REVISION_OF_END = REVISIONS_PER_ATTEMPT / 2n;

/** Shows one task to a caller that it concerns, until it has an outcome. */
export async function watchTask(context: ApiContext, call: Call): Promise<Watched> {
  const { taskId, afterRevision } = readMessage(WatchTaskRequest, call.bytes);
  requireTaskId(taskId);
  const backend = context.backend();
  // The first message is not older than the call, so a watch that goes on at another node does not go back.
  const state = await backend.read(call.time.signal);
  seenTask(call.caller, taskId, state.task(taskId));
  const led = new Led();
  let shown = afterRevision;
  return {
    intervalMs: WATCH_TASK_INTERVAL_MS,
    next: (nowMs) => {
      led.require(backend.status().caughtUp, nowMs);
      const progress = progressOf(call, taskId, backend.local());
      const isLast = progress.task?.state !== TaskState.OPEN;
      if (progress.revision <= shown) return { message: undefined, isLast };
      shown = progress.revision;
      return { message: progress, isLast };
    },
  };
}

function progressOf({ caller }: Call, taskId: string, state: Queries): WatchTaskResponse {
  const record = seenTask(caller, taskId, state.task(taskId));
  const key = isOfDestroying(record) ? state.key(record.keyId) : undefined;
  const awaited = key === undefined ? [] : awaitedNodes(key).map(({ nodeId }) => nodeId);
  const finished = finishedNodes(record, key);
  return {
    task: presentTask(record, [], awaited),
    revision: revisionOf(record, finished.length),
    finished,
  };
}

/** The nodes whose part is done: of the newest attempt, or of the key that is destroyed. */
function finishedNodes(record: TaskRecord, key: ActiveKey | undefined): string[] {
  const said = key?.lifecycle?.destroyed ?? [...record.ready, ...record.prepared];
  return said.map(({ nodeId }) => nodeId);
}

/**
 * Counts a task's steps by its record alone: attempts only come, and so do the words of nodes within one, and an outcome comes once.
 */
function revisionOf({ attempts, outcome }: TaskRecord, finished: number): bigint {
  const end = outcome === undefined ? 0n : REVISION_OF_END;
  return 1n + BigInt(attempts.length) * REVISIONS_PER_ATTEMPT + BigInt(finished) + end;
}

/** Whether the state of this node follows a leader's: without one it may be old, and another node know more. */
class Led {
  #lastMs: Millis | undefined;

  /** @throws ClusterError `no-quorum` (WATCH_LEADERLESS) when it has not been so for longer than an election takes. */
  require(isLed: boolean, nowMs: Millis): void {
    if (isLed || this.#lastMs === undefined) this.#lastMs = nowMs;
    else if (nowMs - this.#lastMs > LEADERLESS_MS_MAX)
      throw new ClusterError('no-quorum', 'This node follows no leader: watch on at another one', {
        reason: 'WATCH_LEADERLESS',
      });
  }
}
