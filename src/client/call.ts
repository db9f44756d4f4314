import type { Millis } from '../common/index.js';
import { noResult, tooLate, unreachable, withUnreached } from './call-errors.js';
import {
  errorOf,
  GrpcFailure,
  PARTICIPANT_UNREACHABLE,
  QuorateError,
  UNREACHABLE,
} from './errors.js';
import {
  ANSWER_MS_MAX,
  ANSWER_PART,
  ATTEMPTS_AT_ONCE_MAX,
  HEDGE_AFTER_MS,
  ROUND_PAUSE_MS_MAX,
  ROUND_PAUSE_MS_MIN,
  UNREACHED_MS_MAX,
} from './limits.js';
import type { NodeLink } from './node-link.js';
import { NodeProblem, silentFor } from './node-problem.js';
import type { Asking } from './unary.js';
import { remainingMs, stopped } from './until.js';
import type { Until } from './until.js';

export type Link = Pick<NodeLink, 'ask' | 'isOpen' | 'label'>;

/** The nodes as all calls of a client see them. */
export type Nodes = {
  readonly links: readonly Link[];
  /** The node that is asked first: where the last call went well. */
  first: number;
  /** Permits one more call to be asked of two nodes at once. */
  takeHedge(): boolean;
};

type Settle = { resolve(bytes: Uint8Array): void; reject(error: Error): void };
type Attempt = { readonly abort: AbortController; readonly sinceMs: Millis };

/**
 * One call, until a node has answered it or its time is over. A node that is not reached, that refuses for now or whose
 * connection dies hands it on to the next one at once; a node that is silent is left at work, and the next one is asked
 * the same bytes besides. All of it is safe only because every call is idempotent: reads are, and so is a request by its id.
 */
export class Call {
  readonly #nodes: Nodes;
  readonly #asking: Asking;
  readonly #until: Until;
  readonly #attempts = new Map<number, Attempt>();
  readonly #problems = new Map<number, NodeProblem>();
  /** The last refusal that a node gave. */
  #said: QuorateError | undefined;
  /** When the leader first said that it does not reach a participant. */
  #unreachedMs: Millis | undefined;
  #next: number;
  #failures = 0;
  #timers: NodeJS.Timeout[] = [];
  #settle: Settle | undefined;

  constructor(nodes: Nodes, asking: Asking, until: Until) {
    this.#nodes = nodes;
    this.#asking = asking;
    this.#until = until;
    this.#next = nodes.first;
  }

