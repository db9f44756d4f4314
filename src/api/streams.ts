import type { Role } from '../identity/index.js';
import type { ApiContext, Call } from './call.js';
import { READERS } from './roles.js';
import { watchCluster } from './watch-cluster.js';
import type { Watched } from './watched.js';
import { watchTask } from './watch-task.js';

/** A method of the public API whose answers come one after another. */
export type StreamOperation = {
  /** The roles whose callers may call it. */
  readonly roles: readonly Role[];
  /** @throws {ClusterError} The fault in the request, or the reason that the subject cannot be watched. */
  watch(context: ApiContext, call: Call): Promise<Watched>;
};

export type StreamMethod =
  '/quorate.v1.TaskService/WatchTask' | '/quorate.v1.ClusterService/WatchCluster';

/** The rest of the public API: the methods that have no line in the table of operations. */
export const STREAMS: Readonly<Record<StreamMethod, StreamOperation>> = {
  '/quorate.v1.TaskService/WatchTask': { roles: READERS, watch: watchTask },
  '/quorate.v1.ClusterService/WatchCluster': { roles: READERS, watch: watchCluster },
};

/** The table's line for a method, if it is one of these. */
export function streamOf(method: string): StreamOperation | undefined {
  return isStream(method) ? STREAMS[method] : undefined;
}

function isStream(method: string): method is StreamMethod {
  return Object.hasOwn(STREAMS, method);
}
