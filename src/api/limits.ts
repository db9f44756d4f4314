/**
 * Bounds of one operation and its answer, over any transport. Limits that decide outcomes are in the genesis instead.
 */

/** How long a GenerateKey or ReshareKey may be worked on, regardless of the deadline of its call (`docs/threats.md`, genesis). */
export const KEY_LIFETIME_MS = 10 * 60_000;
/** The longest life of any request. */
export const REQUEST_LIFETIME_MS_MAX = 10 * 60_000;
/** From this part of its time on, such a call answers with its task alone. */
export const EARLY_ANSWER_FRACTION = 0.9;
/** How often it looks for its task after that, as a part of its time. */
export const EARLY_ANSWER_STEP_FRACTION = 0.02;

export const PAGE_ITEMS_DEFAULT = 100;
export const PAGE_ITEMS_MAX = 1000;
/**
 * Of the records of one page as they are stored, but for a single larger one. An answer has at most about twice as much:
 * far below the 4 MiB that gRPC clients take by default, and encoded in a few milliseconds.
 */
export const PAGE_BYTES_MAX = 512 * 1024;
/** The time for a request of a stream that names none, and the most: those of a call. */
export const STREAMED_MS_DEFAULT = 30_000;
export const STREAMED_MS_MAX = 120_000;
/** The shortest time between two messages of a WatchTask. */
export const WATCH_TASK_INTERVAL_MS = 250;
/** The same of a WatchCluster, by default, and what its caller may ask for. */
export const WATCH_CLUSTER_INTERVAL_MS = 2_000;
export const WATCH_CLUSTER_INTERVAL_MS_MIN = 1_000;
export const WATCH_CLUSTER_INTERVAL_MS_MAX = 60_000;
/** The age of what all watchers of a node's cluster are shown. */
export const CLUSTER_VIEW_MS = 500;
/** A node that has followed no leader for so long ends its watches of tasks. Several elections take less. */
export const LEADERLESS_MS_MAX = 5_000;
/** A refresh that is due begins within seconds. After so long it is overdue. */
export const OVERDUE_MS = 60_000;

/** Keys whose participants are looked at for one GetCluster. */
export const KEYS_LOOKED_AT_MAX = 200;
/** A member that has not answered its leader for so long signs nothing, for GetCluster; heartbeats come every 50 ms. */
export const HEARD_MS = 1_000;

/** Counts of failed sessions that one answer shows, the largest first. */
export const FAILURES_SHOWN_MAX = 64;
/** Contradictions between voters that an answer shows. */
export const CONTRADICTIONS_SHOWN_MAX = 16;
/** Pools of presignatures that an answer shows: of as many keys as a leader keeps filled. */
export const POOLS_SHOWN_MAX = 64;
