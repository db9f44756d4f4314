import type { Millis } from '../../common/index.js';

/** A delivery: genesis, authorities and a certificate, in JSON. */
export const DELIVERY_BYTES_MAX = 1024 * 1024;
/** Any answer of a node. */
export const ANSWER_BYTES_MAX = 32 * 1024;
export const HEADER_BYTES_MAX = 4 * 1024;
/** Connections to a node that waits, all together. Two are the most that whoever makes the cluster needs. */
export const CONNECTIONS_MAX = 32;
/** A call to a node that waits, from its first byte to its last. */
export const CALL_MS_MAX: Millis = 5_000;
/** How often a node that does not answer is asked again. */
export const ASK_AGAIN_MS: Millis = 1_000;
/** How long a node waits for its genesis, and a cluster's maker for its nodes, unless told. */
export const GENESIS_WAIT_MS: Millis = 24 * 60 * 60_000;
export const NODES_WAIT_MS: Millis = 10 * 60_000;
/** How often a node that waits says whom it has refused. */
export const REFUSALS_TOLD_EVERY_MS: Millis = 10_000;
