/** The time for a call whose caller names none. */
export const TIMEOUT_MS_DEFAULT = 30_000;
/** How long a node that does not answer the connection holds a call up before the next node is tried. */
export const CONNECT_MS_MAX = 3_000;
/** The pause after all nodes have refused; it doubles. */
export const ROUND_PAUSE_MS_MIN = 50;
export const ROUND_PAUSE_MS_MAX = 1_000;
export const RECONNECT_MS_MIN = 50;
export const RECONNECT_MS_MAX = 1_000;
export const KEEPALIVE_INTERVAL_MS = 30_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** A page of keys is at most 2 MiB, and a key more. */
export const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;
/** Public keys that are remembered to verify signatures with. */
export const REMEMBERED_KEYS_MAX = 1_024;
/** The most that the server gives in one page. */
export const PAGE_ITEMS_MAX = 1_000;
/** How far ahead a signed request expires at most: a minute less than the cluster takes, for clocks that differ. */
export const REQUEST_LIFETIME_MS_MAX = 9 * 60_000;
/** How far from this machine's clock a cluster's may be, for a request to be signed by it. */
export const CLOCK_CORRECTION_MS_MAX = 60 * 60_000;
