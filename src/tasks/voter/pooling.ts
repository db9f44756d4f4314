import { Budgets } from '../../common/index.js';
import type { Boot, NodeId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { Compute } from '../../ports/index.js';
import { FIRST_VERSION } from '../../state/index.js';
import type { ActiveKey, Queries } from '../../state/index.js';
import type { FreshSupplies } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import type { LiveTasks } from '../live-tasks.js';
import { KEY_READ_SUPPLIES, PEERS_MAX, SUPPLIES_TAKEN } from '../limits.js';
import { comingVersion } from './coming-versions.js';
import type { SupplyChecks } from './supply-checks.js';
import type { SupplyPools } from './supply-pools.js';
import type { Batch, Work } from '../work.js';

/** Takes what nodes say of their supplies into the pools, and has checked what is needed next. */
export class Pooling implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'clock' | 'consensus'>;
  readonly #queries: Pick<Queries, 'key'>;
  readonly #tasks: Pick<LiveTasks, 'get'>;
  readonly #leadership: Leadership;
  readonly #compute: Compute;
  readonly #pools: SupplyPools;
  readonly #checks: SupplyChecks;
  readonly #onPooled: () => void;
  readonly #budgets = new Budgets(SUPPLIES_TAKEN, PEERS_MAX);

  /** @param onPooled - Called when an attempt that had too few supplies may have enough, without a check. */
  constructor(
    context: Pick<TaskContext, 'self' | 'clock' | 'consensus'>,
    queries: Pick<Queries, 'key'>,
    tasks: Pick<LiveTasks, 'get'>,
    leadership: Leadership,
    compute: Compute,
    pools: SupplyPools,
    checks: SupplyChecks,
    onPooled: () => void,
  ) {
    this.#context = context;
    this.#queries = queries;
    this.#tasks = tasks;
    this.#leadership = leadership;
    this.#compute = compute;
    this.#pools = pools;
    this.#checks = checks;
    this.#onPooled = onPooled;
  }

  applied({ named }: Batch): void {
    this.#pools.named(named);
  }

  /** No attempt names a version before the active one. */
  keyChanged({ keyId, version }: ActiveKey): void {
    if (version > FIRST_VERSION) this.#pools.dropVersion(keyId, version - 1);
  }

  connected(peer: NodeId, boot: Boot): void {
    this.#pools.hello(peer, boot);
  }

  sweep(): void {
    this.#pools.expire(this.#context.clock.elapsed());
  }

  /**
   * Pools only what an attempt could name: of a participant, for the version that is active, or that a task makes.
   *
   * @param near - A key that is at hand: the one of the attempt that the supplies came with.
   */
  take(from: NodeId, { keyId, version, supplies }: FreshSupplies, near?: ActiveKey): void {
    const { self, clock, consensus } = this.#context;
    const now = clock.elapsed();
    const isNear = near?.keyId === keyId;
    const cost = supplies.length + (isNear ? 0 : KEY_READ_SUPPLIES);
    if (from !== self.id && !this.#budgets.take(from, cost, now)) return;
    const active = isNear ? near : this.#queries.key(keyId);
    const key = active?.version === version ? active : active && comingVersion(this.#tasks, active);
    if (key?.version !== version || partyIndexOf(key.participants, from) === 0) return;
    const pooled = this.#pools.add(from, keyId, version, supplies, now);
    if (from === self.id) return this.#onPooled();
    if (pooled.length === 0) return;
    // A leader signs whenever it can: a node that does not lead needs the leader's points next, and looks at them while there
    // is nothing else to do.
    const isNext = from === consensus.status().leader && this.#compute.idle();
    if (this.#leadership.held || isNext) this.#checks.check(key, from);
  }
}
