import type { Millis } from '../common/index.js';

/** Between two lines of one kind about one peer. */
export const ALARM_EVERY_MS: Millis = 10_000;
/** Pairs of kind and peer that are told apart. Beyond it the lines of a kind share one place, whatever the peer. */
export const ALARM_PLACES_MAX = 1_024;
