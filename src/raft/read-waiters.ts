import { ClusterError } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { ReadResult } from './core.js';

type Waiter = {
  /** Unknown until a majority has confirmed it. */
  index: LogIndex | undefined;
  readonly settle: (result: LogIndex | ClusterError) => void;
};

/** Reads of this node that wait for their index, and then until it is applied here. */
export class ReadWaiters {
  readonly #waiters = new Map<number, Waiter>();

  /** @throws ClusterError `no-quorum` when no leader confirms it, or `signal` ends the wait. */
  wait(id: number, signal: AbortSignal): Promise<LogIndex> {
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#waiters.get(id)?.settle(refusal(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.set(id, {
        index: undefined,
        settle: (result) => {
          signal.removeEventListener('abort', onAbort);
          this.#waiters.delete(id);
          if (typeof result === 'number') resolve(result);
          else reject(result);
        },
      });
    });
  }

  /** Takes what became of a read. */
  confirm({ id, index }: ReadResult, applied: LogIndex): void {
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    if (index === undefined) waiter.settle(refusal());
    else if (index <= applied) waiter.settle(index);
    else waiter.index = index;
  }

  /** Entries up to `applied` are applied here. */
  applied(applied: LogIndex): void {
    for (const { index, settle } of this.#waiters.values()) {
      if (index !== undefined && index <= applied) settle(index);
    }
  }

  refuseAll(): void {
    for (const { settle } of this.#waiters.values()) settle(refusal());
  }
}

function refusal(cause?: unknown): ClusterError {
  return new ClusterError('no-quorum', 'No leader could confirm the read', { cause });
}
