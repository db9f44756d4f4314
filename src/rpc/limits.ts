import type { Rate } from '../common/index.js';

/** Every bound of the two listeners and of the streams between nodes. What decides outcomes is in the genesis instead. */

/** A client's message: the request itself, and room for the fields around a message of that size. */
export const CLIENT_MESSAGE_BYTES_MAX = 64 * 1024 + 1024;
/** The largest message of one node to another. */
export const PEER_MESSAGE_BYTES_MAX = 256 * 1024;
/** Tag and length that a stream's wrapper adds to a peer's message. */
export const WRAPPER_BYTES_MAX = 16;
/** The longest frame between nodes: one message of that size, or many that are together no longer. */
export const FRAME_BYTES_MAX = PEER_MESSAGE_BYTES_MAX + WRAPPER_BYTES_MAX;
/** Messages in one frame: it is read in one step. */
export const FRAME_MESSAGES_MAX = 64;
/** Messages of tasks ride with consensus up to so many bytes together: more would keep a heartbeat waiting. */
export const RIDING_BYTES_MAX = 4 * 1024;

export const CONCURRENT_STREAMS_MAX = 100;
/** On one connection: a node opens one stream, and another when that one ended. */
export const PEER_CONCURRENT_STREAMS_MAX = 16;
/** Memory of one HTTP/2 session, in MB (the unit of nghttp2's option). */
export const SESSION_MEMORY_MB_MAX = 10;
/**
 * The most that HTTP/2 takes as headers of one call. Far above what the guard lets through: beyond this the stream is
 * reset, and what clients make of that differs from library to library.
 */
export const HEADER_BYTES_MAX = 128 * 1024;
export const HEADER_PAIRS_MAX = 512;
/** Metadata of one call: names and values together, and how many. Beyond that a call is refused with a reason. */
export const METADATA_BYTES_MAX = 8 * 1024;
export const METADATA_PAIRS_MAX = 32;

/** A connection that has not sent a byte by then is closed. */
export const FIRST_BYTE_MS_MAX = 1_000;
export const HANDSHAKE_MS_MAX = 5_000;
/** Connections of one port. */
export const CONNECTIONS_MAX = 2_000;
/** From one IPv4 address or IPv6 network of 64 bits. */
export const CONNECTIONS_PER_ADDRESS_MAX = 32;
/**
 * TLS handshakes: each costs some ms, and its far end is known only after it. For one address (or network); for all
 * addresses from which no handshake has succeeded lately; and for those from which one has, which strangers cannot use up.
 */
export const HANDSHAKES_PER_ADDRESS = { perSecond: 10, burst: 64 };
export const HANDSHAKES_OF_STRANGERS = { perSecond: 25, burst: 128 };
export const HANDSHAKES_OF_KNOWN = { perSecond: 100, burst: 512 };
/** Addresses whose handshakes are counted, and that are known. */
export const ADDRESSES_REMEMBERED = 1_024;
/** Connections that one member may have open to another: two streams of its own, and as many that are dying. */
export const CONNECTIONS_PER_MEMBER = 4;
/** The frames without a call that a client may send: at once, and steadily; pings, settings, window updates. */
export const FRAMES_BYTES_BURST = 256 * 1024;
export const FRAMES_BYTES_PER_SECOND = 4 * 1024;
/** Each call pays for its metadata and so much more, and for the frames that its answer makes necessary. */
export const CALL_FRAMES_BYTES_MAX = 1024;
export const ANSWER_FRAMES_BYTES_MAX = 16 * 1024;
/** And each message for its frames. */
export const MESSAGE_FRAMES_BYTES_MAX = 1024;
/**
 * Streams that end without a request, at once (those that are open, too: twice what may be) and steadily. Each costs the
 * main thread about as much as a call that is refused.
 */
export const RESETS_BURST = 200;
export const RESETS_PER_SECOND = 10;
/** How often that is looked at. */
export const FLOOD_CHECK_MS = 250;

