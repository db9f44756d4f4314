import type { SessionId, TaskId } from '../common/index.js';
import { sessionId, taskId, toHex } from '../common/index.js';
import type { Queries } from '../state/index.js';
import { isOpen } from '../state/index.js';
import type { AttemptRecord, KeyRecord, TaskRecord } from '../wire/index.js';

/** One attempt of an open task, found by its session. */
export type OpenSession = {
  readonly session: SessionId;
  readonly task: OpenTask;
  readonly attempt: AttemptRecord;
};

export type OpenTask = {
  readonly id: TaskId;
  readonly record: TaskRecord;
  readonly signs: boolean;
  readonly expireTimeMs: number;
  /** Sign: the key. */
  readonly key: KeyRecord | undefined;
  readonly sessions: readonly OpenSession[];
};

/** The tasks without an outcome, read once per change instead of once per look. */
export class OpenTasks {
  readonly #queries: Queries;
  readonly #tasks = new Map<TaskId, OpenTask>();
  readonly #sessions = new Map<SessionId, OpenSession>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Reads a task again, and says whether it is open. */
  refresh(id: TaskId): OpenTask | undefined {
    this.#forget(id);
    const record = this.#queries.task(id);
    if (!isOpen(record)) return undefined;
    const sessions: OpenSession[] = [];
    const task: OpenTask = {
      id,
      record,
      signs: record.kind === 'sign',
      expireTimeMs: Number(record.expireTimeMs),
      key: record.kind === 'sign' ? this.#queries.key(record.keyId) : undefined,
      sessions,
    };
    for (const attempt of record.attempts) {
      const session = sessionId(toHex(attempt.sessionId));
      const open = { session, task, attempt };
      sessions.push(open);
      this.#sessions.set(session, open);
    }
    this.#tasks.set(id, task);
    return task;
  }

  /** Every task that is open in the state or was open here: what a full look has to refresh. */
  ids(): readonly TaskId[] {
    const before = [...this.#tasks.keys()];
    const now = this.#queries.tasks('', Number.MAX_SAFE_INTEGER, true);
    const ids = new Set([...before, ...now.map((record) => taskId(record.taskId))]);
    return [...ids];
  }

  get(id: TaskId): OpenTask | undefined {
    return this.#tasks.get(id);
  }

  session(session: SessionId): OpenSession | undefined {
    return this.#sessions.get(session);
  }

  all(): Iterable<OpenTask> {
    return this.#tasks.values();
  }

  get size(): number {
    return this.#tasks.size;
  }

  #forget(id: TaskId): void {
    for (const { session } of this.#tasks.get(id)?.sessions ?? []) this.#sessions.delete(session);
    this.#tasks.delete(id);
  }
}
