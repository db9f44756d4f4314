import type { Boot, NodeId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { Compute } from '../../ports/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Supply } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { SupplyChecks } from './supply-checks.js';
import type { SupplyPools } from './supply-pools.js';
import type { Batch, Work } from '../work.js';

/** Takes what nodes say of their supplies into the pools, and has checked what is needed next. */
export class Pooling implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #leadership: Leadership;
  readonly #compute: Compute;
  readonly #pools: SupplyPools;
  readonly #checks: SupplyChecks;
  readonly #onPooled: () => void;

  /** @param onPooled - Called when an attempt that had too few supplies may have enough. */
  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus'>,
    leadership: Leadership,
    compute: Compute,
    pools: SupplyPools,
    checks: SupplyChecks,
    onPooled: () => void,
  ) {
    this.#context = context;
    this.#leadership = leadership;
    this.#compute = compute;
    this.#pools = pools;
    this.#checks = checks;
    this.#onPooled = onPooled;
  }

  applied({ named }: Batch): void {
    this.#pools.named(named);
  }

  connected(peer: NodeId, boot: Boot): void {
    this.#pools.hello(peer, boot);
  }

  sweep(): void {
    this.#pools.expire(this.#context.clock.elapsed());
  }

  /** Pools only what an attempt could name: of a participant, for the version that is active. */
  take(
    from: NodeId,
    key: ActiveKey | undefined,
    version: number,
    supplies: readonly Supply[],
  ): void {
    if (key?.version !== version || partyIndexOf(key.participants, from) === 0) return;
    const { clock, consensus } = this.#context;
    const pooled = this.#pools.add(from, key.keyId, version, supplies, clock.elapsed());
    // A leader signs whenever it can: a node that does not lead needs the leader's points next, and looks at them while there
    // is nothing else to do.
    const isNext = from === consensus.status().leader && this.#compute.idle();
    if (this.#leadership.held || isNext) this.#checks.check(key, pooled);
    this.#onPooled();
  }
}
