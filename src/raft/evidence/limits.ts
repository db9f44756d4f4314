import type { Millis } from '../../common/index.js';

/** The feature level from which on voters say to each other whom they vote for, and keep each other's signed words. */
export const RECORDS_LEVEL = 3;

/**
 * How long words of other voters wait until the newest of each is verified, for the next write to hold it: so a busy cluster
 * verifies ten times a second for each voter, however many words come, and no write waits for it.
 */
export const VERIFY_AFTER_MS: Millis = 100;

/** How often a leader is told what its followers acknowledge, which it needs for its records alone: the newest. */
export const LEADER_TOLD_AFTER_MS: Millis = 100;
