import { createHash } from 'node:crypto';

import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { UPKEEP_METHODS } from '../../../src/state/index.js';
import { Command, decode, KeyRecord, RefreshRequest, TaskRecord } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Naming } from './attempts.js';
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
  /** Tasks that were opened for a culprit: an outcome does not say so any more. */
  readonly #forCulprits = new Set<string>();
  /** Keys and epochs that were counted. */
  readonly #counted = new Set<string>();
  readonly #naming: Pick<Naming, 'taskOf'>;
  readonly #counts: Counts;
  readonly #report: Report;
  readonly #forks: boolean;

  /** @param options - With `forks`, nodes may have two logs. */
  constructor(
    naming: Pick<Naming, 'taskOf'>,
    counts: Counts,
    report: Report,
    { forks = false } = {},
  ) {
    this.#naming = naming;
    this.#counts = counts;
    this.#report = report;
    this.#forks = forks;
  }

  /** `node`'s disk now has `entries` in its log, and `writes` in its state. */
  persisted(node: NodeId, entries: readonly Entry[], writes: readonly Write[]): void {
    for (const entry of entries) this.#read(entry);
    for (const [key, value] of writes) {
      const address = Buffer.from(key).toString('latin1');
      if (value === undefined) continue;
      if (address.startsWith(KEYS)) this.#key(node, decode(KeyRecord, value));
      if (address.startsWith(TASKS)) this.#task(node, decode(TaskRecord, value));
    }
  }

  #read({ kind, payload, hash }: Entry): void {
    const command = kind === 'command' ? decode(Command, payload)?.command : undefined;
    if (command?.$case !== 'upkeep' || command.value.method !== UPKEEP_METHODS.refresh) return;
    if (decode(RefreshRequest, command.value.request)?.culprit === undefined) return;
    this.#forCulprits.add(this.#naming.taskOf('', toHex(hash)));
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
    if (this.#forCulprits.has(taskId)) return;
    const intervalMs = this.#intervalsMs.get(this.#placeOf(node, keyId)) ?? 0;
    if (intervalMs === 0) return;
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
