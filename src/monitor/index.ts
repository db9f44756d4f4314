/**
 * How well each voter does, by what the others have seen of it: points, whether the leader is to be replaced, and who takes part in
 * sessions. Pure: it knows no clock, no state and no message; others hand in what is in the log.
 */
export { inOrder, Passed } from './choice.js';
export type { Able } from './choice.js';
export { decide, isOutdone } from './decide.js';
export type { Question, StayReason, Verdict } from './decide.js';
export { LeaderRecords } from './leader-records.js';
export type { LeaderRecord } from './leader-records.js';
export {
  ANSWER_MS_MAX,
  CLOCK_APART_MS,
  OBSERVATIONS_EVERY_MS,
  OBSERVATIONS_WAIT_MS,
  WINDOW_MS,
  WINDOWS,
} from './limits.js';
export { commitMs } from './observations.js';
export type { Links, Observation } from './observations.js';
export { among, at, NO_RECORD, observed, switched } from './record.js';
export type { MonitorRecord, Mute, Switch, SwitchOutcome } from './record.js';
export { pointsOf, scores } from './scores.js';
export type { Score } from './scores.js';
export { isWorthTelling } from './telling.js';
export type { Telling } from './telling.js';
export { Windows } from './windows.js';
