/** Bounds of the contract and of the state machine. Those that a cluster may choose are in its genesis. */

export const LABELS_MAX = 32;
export const LABEL_VALUE_CHARS_MAX = 256;
export const ALLOWED_SIGNERS_MAX = 64;
/** A request as received. */
export const REQUEST_BYTES_MAX = 64 * 1024;
/** Attempts of one task. */
export const ATTEMPTS_MAX = 8;
/** How far ahead of the cluster's clock a request may expire. */
export const EXPIRY_AHEAD_MS_MAX = 10 * 60 * 1000;
/** A voucher reckons from its node's own clock, which may be ahead of the cluster's by this much. */
export const CLOCK_AHEAD_MS_MAX = 5000;
/** How long the outcome of a request is remembered. */
export const OUTCOME_KEPT_MS = 60 * 60 * 1000;
/** Timers that are run before each request. */
export const TIMERS_PER_REQUEST_MAX = 64;
/** Words of a failure and evidence that an entry may carry. */
export const REASON_CHARS_MAX = 64;
export const EVIDENCE_ITEMS_MAX = 8;
/** All evidence of one entry, below {@link LARGE_EVIDENCE_LEVEL}: one item of FROST with the largest request fits. */
export const SMALL_EVIDENCE_BYTES_MAX = 96 * 1024;
/**
 * The same from that level on: one item of the longest proofs of auxiliary material fits, which is 104 kB where moduli have 3072 bits, and
 * a false accusation that holds it. An entry's payload is 192 KiB at most: the rest of it is room for the task's id and the words.
 */
export const EVIDENCE_BYTES_MAX = 176 * 1024;
export const LARGE_EVIDENCE_LEVEL = 3;

/** Work on a list between two turns of the loop: one for each row that is looked at, about a tenth of a microsecond. */
export const LIST_SLICE_WORK = 4_096;
/** The work of reading a record for a list, and of taking one into the index. */
export const LIST_RECORD_WORK = 128;
export const LISTED_RECORD_WORK = 16;
/** The records behind a page of a list that are counted: each page of a long list would cost a walk to its end. */
export const LIST_MORE_COUNT_MAX = 10_000;

/** Bytes of the requests of open tasks, in all. From level 2 on. */
export const OPEN_BYTES_MAX = 256 * 1024 * 1024;

/** The feature level from which on one requester cannot fill what all share. */
export const SHARES_LEVEL = 2;
/** The feature level from which on an operator signs only with keys that are its own or name it. */
export const OPERATORS_APART_LEVEL = 2;

/** The feature level from which on an operator can correct the cluster's time. */
export const CLOCK_LEVEL = 3;
/** A correction names the time that the operator saw; it may have gone on by this much. */
export const TIME_SEEN_AGO_MS_MAX = 10 * 60 * 1000;
/** A correction of less than this is of no use: clocks differ, and time goes ahead again by itself. */
export const TIME_BACK_MS_MIN = 60 * 1000;
/** All corrections together: the log's time, which they push ahead of the clocks, must stay below 2^53. */
export const CORRECTION_MS_MAX = 2 ** 52;

export const HASH_BYTES = 32;
/** Values of the state that a node keeps in memory beside the store, of at most some 100 kB each. */
export const VALUES_REMEMBERED_MAX = 256;

/** The feature level from which on messages are hashed for a key, and digests signed. */
export const DIGESTS_LEVEL = 3;

/** The feature level from which on the cluster opens tasks of its own, and sets have auxiliary material. */
export const UPKEEP_LEVEL = 3;
/** The life of a task that the cluster asks of itself. */
export const UPKEEP_LIFE_MS = 10 * 60 * 1000;
/** How long its outcome is remembered: for readers alone, since no request id names it. */
export const UPKEEP_KEPT_MS = 60 * 1000;
/** Participant sets with keys, or with a key that is being made. Each is prepared once a day. */
export const SETS_MAX = 64;
/** Prepares that are open at once. */
export const PREPARES_OPEN_MAX = 4;
/** The age at which the auxiliary material of a set that has keys is renewed. */
export const GENERATION_AGE_MS = 24 * 60 * 60 * 1000;
/** The age at which material that not all participants have is made again, by others of them too. */
export const PARTIAL_AGE_MS = 60 * 60 * 1000;
/** From a prepare that came to nothing to the next of the set: doubled each time, up to the second. */
export const PREPARE_WAIT_MS = 60 * 1000;
export const PREPARE_WAIT_MS_MAX = 60 * 60 * 1000;

/** Presignatures that are being made at once: all that a leader can have made, so this bounds what it can make the cluster do. */
export const PRESIGNS_OPEN_MAX = 4;
/** From a presignature that came to nothing to the key's next: doubled each time, up to the second. */
export const PRESIGN_WAIT_MS = 10 * 1000;
export const PRESIGN_WAIT_MS_MAX = 60 * 60 * 1000;

/** The feature level from which on keys can be retired, restored and destroyed. */
export const ENDS_LEVEL = 3;
/** From the entry that retires a key to the time from which on it can be destroyed, and the bounds of what may be asked. */
export const RECOVERY_WINDOW_MS = 7 * 24 * 60 * 60 * 1000;
export const RECOVERY_WINDOW_MS_MIN = 60 * 1000;
export const RECOVERY_WINDOW_MS_MAX = 365 * 24 * 60 * 60 * 1000;
/** The feature level from which on keys are shared anew, and tasks can be cancelled. */
export const RESHARE_LEVEL = 3;
/** From one refresh of a key to the next, unless its requester chooses another, or none; and the bounds of what it may choose. */
export const RESHARE_INTERVAL_MS = 24 * 60 * 60 * 1000;
export const RESHARE_INTERVAL_MS_MIN = 60 * 60 * 1000;
export const RESHARE_INTERVAL_MS_MAX = 365 * 24 * 60 * 60 * 1000;
/** Reshares that requesters have open at once. */
export const RESHARES_OPEN_MAX = 64;
/** Refreshes that are open at once: all that a leader can open, so this bounds what it can make the cluster do. */
export const REFRESHES_OPEN_MAX = 8;
/** From a refresh that came to nothing to the key's next: doubled each time, up to the second. */
export const REFRESH_WAIT_MS = 60 * 1000;
export const REFRESH_WAIT_MS_MAX = 60 * 60 * 1000;
/** From one refresh for a culprit to the key's next: the state judges no evidence, so it bounds how often. */
export const CULPRIT_REFRESH_MS = 60 * 60 * 1000;
/** Of a refresh's evidence. Longer evidence waits for the key's own time. */
export const CULPRIT_EVIDENCE_BYTES_MAX = 48 * 1024;
/**
 * Of a prepare's: evidence of false material in that prepare, which has its request twice where it is a false accusation, must still fit
 * an entry.
 */
export const PREPARE_EVIDENCE_BYTES_MAX = 32 * 1024;
/** Keys whose time has come that a leader looks at in one sweep. */
export const REFRESHES_LOOKED_AT_MAX = 256;
/** Keys that are being destroyed at once. A task waits as long as a node is away. */
export const DESTROYS_OPEN_MAX = 4_096;

/** The feature level from which on certificates can be revoked. */
export const REVOCATIONS_LEVEL = 3;
/** Serial numbers and keys that are revoked, for the life of the cluster: what every node keeps in memory. */
export const REVOCATIONS_MAX = 4_096;
/** The feature level from which on voters sign their state at checkpoints. */
export const CHECKPOINT_LEVEL = 3;

/** Ed25519. */
export const IDENTITY_KEY_BYTES = 32;
