import { timeKey } from '../time-key.js';
import type { TaskRecord, TaskSummary } from '../../wire/index.js';
import { SortedTexts } from './sorted-texts.js';

/** The outcome of a task, in a word. */
export type TaskStanding = 'open' | 'done' | 'failed' | 'cancelled';

/** The tasks that a list is about. An absent field is any. */
export type TaskFilter = {
  /** The one requester whose tasks the caller may see. */
  readonly visibleTo?: string | undefined;
  readonly requester?: string | undefined;
  readonly standing?: TaskStanding | undefined;
  /** The kind's name in the replicated state. */
  readonly kind?: string | undefined;
  readonly keyId?: string | undefined;
};

/**
 * A row for each task: `<time><task id> <standing> <kind> <key id>`, in order of time. All rows, and those of each requester
 * by themselves, so that a caller who may see its own alone costs no more than these.
 */
export class TaskRows {
  readonly #all = new SortedTexts();
  readonly #of = new Map<string, SortedTexts>();

  put(task: TaskSummary): void {
    const at = positionOf(task);
    const row = [at, ' ', standingOf(task), ' ', task.kind, ' ', task.keyId].join('');
    this.#all.put(at, row);
    const own = this.#of.get(task.requester) ?? new SortedTexts();
    own.put(at, row);
    this.#of.set(task.requester, own);
  }

  delete(task: TaskSummary): void {
    const at = positionOf(task);
    this.#all.delete(at);
    const own = this.#of.get(task.requester);
    own?.delete(at);
    if (own?.isEmpty === true) this.#of.delete(task.requester);
  }

  /**
   * Some rows that are older than the position `after` ('' begins with the newest), the newest first.
   *
   * @returns None when there are no more.
   */
  next({ visibleTo, requester }: TaskFilter, after: string): readonly string[] {
    const whose = requester ?? visibleTo;
    if (visibleTo !== undefined && whose !== visibleTo) return [];
    const rows = whose === undefined ? this.#all : this.#of.get(whose);
    return rows?.down(after === '' ? BEHIND_ALL : after) ?? [];
  }
}

/** Above every character of a position. */
const BEHIND_ALL = '~';
const POSITION_CHARS = 42;

/** The position of a row among its like: 16 hex digits of time and 26 characters of task id. */
export function taskPosition(row: string): string {
  return row.slice(0, POSITION_CHARS);
}

export function taskIdIn(row: string): string {
  return row.slice(16, POSITION_CHARS);
}

/** Claims of a row what the filter demands of standing, kind and key. */
export function taskRowTest({ standing, kind, keyId }: TaskFilter): (row: string) => boolean {
  const ending = keyId === undefined ? '' : ` ${keyId}`;
  const begins = standing === undefined ? '' : ` ${standing} `;
  const middle = kind === undefined ? '' : ` ${kind} `;
  return (row) =>
    row.endsWith(ending) &&
    row.startsWith(begins, POSITION_CHARS) &&
    (middle === '' || row.includes(middle, POSITION_CHARS + 1));
}

/** The same of the record: it may have changed since its row was read. */
export function fitsTask(
  task: TaskRecord,
  { visibleTo, requester, standing, kind, keyId }: TaskFilter,
): boolean {
  return (
    (visibleTo === undefined || task.requester === visibleTo) &&
    (requester === undefined || task.requester === requester) &&
    (standing === undefined || standingOf(task) === standing) &&
    (kind === undefined || task.kind === kind) &&
    (keyId === undefined || task.keyId === keyId)
  );
}

export function standingOf({
  outcome,
}: {
  readonly outcome?: { readonly $case: 'result' | 'failed' | 'cancelled' } | undefined;
}): TaskStanding {
  if (outcome === undefined) return 'open';
  return outcome.$case === 'result' ? 'done' : outcome.$case;
}

function positionOf({ createTimeMs, taskId }: TaskSummary): string {
  return timeKey(Number(createTimeMs)) + taskId;
}
