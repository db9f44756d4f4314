import type { KeyManager } from '../../keys/index.js';
import type { Supply } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import { NAMED_KEPT_MAX } from '../limits.js';
import type { Batch, Work } from '../work.js';

/** Drops this node's nonces that entries named and no session took; not before every session had its chance. */
export class NamedNonces implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'consensus'>;
  readonly #keys: KeyManager;
  #named: readonly Supply[] = [];

  constructor(context: Pick<TaskContext, 'self' | 'consensus'>, keys: KeyManager) {
    this.#context = context;
    this.#keys = keys;
  }

  applied({ named }: Batch): void {
    const own = named.filter(({ nodeId }) => nodeId === this.#context.self.id);
    this.#named = [...this.#named, ...own].slice(-NAMED_KEPT_MAX);
  }

  settled(): void {
    if (!this.#context.consensus.status().current) return;
    this.#keys.named(this.#named);
    this.#named = [];
  }

  sweep(): void {
    this.#keys.expire();
  }
}
