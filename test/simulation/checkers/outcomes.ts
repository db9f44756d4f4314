import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, encode, TaskRecord } from '../../../src/wire/index.js';
import { isRecorded } from './answers.js';
import type { Report } from './facts.js';

const TASKS = 'task/';
const OUTCOME_KEPT_MS = 3_600_000;

/**
 * M2 and M3: a task has one content and at most one outcome, on every node, for as long as it is remembered; and the recorded
 * outcome that a client was told never changes or vanishes.
 */
export class Outcomes {
  readonly #contents = new Map<string, string>();
  readonly #outcomes = new Map<string, string>();
  /** By node and task: the opening that its disk remembers, and whether it is closed. */
  readonly #closed = new Map<string, { readonly opening: string; readonly endMs: number }>();
  /** Of tasks that the cluster asked of itself: where they are. */
  readonly #own = new Set<string>();
  readonly #report: Report;
  readonly #latestMs: () => number;

  /** @param latestMs - The latest that any node's clock shows. */
  constructor(report: Report, latestMs: () => number = () => 0) {
    this.#report = report;
    this.#latestMs = latestMs;
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      const address = Buffer.from(key).toString('latin1');
      if (!address.startsWith(TASKS)) continue;
      const place = `${node}/${address}`;
      if (value === undefined) this.#forget(node, place);
      else this.#record(node, place, decode(TaskRecord, value));
    }
  }

  /** A client was given `task` as the outcome of its request. An answer that no log has recorded says nothing of what will be. */
  acknowledged(task: TaskRecord): void {
    if (!isRecorded(task)) return;
    this.#fix(this.#outcomes, openingOf(task), outcomeOf(task) ?? 'none', 'a client was told');
  }

  /** An outcome is kept for an hour, unless nobody asked for it: then nobody asks again. */
  #forget(node: NodeId, place: string): void {
    if (this.#own.has(place)) return;
    const closed = this.#closed.get(place);
    if (closed === undefined || this.#latestMs() >= closed.endMs + OUTCOME_KEPT_MS) return;
    this.#report('Outcomes', `${node}: ${closed.opening} is forgotten`);
  }

  #record(node: NodeId, place: string, task: TaskRecord | undefined): void {
    if (task === undefined) {
      this.#report('Outcomes', `${node}: ${place} does not decode`);
      return;
    }
    const opening = openingOf(task);
    this.#fix(this.#contents, opening, `${toHex(task.requestHash)}/${task.expireTimeMs}`, node);
    const outcome = outcomeOf(task);
    if (outcome !== undefined) {
      this.#fix(this.#outcomes, opening, outcome, node);
      this.#closed.set(place, { opening, endMs: Number(task.endTimeMs) });
      if (task.requester === '') this.#own.add(place);
    } else if (this.#closed.get(place)?.opening === opening) {
      this.#report('Outcomes', `${node}: the outcome of ${opening} vanishes`);
    }
  }

  #fix(known: Map<string, string>, opening: string, value: string, who: string): void {
    const first = known.get(opening);
    if (first === undefined) known.set(opening, value);
    else if (first !== value) {
      this.#report('Outcomes', `${who}: ${opening} has another content or outcome`);
    }
  }
}

/** One opening of a task: the id comes back when its first record has been forgotten. */
function openingOf({ taskId, createTimeMs }: TaskRecord): string {
  return `task ${taskId} of ${createTimeMs}`;
}

function outcomeOf(task: TaskRecord): string | undefined {
  if (task.outcome === undefined) return undefined;
  const bare = TaskRecord.fromPartial({});
  return toHex(encode(TaskRecord, { ...bare, outcome: task.outcome }));
}
