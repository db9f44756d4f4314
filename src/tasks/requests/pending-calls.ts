import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { SharedPlaces } from '../../common/index.js';
import type { ParsedRequest } from '../../state/index.js';
import type { TaskRecord } from '../../wire/index.js';
import { SUBMISSIONS_MAX } from '../limits.js';

export type PendingCall = {
  readonly task: TaskId;
  /** SPIFFE id, as the client's TLS certificate names it. */
  readonly caller: string;
  readonly requestId: string;
  /** Hash of method and request: what the task must be about, to be an answer. */
  readonly content: Uint8Array;
  readonly request: ParsedRequest;
  readonly decisionHash: string;
  readonly forward: Uint8Array;
  readonly sinceMs: Millis;
  /**
   * The nodes that were asked, and how many copies each has not refused: as long as there is one, it may be in some
   * log.
   */
  readonly asked: Map<NodeId, number>;
  /** When the node that was asked last is asked again, and the wait after that. */
  repeatMs: Millis;
  repeatDelayMs: Millis;
  forwardedTo: NodeId | undefined;
  /** Its outcome is being checked. */
  checking: boolean;
  settle(task: TaskRecord): void;
  fail(error: Error): void;
};

/** The calls that wait on this node. Each is found by what an applied entry or a leader's answer names, without a search. */
export class PendingCalls {
  readonly #all = new Set<PendingCall>();
  readonly #byTask = new Map<string, Set<PendingCall>>();
  readonly #byKey = new Map<string, Set<PendingCall>>();
  readonly #byHash = new Map<string, Set<PendingCall>>();
  readonly #places = new SharedPlaces(SUBMISSIONS_MAX);

  get size(): number {
    return this.#all.size;
  }

  hasPlaceFor(caller: string): boolean {
    return this.#places.hasFor(caller);
  }

  add(call: PendingCall): void {
    this.#all.add(call);
    this.#places.take(call.caller);
    for (const [index, name] of this.#placesOf(call)) {
      const found = index.get(name);
      if (found === undefined) index.set(name, new Set([call]));
      else found.add(call);
    }
  }

  /** @returns Whether it was there. */
  delete(call: PendingCall): boolean {
    if (!this.#all.delete(call)) return false;
    this.#places.giveBack(call.caller);
    for (const [index, name] of this.#placesOf(call)) {
      const found = index.get(name);
      found?.delete(call);
      if (found?.size === 0) index.delete(name);
    }
    return true;
  }

  all(): Iterable<PendingCall> {
    return this.#all;
  }

  /** The `count` calls that were given here longest ago, or never. */
  next(count: number): readonly PendingCall[] {
    const calls: PendingCall[] = [];
    for (const call of this.#all) {
      if (calls.length === count) break;
      calls.push(call);
    }
    for (const call of calls) {
      this.#all.delete(call);
      this.#all.add(call);
    }
    return calls;
  }

  /** Claims that a call waits for the task. */
  waitFor(task: TaskId): boolean {
    return this.#byTask.has(task);
  }

  ofTask(task: TaskId): Iterable<PendingCall> {
    return this.#byTask.get(task) ?? [];
  }

  /** Those whose request names the key. */
  ofKey(key: string): Iterable<PendingCall> {
    return this.#byKey.get(key) ?? [];
  }

  /** @param hash - Hex of a decision hash. */
  ofHash(hash: string): Iterable<PendingCall> {
    return this.#byHash.get(hash) ?? [];
  }

  #placesOf({
    task,
    decisionHash,
    request,
  }: PendingCall): readonly (readonly [Map<string, Set<PendingCall>>, string])[] {
    return [
      [this.#byTask, task],
      [this.#byHash, decisionHash],
      [this.#byKey, request.keyId ?? ''],
    ];
  }
}
