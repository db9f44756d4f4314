import type { Millis, NodeId, SessionId, TaskId } from '../common/index.js';
import { equal, nodeId, sessionId, taskId, toHex } from '../common/index.js';
import { isOpen, parseTask, resharingOf } from '../state/index.js';
import type { ActiveKey, JudgingContext, ParsedRequest } from '../state/index.js';
import type {
  Attempt,
  AttemptRecord,
  BootedNode,
  KeyParticipant,
  TaskRecord,
} from '../wire/index.js';
import type { AppliedState } from './context.js';

/** A task without an outcome, its request parsed once. */
export type LiveTask<P extends ParsedRequest = ParsedRequest> = {
  readonly id: TaskId;
  readonly kind: P['kind'];
  readonly record: TaskRecord;
  readonly asked: P;
  /** The nodes that can take part, in order of party index. */
  readonly participants: readonly KeyParticipant[];
  /** The existing key that is used, if one is, as it is now. */
  readonly key: ActiveKey | undefined;
  readonly expireTimeMs: Millis;
  /** The oldest first. */
  readonly attempts: readonly LiveAttempt<P>[];
};

/** One attempt of a live task, found by its session. */
export type LiveAttempt<P extends ParsedRequest = ParsedRequest> = {
  readonly session: SessionId;
  readonly task: LiveTask<P>;
  readonly number: number;
  readonly record: AttemptRecord;
  /** The nodes that it asks to contribute. */
  readonly nodes: readonly NodeId[];
  /** The key in the version that it names; `undefined` where it uses none, or that version is over. */
  readonly key: ActiveKey | undefined;
  /** The nodes that may speak in its session, in the order of the party index that their messages name. */
  readonly participants: readonly KeyParticipant[];
};

/** The live tasks, read and parsed once per change instead of once per look. */
export class LiveTasks {
  readonly #state: AppliedState;
  readonly #judging: JudgingContext;
  readonly #tasks = new Map<TaskId, LiveTask>();
  readonly #attempts = new Map<SessionId, LiveAttempt>();
  readonly #byKey = new Map<string, Set<TaskId>>();

  constructor(state: AppliedState, judging: JudgingContext) {
    this.#state = state;
    this.#judging = judging;
  }

  /** Reads a task again. `undefined` for a task that has its outcome, or is of no kind that this build knows. */
  refresh(id: TaskId): LiveTask | undefined {
    const before = this.#tasks.get(id);
    this.#forget(id);
    const record = this.#state.queries.task(id);
    if (!isOpen(record)) return undefined;
    const task = this.#read(id, record, before);
    if (task === undefined) return undefined;
    this.#tasks.set(id, task);
    for (const attempt of task.attempts) this.#attempts.set(attempt.session, attempt);
    if (task.key !== undefined) this.#ofKey(task.key.keyId).add(id);
    return task;
  }

  /** The tasks that were read when the key was in another version. */
  ofEarlierVersions({ keyId, version }: ActiveKey): readonly TaskId[] {
    const ids = [...(this.#byKey.get(keyId) ?? [])];
    return ids.filter((id) => this.#tasks.get(id)?.key?.version !== version);
  }

  /** Every task that is live here. Tasks that the state opens become so when they are refreshed. */
  ids(): readonly TaskId[] {
    return [...this.#tasks.keys()];
  }

  /** At most `limit` tasks that are open in the state and come after `after`, in order. */
  openAfter(after: string, limit: number): readonly TaskId[] {
    return this.#state.queries.tasks(after, limit, true).map((record) => taskId(record.taskId));
  }

  get(id: TaskId): LiveTask | undefined {
    return this.#tasks.get(id);
  }

  attempt(session: SessionId): LiveAttempt | undefined {
    return this.#attempts.get(session);
  }

  all(): Iterable<LiveTask> {
    return this.#tasks.values();
  }

  get size(): number {
    return this.#tasks.size;
  }

  #read(id: TaskId, record: TaskRecord, before: LiveTask | undefined): LiveTask | undefined {
    const { queries, view } = this.#state;
    const { kinds } = this.#judging;
    const asked = before?.asked ?? parseTask(kinds, record)?.asked;
    if (asked === undefined) return undefined;
    const key = asked.keyId === undefined ? undefined : queries.key(asked.keyId);
    const participants = kinds[record.kind]?.participants(view, asked, this.#judging) ?? [];
    const attempts: LiveAttempt[] = [];
    const expireTimeMs = Number(record.expireTimeMs);
    const { kind } = asked;
    const task: LiveTask = { id, kind, record, asked, participants, key, expireTimeMs, attempts };
    for (const each of record.attempts) {
      const session = sessionId(toHex(each.sessionId));
      // A version that was once read stays, though it is over meanwhile: it judges the messages of its attempts.
      const known = before?.attempts.find((one) => one.session === session);
      const named = known?.key ?? (key && keyNamed(key, each.attempt));
      attempts.push({
        session,
        task,
        number: each.attempt?.number ?? 0,
        record: each,
        nodes: nodesOf(each.attempt),
        key: named,
        participants:
          partiesOf(each.attempt, named, participants) ?? named?.participants ?? participants,
      });
    }
    return task;
  }

  #forget(id: TaskId): void {
    const task = this.#tasks.get(id);
    for (const { session } of task?.attempts ?? []) this.#attempts.delete(session);
    this.#tasks.delete(id);
    if (task?.key === undefined) return;
    const ids = this.#ofKey(task.key.keyId);
    ids.delete(id);
    if (ids.size === 0) this.#byKey.delete(task.key.keyId);
  }

  #ofKey(key: string): Set<TaskId> {
    const ids = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, ids);
    return ids;
  }
}

/** The key in the version whose session an attempt names, if it is active or was before the active one and is kept still. */
function keyNamed(key: ActiveKey, attempt: Attempt | undefined): ActiveKey | undefined {
  const session = attempt?.sharingSession ?? new Uint8Array(0);
  if (equal(key.sessionId, session)) return key;
  const { sharing, ready = [], installed = [] } = resharingOf(key).previous ?? {};
  if (sharing === undefined || !equal(sharing.sessionId, session)) return undefined;
  return { ...key, ...sharing, ready, installed };
}

/** All that an attempt with dealers names, in the order of their node ids: those of the version before, and the new ones. */
function partiesOf(
  attempt: Attempt | undefined,
  key: ActiveKey | undefined,
  participants: readonly KeyParticipant[],
): readonly KeyParticipant[] | undefined {
  if (attempt === undefined || attempt.dealers.length === 0) return undefined;
  const all = [...(key?.participants ?? []), ...participants];
  return bootsOf(attempt).flatMap(
    ({ nodeId: node }) => all.find((each) => each.nodeId === node) ?? [],
  );
}

/** The nodes of an attempt that names each in one run of its process. */
export function bootsOf(attempt: Attempt | undefined): readonly BootedNode[] {
  const assignment = attempt?.assignment;
  return assignment?.$case === 'boots' ? assignment.value.nodes : [];
}

function nodesOf(attempt: Attempt | undefined): readonly NodeId[] {
  const assignment = attempt?.assignment;
  switch (assignment?.$case) {
    case 'supplies':
      return assignment.value.supplies.map((supply) => nodeId(supply.nodeId));
    case 'boots':
      return assignment.value.nodes.map((node) => nodeId(node.nodeId));
    case undefined:
      return [];
  }
}