/** Requests of one caller, and calls of one and of all that are open: far above what the cluster can do for one. */
export const CALLS_PER_SECOND = 2_000;
export const CALLS_BURST = 4_000;
export const CALLS_OPEN_PER_CALLER_MAX = 256;
export const CALLS_OPEN_MAX = 4_096;
/** Of those, streams of answers (health watches, reflection) of one caller and of all: they last as long as their clients like. */
export const STREAMS_OPEN_PER_CALLER_MAX = 32;
export const STREAMS_OPEN_MAX = 512;
/** How often a node looks whether it has something to tell on them. */
export const STREAMS_LOOK_MS = 250;
/** Requests of one stream that have no answer which its client has taken: no more are read meanwhile. */
export const STREAMED_OPEN_MAX = 64;
/** A stream whose client takes no message for so long is ended. */
export const SLOW_READER_MS_MAX = 30_000;
/** And lists: a node works on a few at a time, so a caller waits for itself. */
export const LISTS_OPEN_PER_CALLER_MAX = 8;
export const CALLERS_REMEMBERED = 1_024;
/** The main thread's time that calls of one caller may cost, steadily and at once, in ms: measured, and so much for each. */
export const WORK_MS_PER_SECOND = 500;
export const WORK_MS_BURST = 500;
export const CALL_WORK_MS = 0.25;
/** The most that one step is charged with: no step that is meant takes longer. */
export const WORK_STEP_MS_MAX = 25;
/** How long one turn of the event loop begins calls that came together, and one call more. */
export const CALLS_TURN_MS = 4;
/** How often the event loop is looked at, and how late it may be before the time of callers has a price. */
export const LOOP_CHECK_MS = 100;
export const LOOP_LATE_MS = 20;
/** The highest price; and what a caller may use of a second that never has one. */
export const WORK_PRICE_MAX = 8;
export const WORK_MODEST_MS = 100;
/** Callers that use less than this of a second, all others together, are not others that a caller delays. */
export const WORK_OTHERS_MS = 5;
/** A caller that waits is not told to come again sooner. */
export const RETRY_MS_MIN = 500;
/** Calls of one caller that are refused before they are read. A caller that goes on loses its connection. */
export const REFUSALS_PER_SECOND = 200;
export const REFUSALS_BURST = 400;

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

/** The time for a call whose client names no deadline, and the most. */
export const CALL_MS_DEFAULT = 30_000;
export const CALL_MS_MAX = 120_000;
/** The longest deadline of a client that is kept: a day. A longer one counts as this. */
export const DEADLINE_SECONDS_MAX = 86_400;
/** How old the answer of a health check may be. */
export const HEALTH_INTERVAL_MS = 250;
/** The time that a stop waits for calls in flight. */
export const STOP_GRACE_MS = 5_000;
/** The time that the far ends then have to read the reason; after that every socket is destroyed. */
export const STOP_FORCED_MS = 250;

/** TCP, TLS and HTTP/2's SETTINGS of one attempt to reach a peer; and then so long again for its hello. */
export const DIAL_MS_MAX = 2_000;
/** Attempts that wait for the system's answer about one name. Older ones have ended: this is a minute's. */
export const LOOKUP_CALLERS_MAX = 64;
/** An answer that takes longer makes a name a slow one; and so many are remembered, all that a cluster has. */
export const LOOKUP_SLOW_MS = 1_000;
export const SLOW_NAMES_MAX = 256;
/** A node asks its peers this often whether they live (HTTP/2 PING), and gives a link up that does not answer by then. */
export const PEER_PING_INTERVAL_MS = 1_000;
export const PEER_PING_MS_MAX = 2_000;
/** The longest answer on a stream between nodes: a hello. */
export const ANSWER_BYTES_MAX = 4 * 1024;
/** Between two lines about one reason why a peer is not reached. */
export const LINK_LINE_EVERY_MS = 60_000;
/** The ends of one link that are told, each with the opening that follows it. */
export const LINK_ENDS_TOLD: Rate = { perSecond: 1 / 60, burst: 4 };
/** A process of a member that is heard again so soon after another one took its place still runs. */
export const TWINS_MS = 60_000;

/** A stream that has not said hello by then is closed. */
export const HELLO_MS_MAX = 5_000;
/**
 * Bytes that a member may send on its tasks streams: each message costs so much more, for the work that it is. Beyond this its
 * stream is not read until there is budget again. A cluster that makes 500 signatures a second sends 1.5 MB of them.
 */
export const TASKS_BYTES: Rate = { perSecond: 8 * 1024 * 1024, burst: 16 * 1024 * 1024 };
export const TASKS_MESSAGE_COSTS_BYTES = 2 * 1024;

/** The messages that wait for one peer on one channel; the newest beyond it are dropped. */
export const QUEUED_MESSAGES_MAX = 2_048;
export const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
export const RECONNECT_MS_MIN = 50;
export const RECONNECT_MS_MAX = 1_000;
