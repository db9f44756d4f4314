import type { Millis } from '../../common/index.js';

/**
 * How long suspected contradictions wait for their signatures to be verified: so a voter that contradicts others all the time
 * costs ten verifications a second.
 */
export const FORK_VERIFY_AFTER_MS: Millis = 100;

/** How long a node's log is contradicted and confirmed by no majority before an operator is told. It signs nothing from the first. */
export const UNCONFIRMED_TOLD_AFTER_MS: Millis = 1_000;

/** Of so many terms, the last ones, a node remembers how far it has acknowledged its log. */
export const ACKED_TERMS_MAX = 8;
