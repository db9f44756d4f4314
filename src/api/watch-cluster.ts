import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { resharingOf } from '../state/index.js';
import type { ActiveKey, Queries } from '../state/index.js';
import { WatchClusterRequest } from '../wire/index.js';
import type { Cluster, KeyUpkeep, WatchClusterResponse } from '../wire/index.js';
import type { Backend } from './backend.js';
import type { ApiContext, Call } from './call.js';
import { clusterSeen, keysInUse } from './cluster.js';
import { readMessage } from './decode.js';
import {
  CLUSTER_VIEW_MS,
  OVERDUE_MS,
  WATCH_CLUSTER_INTERVAL_MS,
  WATCH_CLUSTER_INTERVAL_MS_MAX,
  WATCH_CLUSTER_INTERVAL_MS_MIN,
} from './limits.js';
import { visibleTo } from './visibility.js';
import type { Watched } from './watched.js';

/** Shows the cluster whenever it has changed, as the answering node sees it. */
export async function watchCluster(context: ApiContext, call: Call): Promise<Watched> {
  const { intervalMs } = readMessage(WatchClusterRequest, call.bytes);
  // A node that starts shows nothing yet.
  context.backend();
  let shown: string | undefined;
  return {
    intervalMs: intervalOf(intervalMs),
    next: (nowMs) => {
      const { response, facts } = viewFor(context, call, nowMs);
      const message = facts === shown ? undefined : response;
      shown = facts;
      return { message, isLast: false };
    },
  };
}

/** @throws ClusterError `invalid-request`. */
function intervalOf(asked: number): Millis {
  if (asked === 0) return WATCH_CLUSTER_INTERVAL_MS;
  if (asked >= WATCH_CLUSTER_INTERVAL_MS_MIN && asked <= WATCH_CLUSTER_INTERVAL_MS_MAX)
    return asked;
  throw new ClusterError(
    'invalid-request',
    `interval_ms must be ${WATCH_CLUSTER_INTERVAL_MS_MIN} to ${WATCH_CLUSTER_INTERVAL_MS_MAX}, or 0`,
    { reason: 'INVALID_INTERVAL', field: 'interval_ms' },
  );
}

/** A view that is new enough, and the part of it whose change is told. */
type View = {
  readonly madeMs: Millis;
  readonly response: WatchClusterResponse;
  readonly facts: string;
};

/** The last views of each node, of callers that see all and of others: however many watch, keys are looked at a few times a second. */
const VIEWS = new WeakMap<Backend, Map<boolean, View>>();

function viewFor(context: ApiContext, call: Call, nowMs: Millis): View {
  const backend = context.backend();
  const views = VIEWS.get(backend) ?? new Map<boolean, View>();
  VIEWS.set(backend, views);
  const seesAll = visibleTo(call.caller) === undefined;
  const last = views.get(seesAll);
  if (last !== undefined && nowMs - last.madeMs < CLUSTER_VIEW_MS) return last;
  const cluster = clusterSeen(context, call);
  const upkeep = upkeepOf(backend.local());
  const view = {
    madeMs: nowMs,
    response: { cluster, upkeep },
    facts: JSON.stringify(factsOf(cluster, upkeep)),
  };
  views.set(seesAll, view);
  return view;
}

/** The facts whose change a watcher is told of: not those that change all the time. */
function factsOf(cluster: Cluster, upkeep: KeyUpkeep): object {
  const { leaderId, term, level, quorum, caughtUp, unsignedRequests, diskRoom } = cluster;
  const { logStanding, logContradictions } = cluster;
  const { keyCount, keysAbleToSign, keysLookedAt, timeCorrections, revocationCount } = cluster;
  return {
    leaderId,
    term: String(term),
    level,
    quorum,
    caughtUp,
    unsignedRequests,
    diskRoom,
    logStanding,
    contradictions: logContradictions.length,
    keyCount: String(keyCount),
    keysAbleToSign,
    keysLookedAt,
    timeCorrections,
    revocationCount,
    members: cluster.members.map(({ nodeId, role, leader, reachable, build }) => {
      return [nodeId, role, leader, reachable, build?.level, build?.incarnation];
    }),
    upkeep,
  };
}

function upkeepOf(state: Queries): KeyUpkeep {
  const nowMs = Number(state.totals().timeMs) + state.correctionMs();
  const keys = keysInUse(state);
  const count = (isSo: (key: ActiveKey) => boolean): number => keys.filter(isSo).length;
  return {
    refreshing: count((key) => resharingOf(key).taskId !== ''),
    overdue: count((key) => {
      const { taskId, dueMs } = resharingOf(key);
      return taskId === '' && dueMs !== 0n && Number(dueMs) + OVERDUE_MS < nowMs;
    }),
    failed: count((key) => resharingOf(key).lastFailure !== undefined),
  };
}
