import type { Millis } from '../common/index.js';

/** A file that would be longer gets no more lines: the next one begins. It is read at a start, as far as it goes. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Files that stay in the folder: 4 GiB of {@link FILE_BYTES_MAX}. Each time a file begins, the oldest above that are removed. */
export const FILES_KEPT = 256;
export const FILES_KEPT_MIN = 2;
export const FILES_KEPT_MAX = 1_000_000;
/**
 * Between two writes. The state of a node is durable no sooner than its lines, so a crash costs so much to apply again; and each
 * write is a sync, behind which the log's next one may wait.
 */
export const WRITE_EVERY_MS: Millis = 250;
/** Of one write. */
export const WRITE_BYTES_MAX = 1024 * 1024;
/** After a write that failed. */
export const WRITE_AGAIN_MS: Millis = 1_000;
/** A node whose lines wait for longer gives no share. */
export const LAG_MS_MAX: Millis = 5_000;
/** A node that has applied so many entries, or bytes of them, whose lines are not durable applies no more for now. */
export const WAITING_ENTRIES_MAX = 4_096;
export const WAITING_BYTES_MAX = 16 * 1024 * 1024;