  /** @throws QuorateError, or ServerFault for a mistake of the server's. */
  run(): Promise<Uint8Array> {
    const { signal } = this.#until;
    const stop = (): void => this.#reject(stopped(signal));
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (signal?.aborted === true) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#after(remainingMs(this.#until), () => this.#outOfTime());
      this.#ask();
    });
    return answer.finally(() => signal?.removeEventListener('abort', stop));
  }

  /** Ends it, if it has not ended. */
  stop(error: QuorateError): void {
    this.#reject(error);
  }

  /** Asks the next node that does not work on it yet. */
  #ask(): void {
    const { links } = this.#nodes;
    const turn = links.map((_, step) => (this.#next + step) % links.length);
    const at = turn.find((each) => !this.#attempts.has(each));
    const link = at === undefined ? undefined : links[at];
    if (at === undefined || link === undefined) return;
    if (this.#attempts.size >= ATTEMPTS_AT_ONCE_MAX) return;
    this.#next = (at + 1) % links.length;
    const attempt = { abort: new AbortController(), sinceMs: performance.now() };
    this.#attempts.set(at, attempt);
    const leftMs = remainingMs(this.#until);
    const nodeMs = leftMs - Math.min(leftMs * ANSWER_PART, ANSWER_MS_MAX);
    link.ask(this.#asking, nodeMs, attempt.abort.signal).then(
      (bytes) => this.#answered(at, bytes),
      (error: unknown) => this.#failed(at, error),
    );
    this.#after(HEDGE_AFTER_MS, () => this.#hedge(at, attempt));
  }

  #hedge(at: number, attempt: Attempt): void {
    const alone = this.#attempts.get(at) === attempt && this.#attempts.size === 1;
    if (alone && this.#nodes.links.length > 1 && this.#nodes.takeHedge()) this.#ask();
  }

  #answered(at: number, bytes: Uint8Array): void {
    if (this.#settle === undefined) return;
    this.#nodes.first = at;
    this.#end()?.resolve(bytes);
  }

  #failed(at: number, error: unknown): void {
    if (this.#settle === undefined) return;
    this.#attempts.delete(at);
    if (error instanceof NodeProblem) this.#problems.set(at, error);
    else {
      const said = error instanceof GrpcFailure ? errorOf(error) : error;
      // Nothing was done, or the same request id finds what was: another node may be asked.
      const unavailable =
        said instanceof QuorateError && (said.code === 'no-quorum' || said.code === 'not-leader');
      if (!unavailable || this.#isFinal(said)) {
        this.#reject(this.#lastWord(at, said));
        return;
      }
      if (said.reason !== UNREACHABLE || this.#said === undefined) this.#said = said;
      this.#problems.delete(at);
    }
    this.#leave(at);
    this.#askAgain();
  }

  /** The leader's word on its participants, which all nodes pass on: asked again for a little while only. */
  #isFinal({ reason }: QuorateError): boolean {
    if (reason !== PARTICIPANT_UNREACHABLE) return false;
    const nowMs = performance.now();
    this.#unreachedMs ??= nowMs;
    return !this.#until.waitForReady || nowMs - this.#unreachedMs >= UNREACHED_MS_MAX;
  }

  /** A node that only says that the time is over says less than one that said why it cannot. */
  #lastWord(at: number, said: unknown): Error {
    if (!(said instanceof QuorateError))
      return said instanceof Error ? said : new Error(String(said));
    if (said.reason !== 'DEADLINE') return said;
    if (this.#said !== undefined) return this.#failure();
    if (said.facts['task_id'] !== undefined) return said;
    // Its words are those of the node's gRPC library, which knows of no task.
    const label = this.#nodes.links[at]?.label ?? '';
    return noResult(label, this.#until.totalMs, said);
  }

  /** At once while there are nodes that have not been asked; after each round of all, a longer pause. */
  #askAgain(): void {
    this.#failures += 1;
    const count = this.#nodes.links.length;
    if (this.#failures % count !== 0) {
      this.#ask();
      return;
    }
    const { waitForReady } = this.#until;
    const hopeless =
      this.#problems.size === count &&
      [...this.#problems.values()].every((each) => each.permanent || (each.down && !waitForReady));
    const pauseMs = pauseAfter(this.#failures / count);
    if (!hopeless && pauseMs < remainingMs(this.#until)) this.#after(pauseMs, () => this.#ask());
    // A node that still works on it may yet answer.
    else if (this.#attempts.size === 0) this.#reject(this.#failure());
  }

  #outOfTime(): void {
    const { links } = this.#nodes;
    const asked: string[] = [];
    for (const [at, { sinceMs }] of this.#attempts) {
      this.#leave(at);
      const link = links[at];
      if (link === undefined) continue;
      if (link.isOpen) asked.push(link.label);
      // An attempt that had no time says less than the one before it.
      else if (!this.#problems.has(at))
        this.#problems.set(at, silentFor(performance.now() - sinceMs));
    }
    this.#reject(
      asked.length > 0 && this.#said === undefined
        ? tooLate(asked, this.#until.totalMs, this.#unreached(), links.length)
        : this.#failure(),
    );
  }

  /** The next call begins at another node. */
  #leave(at: number): void {
    if (this.#nodes.first === at) this.#nodes.first = (at + 1) % this.#nodes.links.length;
  }

  #failure(): QuorateError {
    const { length } = this.#nodes.links;
    return this.#said === undefined
      ? unreachable(this.#unreached(), length)
      : withUnreached(this.#said, this.#unreached(), length);
  }

  #unreached(): Map<string, NodeProblem> {
    const { links } = this.#nodes;
    return new Map(
      [...this.#problems]
        .sort(([a], [b]) => a - b)
        .map(([at, problem]) => [links[at]?.label ?? '', problem]),
    );
  }

  #reject(error: Error): void {
    this.#end()?.reject(error);
  }

  /** Stops all that still runs for this call. */
  #end(): Settle | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    for (const { abort } of this.#attempts.values()) abort.abort();
    return settle;
  }

  #after(ms: Millis, run: () => void): void {
    this.#timers.push(setTimeout(run, ms));
  }
}

/** The pause after so many rounds of all nodes. */
export function pauseAfter(rounds: number): Millis {
  const ms = Math.min(ROUND_PAUSE_MS_MIN * 2 ** Math.min(rounds - 1, 10), ROUND_PAUSE_MS_MAX);
  return ms * (0.5 + Math.random() / 2);
}
