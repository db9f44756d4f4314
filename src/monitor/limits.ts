import type { Millis } from '../common/index.js';

/** Waits and bounds of the monitor. All times in milliseconds; those between entries are of the log. */

/** Times to answer are put together over so long. */
export const WINDOW_MS: Millis = 10_000;
/** Windows of an observation, one after the other: a leader is replaced where another was better in each. */
export const WINDOWS = 3;
/** Fewer times than this say nothing of a window. */
export const SAMPLES_MIN = 3;
/** The time of a voter that does not answer, or takes longer. */
export const ANSWER_MS_MAX: Millis = 10_000;

/** A voter that would need so long to commit has half of all points. */
export const HALF_SCORE_MS: Millis = 50;
export const SCORE_MAX = 100;
/** Points by which a link must differ from what was said of it to be told anew. */
export const NEWS_POINTS = 5;
/** An observation is told again after this, though nothing has changed: the rate at which an idle cluster's log grows. */
export const OBSERVED_AGAIN_MS: Millis = 5 * 60_000;
/** The same while another voter is better than the leader. */
export const PENDING_AGAIN_MS: Millis = 1.5 * WINDOW_MS;
/** An observation is of no more use for a decision after this. */
export const OBSERVATION_STALE_MS: Millis = 30_000;
/** The same for what is shown, and for the choice of participants: two that were lost may be between. */
export const OBSERVATION_KEPT_MS: Millis = 3 * OBSERVED_AGAIN_MS;
/** From one entry with observations to the next of the same leader. */
export const OBSERVATIONS_EVERY_MS: Millis = WINDOW_MS;
/** How long a leader waits for the observations of others before it records those that it has. */
export const OBSERVATIONS_WAIT_MS: Millis = 2_000;

/** A candidate has more points than the leader by this share of the leader's, and by this many. */
export const BETTER_SHARE = 0.2;
export const BETTER_POINTS = 10;
/** A leader has led for so long before it is judged. */
export const TENURE_MS: Millis = 60_000;
/** No leader is replaced so soon after a change of leaders, for whatever cause. */
export const COOL_DOWN_MS: Millis = 120_000;
/** Leaders that are replaced within {@link BUDGET_MS}, at most. */
export const SWITCHES_MAX = 4;
export const BUDGET_MS: Millis = 60 * 60_000;
/** A voter to which leadership did not go is not tried again for so long; doubled each time, up to the second. */
export const MUTE_MS: Millis = 5 * 60_000;
export const MUTE_MS_MAX: Millis = 30 * 60_000;
/** A leader that is still there so long after it was to hand over has failed to: more than a transfer takes. */
export const SWITCH_FAILED_MS: Millis = 5_000;
/** The voter that was replaced last does not lead again, by the monitor's doing, for so long. */
export const RECOVERY_MS: Millis = 10 * 60_000;
/** Switches that are remembered: all that the budget counts, and some to show. */
export const SWITCHES_KEPT = 8;
/** A clock is not heard that is away from the log's time by more than this. */
export const CLOCK_APART_MS: Millis = 30_000;

/** A participant is good that has this share of the best one's points. */
export const GOOD_SHARE = 0.6;
/** A node that could have taken part and was passed over so often is taken next, however slow it is. */
export const PASSED_MAX = 64;
/** The chooser's own weight, as a multiple of another's: its contribution costs no message. */
export const OWN_WEIGHT = 2;
/** A node of which nothing is known is worth this much. */
export const UNKNOWN_SCORE = 50;

/** Leaders whose tasks are counted, and reasons of failures that are told apart for each. */
export const LEADERS_MAX = 20;
export const REASONS_MAX = 16;
/** The latest tasks of each leader whose times are kept. */
export const TIMES_KEPT = 128;
