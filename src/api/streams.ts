import type { Role } from '../identity/index.js';
import type { ApiContext, Call } from './call.js';
import type { Method } from './operations.js';
import { READERS, REQUESTERS } from './roles.js';
import { watchCluster } from './watch-cluster.js';
import type { Watched } from './watched.js';
import { watchTask } from './watch-task.js';

/** A method of the public API whose answers come one after another, for one request. */
export type WatchOperation = {
  readonly kind: 'watch';
  /** The roles whose callers may call it. */
  readonly roles: readonly Role[];
  /** @throws {ClusterError} The fault in the request, or the reason that the subject cannot be watched. */
  watch(context: ApiContext, call: Call): Promise<Watched>;
};

/** A method whose requests are those of another, many on one stream: each is a call of its own. */
export type RequestsOperation = {
  readonly kind: 'requests';
  readonly roles: readonly Role[];
  /** The method whose requests they are. */
  readonly method: Method;
};

export type StreamOperation = WatchOperation | RequestsOperation;

type WatchMethod = '/quorate.v1.TaskService/WatchTask' | '/quorate.v1.ClusterService/WatchCluster';
type RequestsMethod = '/quorate.v1.SigningService/SignStream';

export type StreamMethod = WatchMethod | RequestsMethod;

/** The rest of the public API: the methods that have no line in the table of operations. */
export const STREAMS: Readonly<
  Record<RequestsMethod, RequestsOperation> & Record<WatchMethod, WatchOperation>
> = {
  '/quorate.v1.SigningService/SignStream': {
    kind: 'requests',
    roles: REQUESTERS,
    method: '/quorate.v1.SigningService/Sign',
  },
  '/quorate.v1.TaskService/WatchTask': { kind: 'watch', roles: READERS, watch: watchTask },
  '/quorate.v1.ClusterService/WatchCluster': {
    kind: 'watch',
    roles: READERS,
    watch: watchCluster,
  },
};

/** The table's line for a method, if it is one of these. */
export function streamOf(method: string): StreamOperation | undefined {
  return isStream(method) ? STREAMS[method] : undefined;
}

function isStream(method: string): method is StreamMethod {
  return Object.hasOwn(STREAMS, method);
}
