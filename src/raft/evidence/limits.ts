import type { Millis, Rate } from '../../common/index.js';

/** The feature level from which on voters say to each other whom they vote for, keep each other's signed words and show them. */
export const RECORDS_LEVEL = 3;

/**
 * How long words of other voters wait until the newest of each is verified, for the next write to hold it: so a busy cluster
 * verifies ten times a second for each voter, however many words come, and no write waits for it.
 */
export const VERIFY_AFTER_MS: Millis = 100;

/** How often a leader is told what its followers acknowledge, which it needs for its records alone: the newest. */
export const LEADER_TOLD_AFTER_MS: Millis = 100;
/** How long that waits then for a message that leaves for the leader anyway. */
export const LEADER_TOLD_WITHIN_MS: Millis = 400;

/** How often a node asks again a voter that has not shown what it has in this run: what is shown unasked can be lost. */
export const ASK_AGAIN_MS: Millis = 1_000;
/** Requests of one voter that are answered: what is newer than the last answer has its signatures verified. */
export const SHOW_RATE: Rate = { perSecond: 8, burst: 16 };
/** Records shown by one voter that are judged: only such as can convict have a signature verified. */
export const JUDGE_RATE: Rate = { perSecond: 8, burst: 16 };
