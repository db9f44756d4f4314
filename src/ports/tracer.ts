import type { TaskId } from '../common/index.js';

/** The part of a task's work that a span is of. */
export type SpanName =
  /** A client's call, until it has the answer. */
  | 'call'
  /** At the node that was called, from the request until its answer. */
  | 'request'
  /** At the leader, from its first look at the task until the outcome is in the log. */
  | 'lead'
  /** At a participant, for one attempt, until its contribution or refusal leaves. */
  | 'contribute';

/** Words of the code, names and numbers: no message, no secret. */
export type SpanFacts = Readonly<Record<string, string | number>>;

/** Work that has begun. */
export interface Span {
  /**
   * Ends it; a second time nothing happens.
   *
   * @param fault - The reason for which it came to nothing.
   */
  end(facts?: SpanFacts, fault?: string): void;
}

/** Shows who worked on a task, when, and for how long. Every call is cheap, and none throws. */
export interface Tracer {
  begin(task: TaskId, name: SpanName, facts: SpanFacts): Span;
}
