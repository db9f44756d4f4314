/** Every bound of the two listeners and of the streams between nodes. What decides outcomes is in the genesis instead. */

/** A client's message: the request itself, and room for the fields around a message of that size. */
export const CLIENT_MESSAGE_BYTES_MAX = 64 * 1024 + 1024;
/** What one node may tell another in one message. */
export const PEER_MESSAGE_BYTES_MAX = 256 * 1024;
/** Tag and length that a stream's wrapper adds to a peer's message. */
export const WRAPPER_BYTES_MAX = 16;
/** What a node answers: a page of keys stays below the 4 MiB that gRPC clients take by default. */
export const PAGE_BYTES_MAX = 2 * 1024 * 1024;

export const CONCURRENT_STREAMS_MAX = 100;
/** On one connection: a node opens one stream, and another when that one ended. */
export const PEER_CONCURRENT_STREAMS_MAX = 16;
/** Memory of one HTTP/2 session, in MB (the unit of nghttp2's option). */
export const SESSION_MEMORY_MB_MAX = 10;
/** All headers of one call together. */
export const HEADER_BYTES_MAX = 8 * 1024;
export const HEADER_PAIRS_MAX = 48;
export const HANDSHAKE_MS_MAX = 5_000;

/** A call whose one request is not there by then is ended; its own deadline begins when it is. */
export const REQUEST_ARRIVAL_MS_MAX = 10_000;
export const CONNECTION_IDLE_MS_MAX = 300_000;
export const CONNECTION_AGE_MS_MAX = 3_600_000;
export const CONNECTION_AGE_GRACE_MS = 30_000;
export const KEEPALIVE_INTERVAL_MS = 30_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
/** Between nodes a dead connection must not hide for longer than a few elections. */
export const PEER_KEEPALIVE_INTERVAL_MS = 5_000;
export const PEER_KEEPALIVE_TIMEOUT_MS = 3_000;

/** What a call may take when its client names no deadline, and at most. */
export const CALL_MS_DEFAULT = 30_000;
export const CALL_MS_MAX = 120_000;
/** How long a GenerateKey may be worked on, whatever the deadline of the call that asked (`docs/threats.md`, genesis). */
export const GENERATE_KEY_LIFETIME_MS = 10 * 60_000;
/** The longest life of any request. */
export const REQUEST_LIFETIME_MS_MAX = 10 * 60_000;
/** From this part of its time on, a GenerateKey answers with its task alone. */
export const EARLY_ANSWER_FRACTION = 0.9;
/** How often it looks for its task after that, as a part of its time. */
export const EARLY_ANSWER_STEP_FRACTION = 0.02;

export const PAGE_ITEMS_DEFAULT = 100;
export const PAGE_ITEMS_MAX = 1000;
/** Records that one ListTasks looks at to find those that its caller may see. */
export const SCANNED_TASKS_MAX = 10_000;

/** How old the answer of a health check may be. */
export const HEALTH_INTERVAL_MS = 250;
/** What a stop waits for calls in flight. */
export const STOP_GRACE_MS = 5_000;
/** What it then waits for sockets to go away: one that never finished its handshake is left to time out. */
export const STOP_FORCED_MS = 1_000;

/** A stream that has not said hello by then is closed. */
export const HELLO_MS_MAX = 5_000;
/** What waits for one peer on one channel; the newest beyond it is dropped. */
export const QUEUED_MESSAGES_MAX = 2_048;
export const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
export const RECONNECT_MS_MIN = 50;
export const RECONNECT_MS_MAX = 1_000;
