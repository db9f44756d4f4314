import type { Millis } from '../../../common/index.js';

/** Requests of one kind that one node has under way for its clients: at first, at least and at most. */
export const IN_FLIGHT_START = 16;
export const IN_FLIGHT_MIN = 4;
export const IN_FLIGHT_MAX = 64;
/**
 * Requests take at most so many times the least time that such requests took here; else fewer are under way. Many at a time
 * cost less each, because what they need is done in batches.
 */
export const SLOWER_TIMES_MAX = 16;
/** The same of a modest caller's requests beside callers that hold half of the places and more. */
export const HELD_UP_TIMES_MAX = 4;
/** The requests that a modest caller has under way or waiting. */
export const MODEST_REQUESTS_MAX = 2;
/** The answers of a class after which its times count: the first ones find caches empty. */
export const LEAST_AFTER = 16;
/** Requests of one caller that may wait for their turn in any case, if their own time allows it; and of all callers. */
export const WAITING_ALWAYS = 64;
export const WAITING_MAX = 4_096;
/**
 * A caller with more waiting is told when to come again if its next request would wait so many times as long as one takes that
 * is under way.
 */
export const TURN_TIMES_MAX = 4;
/** So many times the usual time a request keeps its place, and so long at least; then the next one has its turn. */
export const HELD_TIMES = 8;
export const HELD_MS_MIN: Millis = 1_000;
/** The time after which a refused caller is told to come again. */
export const COME_AGAIN_MS_MIN: Millis = 100;
export const COME_AGAIN_MS_MAX: Millis = 10_000;
