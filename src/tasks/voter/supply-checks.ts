import { checkSuppliesJob } from '../../algorithms/index.js';
import { Budgets } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import { algorithmOf } from '../../identity/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Supply } from '../../wire/index.js';
import {
  CHECKED_AHEAD_AT_REST,
  CHECKED_AHEAD_MAX,
  CHECKED_AT_ONCE_MAX,
  CHECKS_PER_USE,
  CHECKS_WANTED_MAX,
  PEERS_MAX,
  SUPPLY_CHECKS,
  SUPPLY_MIN,
} from '../limits.js';
import { wasCancelled } from '../arithmetic.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';
import type { SupplyPools } from './supply-pools.js';

/** The checks of what one node announced. */
type Checks = {
  /** A job is under way. */
  running: boolean;
  /** Keys whose supplies of this node are to be looked at, by id and version: the first first. */
  readonly wanted: Map<string, ActiveKey>;
};

/**
 * Whether signatures can be made with pooled supplies, found out a little ahead of need: so an attempt waits for no curve
 * arithmetic, and the worker that computes with the points next has decoded them already.
 *
 * A node may announce supplies as fast as it likes. So only pooled ones are looked at, only a few ahead of what is used, in one
 * job at a time for each node, and within a budget for each node that supplies which are used give back. The pools are the
 * queue: nothing else waits here.
 */
export class SupplyChecks implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'logger' | 'clock'>;
  readonly #arithmetic: Pick<Arithmetic, 'compute'>;
  readonly #pools: SupplyPools;
  readonly #onChecked: () => void;
  readonly #budgets = new Budgets(SUPPLY_CHECKS, PEERS_MAX);
  readonly #checks = new Map<NodeId, Checks>();
  /** By the supply as it is pooled. */
  readonly #verdicts = new WeakMap<Supply, boolean>();
  #closed = false;

  /** @param onChecked - Called when there is something new to be asked for. */
  constructor(
    context: Pick<TaskContext, 'self' | 'logger' | 'clock'>,
    arithmetic: Pick<Arithmetic, 'compute'>,
    pools: SupplyPools,
    onChecked: () => void,
  ) {
    this.#context = context;
    this.#arithmetic = arithmetic;
    this.#pools = pools;
    this.#onChecked = onChecked;
  }

  /** Whether a signature can be made with a supply; nothing where that is not known yet. This node's own always are. */
  isGood(supply: Supply): boolean | undefined {
    return supply.nodeId === this.#context.self.id || this.#verdicts.get(supply);
  }

  /**
   * Has what is pooled of a node for a key looked at, as far as it may be needed.
   *
   * @returns Whether a good one is there, or may be there as soon as that is done.
   */
  check(key: ActiveKey, node: NodeId): boolean {
    const { good, due } = this.#ofNode(key, node);
    if (due.length === 0) return good > 0;
    const checks = this.#checks.get(node) ?? { running: false, wanted: new Map() };
    this.#checks.set(node, checks);
    if (checks.wanted.size < CHECKS_WANTED_MAX) checks.wanted.set(nameOf(key), key);
    this.#next(node, checks);
    return good > 0 || checks.running;
  }

  /** A supply of a node was used: it pays for checks. */
  used({ nodeId }: Supply): void {
    if (nodeId === this.#context.self.id) return;
    this.#budgets.charge(nodeId, -CHECKS_PER_USE, this.#context.clock.elapsed());
  }

  /** Goes on with checks that waited for their budget. */
  tick(): void {
    for (const [node, checks] of this.#checks) this.#next(node, checks);
  }

  get busy(): boolean {
    return [...this.#checks.values()].some(({ wanted }) => wanted.size > 0);
  }

  close(): void {
    this.#closed = true;
  }

  /** Begins the next job of a node, unless one is under way or the node has used up its budget. */
  #next(node: NodeId, checks: Checks): void {
    if (checks.running || this.#closed) return;
    for (const [name, key] of checks.wanted) {
      const { due } = this.#ofNode(key, node);
      if (due.length > 0) {
        if (!this.#budgets.take(node, due.length, this.#context.clock.elapsed())) return;
        // Behind the others: a node's supplies for one key do not keep those for another waiting.
        checks.wanted.delete(name);
        checks.wanted.set(name, key);
        checks.running = true;
        void this.#run(node, checks, key, due);
        return;
      }
      checks.wanted.delete(name);
    }
  }

  async #run(
    node: NodeId,
    checks: Checks,
    key: ActiveKey,
    supplies: readonly Supply[],
  ): Promise<void> {
    try {
      const { compute } = this.#arithmetic;
      const parts = supplies.map((supply) => supply.parts);
      const input = { algorithm: algorithmOf(key), supplies: parts };
      const good = await compute.run(checkSuppliesJob, input);
      for (const [at, supply] of supplies.entries()) this.#verdicts.set(supply, good[at] === true);
      const facts = { key: key.keyId, peer: node, count: supplies.length };
      this.#context.logger.debug('supplies checked', facts);
    } catch (error) {
      // The next need asks again.
      checks.wanted.delete(nameOf(key));
      const level = wasCancelled(error) ? 'debug' : 'warn';
      const words = { key: key.keyId, node, error: String(error) };
      this.#context.logger[level]('supplies were not checked', words);
    }
    checks.running = false;
    if (this.#closed) return;
    this.#onChecked();
    this.#next(node, checks);
  }

  /** The pooled supplies of a node: how many are good, and those to be looked at next, the newest first. */
  #ofNode(
    { keyId, version }: ActiveKey,
    node: NodeId,
  ): { readonly good: number; readonly due: readonly Supply[] } {
    const pooled = this.#pools.of(keyId, version, [node]);
    const good = pooled.filter((supply) => this.isGood(supply) === true).length;
    const unknown = pooled.filter((supply) => this.isGood(supply) === undefined);
    const ahead = pooled.length > SUPPLY_MIN ? CHECKED_AHEAD_MAX : CHECKED_AHEAD_AT_REST;
    return {
      good,
      due: unknown.slice(0, Math.min(CHECKED_AT_ONCE_MAX, Math.max(ahead - good, 0))),
    };
  }
}

function nameOf({ keyId, version }: ActiveKey): string {
  return `${keyId}/${version}`;
}
