import type { Millis } from '../common/index.js';
import { TaskState } from '../wire/index.js';
import type { Cluster, KeyUpkeep, Task } from '../wire/index.js';
import { CALLS, wrongAnswer } from './methods.js';
import type { FollowOptions } from './resume.js';
import type { Transport } from './transport.js';

/** A task as it gets on. */
export type TaskProgress = {
  /** As one node reports it. Its outcome is not verified. */
  readonly task: Task;
  /** Grows from one to the next. A watch can begin behind one. */
  readonly revision: bigint;
  /** Nodes whose part is done: of the newest attempt, while it is open; of a key that is destroyed. */
  readonly finished: readonly string[];
};

export type WatchTaskOptions = FollowOptions & {
  /** The last revision that the caller has seen: that one, and those before, are not told again. */
  readonly afterRevision?: bigint | undefined;
};

/** A cluster as one node sees it when something has changed. */
export type ClusterChange = {
  readonly cluster: Cluster;
  /** Of the keys that the node looked at: how many are being refreshed, should have been, and could not be. */
  readonly upkeep: KeyUpkeep;
};

export type WatchClusterOptions = FollowOptions & {
  /** The shortest time between two changes (ms): 2 s unless given, 1 s to a minute. */
  readonly intervalMs?: Millis | undefined;
};

/** Follows a task until it has an outcome, over whichever nodes. */
export async function* watchTask(
  transport: Transport,
  taskId: string,
  { afterRevision = 0n, ...options }: WatchTaskOptions = {},
): AsyncGenerator<TaskProgress, void, undefined> {
  let seen = afterRevision;
  const request = () => ({ taskId, afterRevision: seen });
  for await (const { task, ...told } of transport.follow(CALLS.watchTask, request, options)) {
    if (task?.taskId !== taskId) throw wrongAnswer(`another task than ${taskId}`);
    // A node that was asked for what is newer says something else.
    if (told.revision <= seen) throw wrongAnswer(`an old revision of task ${taskId}`);
    seen = told.revision;
    yield { task, ...told };
    // The node's own end may be lost: nothing comes behind an outcome.
    if (task.state !== TaskState.OPEN) return;
  }
}

/** Follows the cluster, as whichever node sees it. */
export async function* watchCluster(
  transport: Transport,
  { intervalMs = 0, ...options }: WatchClusterOptions = {},
): AsyncGenerator<ClusterChange, void, undefined> {
  const request = () => ({ intervalMs });
  for await (const { cluster, upkeep } of transport.follow(CALLS.watchCluster, request, options)) {
    if (cluster === undefined || upkeep === undefined) throw wrongAnswer('no cluster');
    yield { cluster, upkeep };
  }
}
