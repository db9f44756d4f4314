import { checkSuppliesJob } from '../../algorithms/index.js';
import { algorithmOf } from '../../identity/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Supply } from '../../wire/index.js';
import { CHECKED_AT_ONCE_MAX } from '../limits.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';

/**
 * Whether signatures can be made with pooled supplies, found out once and ahead of need: so an attempt waits for no curve
 * arithmetic, and the worker that computes with the points next has decoded them already.
 */
export class SupplyChecks {
  readonly #context: Pick<TaskContext, 'self' | 'logger'>;
  readonly #arithmetic: Pick<Arithmetic, 'compute'>;
  readonly #onChecked: () => void;
  /** By the supply as it is pooled. Nothing while it is being found out. */
  readonly #verdicts = new WeakMap<Supply, boolean | undefined>();

  /** @param onChecked - Called when there is something new to be asked for. */
  constructor(
    context: Pick<TaskContext, 'self' | 'logger'>,
    arithmetic: Pick<Arithmetic, 'compute'>,
    onChecked: () => void,
  ) {
    this.#context = context;
    this.#arithmetic = arithmetic;
    this.#onChecked = onChecked;
  }

  /** Whether a signature can be made with a supply; nothing where that is not known yet. This node's own always are. */
  isGood(supply: Supply): boolean | undefined {
    return supply.nodeId === this.#context.self.id || this.#verdicts.get(supply);
  }

  /** Finds out about those that are not known. Says whether there is something to wait for. */
  check(key: ActiveKey, supplies: readonly Supply[]): boolean {
    const unknown = supplies.filter((supply) => this.isGood(supply) === undefined);
    const fresh = unknown.filter((supply) => !this.#verdicts.has(supply));
    for (const supply of fresh) this.#verdicts.set(supply, undefined);
    // In several jobs, so that a signature share does not wait behind all of them.
    for (let at = 0; at < fresh.length; at += CHECKED_AT_ONCE_MAX) {
      void this.#check(algorithmOf(key), key.keyId, fresh.slice(at, at + CHECKED_AT_ONCE_MAX));
    }
    return unknown.some((supply) => this.isGood(supply) === undefined);
  }

  async #check(algorithm: KeyAlgorithm, key: string, supplies: readonly Supply[]): Promise<void> {
    try {
      const { compute } = this.#arithmetic;
      const good = await compute.run(checkSuppliesJob, {
        algorithm,
        supplies: supplies.map(({ parts }) => parts),
      });
      for (const [at, supply] of supplies.entries()) this.#verdicts.set(supply, good[at] === true);
    } catch (error) {
      // These supplies can be asked about again.
      for (const supply of supplies) this.#verdicts.delete(supply);
      this.#context.logger.warn('supplies were not checked', { key, error: String(error) });
    }
    this.#onChecked();
  }
}
