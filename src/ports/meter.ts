/** The part of a task's life that a duration is of. */
export type TaskPhase =
  /** From the request in the log to its first attempt. */
  | 'open'
  /** From the first attempt to the outcome. */
  | 'work';

export type TaskResult = 'done' | 'failed' | 'cancelled';

/** Counts and durations for whoever watches a node. Every call is cheap, and none throws. Labels are words of the code. */
export interface Meter {
  /** A task has its outcome in the state of this node. */
  taskClosed(kind: string, result: TaskResult): void;
  taskPhase(kind: string, phase: TaskPhase, seconds: number): void;
  /**
   * A client's call has been answered.
   *
   * @param code - The status, as gRPC names it.
   * @param reason - Of a refusal.
   */
  callEnded(method: string, code: string, reason: string | undefined, seconds: number): void;
  /** This node has come to know another leader. */
  leaderChanged(): void;
  /** A leader hands over because another voter does better. */
  leaderSwitched(): void;
  /** @param count - Lines, those that were held back included. */
  alarmRaised(kind: string, count: number): void;
}
