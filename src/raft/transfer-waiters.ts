import type { NodeId, Term } from '../common/index.js';
import type { TransferRefusal } from './begin-transfer.js';
import type { Raft } from './raft.js';

/** How many callers may wait for a leader of a later term. */
export const TRANSFERS_WAITING_MAX = 64;

/** A leader, as this node knows it. */
export type Led = { readonly leader: NodeId; readonly term: Term };

type Waiter = {
  readonly term: Term;
  readonly settle: (result: Led | TransferRefusal) => void;
};

/** Those that wait until a later term than theirs has a leader, or until the leader of theirs has given the transfer up. */
export class TransferWaiters {
  readonly #waiters = new Set<Waiter>();

  get isFull(): boolean {
    return this.#waiters.size >= TRANSFERS_WAITING_MAX;
  }

  /** @throws The reason of `signal`, when it ends the wait. */
  wait(term: Term, signal: AbortSignal): Promise<Led | TransferRefusal> {
    return new Promise((resolve, reject) => {
      const ended = (act: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        if (this.#waiters.delete(waiter)) act();
      };
      const onAbort = (): void => ended(() => reject(signal.reason));
      const waiter: Waiter = { term, settle: (result) => ended(() => resolve(result)) };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
  }

  /** To be called when anything may have changed. */
  look(raft: Raft): void {
    if (this.#waiters.size === 0) return;
    const { term, leader } = raft;
    const isGivenUp = raft.role === 'leader' && raft.transferTarget === undefined;
    for (const waiter of this.#waiters) {
      if (term > waiter.term && leader !== undefined) waiter.settle({ leader, term });
      else if (term === waiter.term && isGivenUp)
        waiter.settle(raft.transferFailed ?? 'not-elected');
    }
  }

  refuseAll(): void {
    for (const { settle } of this.#waiters) settle('not-leader');
  }
}
