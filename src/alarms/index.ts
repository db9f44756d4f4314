/**
 * Lines of the log that another node or a caller can cause: a fixed set of kinds, each at a pace for each peer, with a
 * count of what was held back. So what a peer sends costs a bounded number of lines, whatever it is. The logger below
 * writes a line synchronously. What a node says of itself alone goes to the logger directly.
 */
export { Alarms } from './alarms.js';
export { ALARM_LEVELS } from './kinds.js';
export type { AlarmKind } from './kinds.js';
export { ALARM_EVERY_MS, ALARM_PLACES_MAX } from './limits.js';
