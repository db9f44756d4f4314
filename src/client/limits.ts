/** The time for a call whose caller names none. */
export const TIMEOUT_MS_DEFAULT = 30_000;
/** The longest that a call may take; one that asks for more gets this. No request lives longer in the cluster. */
export const TIMEOUT_MS_MAX = 10 * 60_000;
/** The files of certificate and key are read again before a call, so often at most. */
export const FILES_LOOK_MS = 10_000;
/** TCP, TLS and HTTP/2's SETTINGS of one attempt to connect. After it the next node is asked. */
export const CONNECT_MS_MAX = 3_000;
/** A node is given this part less of the time that is left, so that its own answer to a deadline still arrives. */
export const ANSWER_PART = 0.1;
export const ANSWER_MS_MAX = 250;
/** While calls wait on a connection, it is asked this often whether its node lives (HTTP/2 PING). */
export const PING_INTERVAL_MS = 1_000;
/** A node that does not answer a PING is frozen: its calls go to the next node. */
export const PING_MS_MAX = 2_000;
/** A node that lives, and has not answered a call by then: the next node is asked the same besides. */
export const HEDGE_AFTER_MS = 5_000;
/** The nodes that work on one call at once. */
export const ATTEMPTS_AT_ONCE_MAX = 2;
/** The calls of a client that may be asked twice so: at once, and for each answer; a cluster that is slow gets few more. */
export const HEDGES_BURST = 10;
export const HEDGES_PER_ANSWER = 0.1;
/** The pause after all nodes have refused; it doubles. */
export const ROUND_PAUSE_MS_MIN = 50;
export const ROUND_PAUSE_MS_MAX = 1_000;
/**
 * How long nodes are asked again after the leader has said that it does not reach a participant: nodes that have just
 * started find each other in less, and a participant that is down stays so whichever node is asked.
 */
export const UNREACHED_MS_MAX = 3_000;
/** After a connection has failed, its node is not dialled again for so long; it doubles. */
export const RECONNECT_MS_MIN = 50;
export const RECONNECT_MS_MAX = 1_000;
/** The pause after a node has said that a key is not ready, while its caller has time. */
export const KEY_ASKED_AGAIN_MS = 1_000;
/** A stream that breaks off is taken up again, at whichever node, for so long after the first failure. */
export const RESUME_MS_MAX = 60_000;
/** A stream that has lasted so long was there, also without a message: connecting takes less. */
export const HELD_MS_MIN = 5_000;
/** Requests of a stream that a node works on at once, and those that may wait besides. */
export const STREAMED_OPEN_MAX = 64;
export const STREAMED_WAITING_MAX = 1_024;
/** The most that a node gives a request of a stream. */
export const STREAMED_MS_MAX = 120_000;
/** A page of a list is far below this. */
export const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;
/** Public keys that are remembered to verify signatures with. */
export const REMEMBERED_KEYS_MAX = 1_024;
/** The items of a list that is asked for without a limit. */
export const LIST_ITEMS_DEFAULT = 1_000;
/** The most that the server gives in one page. */
export const PAGE_ITEMS_MAX = 1_000;
/** How far ahead a signed request expires at most: a minute less than the cluster takes, for clocks that differ. */
export const REQUEST_LIFETIME_MS_MAX = 9 * 60_000;
/** How far from this machine's clock a cluster's may be, for a request to be signed by it. */
export const CLOCK_CORRECTION_MS_MAX = 60 * 60_000;
/** Flow control: what a node may send before this client has read it, of one answer and of one connection. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;
export const SESSION_WINDOW_BYTES = 4 * 1024 * 1024;
/** The memory of one HTTP/2 session (MB, the unit of nghttp2's option): the answers of its calls at once. */
export const SESSION_MEMORY_MB_MAX = 64;
