import type { Millis } from '../../../common/index.js';

/** Requests of one kind that one node has under way for its clients: at first, at least and at most. */
export const IN_FLIGHT_START = 16;
export const IN_FLIGHT_MIN = 4;
export const IN_FLIGHT_MAX = 64;
/** They take at most so many times the least time that such requests took here; else fewer are under way. */
export const SLOWER_TIMES_MAX = 4;
/** The answers of a class after which its times count: the first ones find caches empty. */
export const LEAST_AFTER = 16;
/**
 * A request waits for its turn at most about so many times as long as one takes that is under way: 64 of one caller wait even
 * at the lowest limit. A caller whose next request would wait longer is told when to come again.
 */
export const TURN_TIMES_MAX = 16;
/** So many times the usual time a request keeps its place, and so long at least; then the next one has its turn. */
export const HELD_TIMES = 8;
export const HELD_MS_MIN: Millis = 1_000;
/** The time after which a refused caller is told to come again. */
export const COME_AGAIN_MS_MIN: Millis = 100;
export const COME_AGAIN_MS_MAX: Millis = 10_000;
