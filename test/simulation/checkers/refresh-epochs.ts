import { createHash } from 'node:crypto';

import type { NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord, RefreshRequest, TaskRecord } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Report } from './facts.js';

const [TASKS, KEYS] = ['task/', 'key/'];
const REFRESH = 'refresh';

/**
 * A key is refreshed by itself at most once in each of its intervals, whatever leaders and clocks do. An interval begins at the key's
 * own place, by a hash of its id. Refreshes that came to nothing, and those for a culprit, do not count. Beside a malicious node this
 * holds of each node's own history.
 */
export class RefreshEpochs {
  /** By key, with forks by node too. */
  readonly #intervalsMs = new Map<string, number>();
  /** By key and epoch, with forks by node too: the task that refreshed it. */
  readonly #tasks = new Map<string, string>();
  /** Keys and epochs that were counted. */
  readonly #counted = new Set<string>();
  readonly #counts: Counts;
  readonly #report: Report;
  readonly #forks: boolean;

  /** @param options - With `forks`, nodes may have two logs. */
  constructor(counts: Counts, report: Report, { forks = false } = {}) {
    this.#counts = counts;
    this.#report = report;
    this.#forks = forks;
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      const address = Buffer.from(key).toString('latin1');
      if (value === undefined) continue;
      if (address.startsWith(KEYS)) this.#key(node, decode(KeyRecord, value));
      if (address.startsWith(TASKS)) this.#task(node, decode(TaskRecord, value));
    }
  }

  #key(node: NodeId, record: KeyRecord | undefined): void {
    const { active, resharing } = record ?? {};
    if (active?.sharing === undefined) return;
    const place = this.#placeOf(node, active.sharing.keyId);
    this.#intervalsMs.set(place, Number(resharing?.intervalMs ?? 0n));
  }

  #task(node: NodeId, task: TaskRecord | undefined): void {
    if (task?.kind !== REFRESH || task.outcome?.$case !== 'result') return;
    const { keyId, taskId } = task;
    const intervalMs = this.#intervalsMs.get(this.#placeOf(node, keyId)) ?? 0;
    if (decode(RefreshRequest, task.request)?.culprit !== undefined || intervalMs === 0) return;
    const epoch = Math.floor((Number(task.createTimeMs) - placeOf(keyId, intervalMs)) / intervalMs);
    const name = `${keyId} in ${epoch} of ${intervalMs} ms`;
    const place = this.#placeOf(node, name);
    const first = this.#tasks.get(place) ?? taskId;
    this.#tasks.set(place, first);
    if (!this.#counted.has(name)) this.#counts.refreshes++;
    this.#counted.add(name);
    if (first !== taskId) {
      this.#report('RefreshEpochs', `${node}: ${name} is refreshed by ${first} and ${taskId}`);
    }
  }

  #placeOf(node: NodeId, name: string): string {
    return this.#forks ? `${node} ${name}` : name;
  }
}

/** A key's place in its interval: the first 48 bits of a hash, and what is left of them. */
function placeOf(keyId: string, intervalMs: number): number {
  const hash = createHash('sha256').update(`refresh/${keyId}`).digest();
  return hash.readUIntBE(0, 6) % intervalMs;
}
