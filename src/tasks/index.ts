/**
 * The TaskManager: what one node does for the tasks in the replicated state, as a participant, as the leader, and for
 * the clients that wait on it. It reads the state and proposes entries; it never writes the state itself. Everything
 * that it does is idempotent by session. The rules of when a node contributes are in docs/threats.md.
 */
export type { Arithmetic } from './arithmetic.js';
export { Connections } from './connections.js';
export type { Consensus, Outbox, TaskContext } from './context.js';
export type {
  Answer,
  AnswerDriver,
  AttemptDue,
  Combined,
  Combining,
  DriverTable,
  KindDriver,
  LeaderContext,
  LeaderDriver,
  ParticipantContext,
  ParticipantDriver,
} from './kinds/driver.js';
export { TASK_DRIVERS } from './kinds/index.js';
export type {
  FailureStanding,
  FailureSubject,
  SessionFailureCount,
} from './kinds/sign/session-failures.js';
export type { UnlockOrder } from './requests/unlocking.js';
export type { LeadershipOrder } from './requests/leadership-orders.js';
export { MONITOR_MODES } from './monitor/monitor.js';
export type { MonitorMode, MonitorStatus } from './monitor/monitor.js';
export type { PrimeStock } from './participant/prime-pool.js';
export type { LiveAttempt, LiveTask } from './live-tasks.js';
export { PRESIGNATURES_PER_POOL, PRESIGNATURES_PER_POOL_MAX } from './limits.js';
export { COMPLAINT_KIND, DECLINED_KIND } from './messages.js';
export type { ProvenCulprit } from './blame/culprits.js';
export type { Submission } from './requests/submission.js';
export { batchOf } from './work.js';
export type { Batch } from './work.js';
export { TaskManager } from './task-manager.js';
export type { PresignatureStocks, TaskManagerParts } from './task-manager.js';
