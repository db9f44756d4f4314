import type { Millis, Rate } from '../common/index.js';

/** Fewer tolerate no loss, and more are no trial on one machine: each node is a process. */
export const DEV_NODES_MIN = 3;
export const DEV_NODES_MAX = 10;

/** A node of `quorate dev` begins a new log when the one before is longer; that one is kept, and none before it. */
export const DEV_LOG_BYTES_MAX = 16 * 1024 * 1024;

/**
 * How often `quorate dev` starts a node again that has taken a snapshot. A node does so once after a long absence; one that does
 * it all the time is to be looked at.
 */
export const DEV_RESTARTS: Rate = { perSecond: 1 / 60, burst: 3 };

/** How long a command waits in silence before it says what it waits for. */
export const SILENCE_MS: Millis = 2_000;

/** The same of an ECDSA signature, which takes seconds where nothing is missing. */
export const SILENCE_ECDSA_MS: Millis = 8_000;

/** How long nodes have to show their clocks, beside a call that waits. */
export const CLOCKS_MS: Millis = 2_000;

/** How often it is looked at what a key waits for that takes minutes. */
export const PREPARATION_POLL_MS: Millis = 3_000;

/** How often a process that npm started looks whether npm is still there. */
export const PARENT_LOOK_MS: Millis = 500;
/** A member that has said nothing for so long is called silent; heartbeats come every 50 ms. */
export const SILENT_MS: Millis = 1_000;
