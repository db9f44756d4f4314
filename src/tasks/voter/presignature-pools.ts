import { nodeId, toHex } from '../../common/index.js';
import type { Boot, Millis, NodeId, TaskId } from '../../common/index.js';
import { presignatureOf } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Attempt } from '../../wire/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import { PRESIGNATURE_POOLED_MS, PRESIGNATURES_POOLED_MAX } from '../limits.js';
import { bootsOf } from '../live-tasks.js';
import { bindingOf, isOfNow } from '../participant/presignature-binding.js';
import type { Batch, Work } from '../work.js';

/** A presignature that its signers have by the log's word. */
export type PooledPresignature = {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly keyId: string;
  /** The attempt that made it. One that uses it names the same nodes and runs, version and generation. */
  readonly attempt: Attempt;
  readonly atMs: Millis;
};

/**
 * The presignatures of all signers, as this voter's log has told of them: so any next leader has pools. A pool only saves rounds: that a
 * presignature is used once is its holders' business, not the pool's.
 */
export class PresignaturePools implements Work {
  readonly #context: Pick<TaskContext, 'clock'>;
  readonly #state: AppliedState;
  /** By id, in hex; the oldest first. */
  readonly #pooled = new Map<string, PooledPresignature>();

  constructor(context: Pick<TaskContext, 'clock'>, state: AppliedState) {
    this.#context = context;
    this.#state = state;
  }

  /** Takes the oldest of a key that is of use. */
  take(
    key: ActiveKey,
    isOfUse: (pooled: PooledPresignature) => boolean,
  ): PooledPresignature | undefined {
    const pooled = this.#of(key).find(isOfUse);
    if (pooled !== undefined) this.#pooled.delete(toHex(pooled.id));
    return pooled;
  }

  /** How many of a key are of use. */
  count(key: ActiveKey, isOfUse: (pooled: PooledPresignature) => boolean): number {
    return this.#of(key).filter(isOfUse).length;
  }

  get size(): number {
    return this.#pooled.size;
  }

  applied({ presignatures }: Batch): void {
    for (const id of presignatures) this.#pooled.delete(toHex(id));
  }

  taskClosed(id: TaskId): void {
    const record = this.#state.queries.task(id);
    const made = record && presignatureOf(record);
    if (record === undefined || made === undefined) return;
    const attempt = record.attempts[made.attempt - 1]?.attempt;
    if (attempt === undefined) return;
    // The oldest go: they are the first to be forgotten by their holders too.
    const [oldest] = this.#pooled.keys();
    const isFull = this.#pooled.size >= PRESIGNATURES_POOLED_MAX;
    if (isFull && oldest !== undefined) this.#pooled.delete(oldest);
    const { keyId } = record;
    const atMs = this.#context.clock.elapsed();
    this.#pooled.set(toHex(made.presignature), { id: made.presignature, keyId, attempt, atMs });
  }

  keyChanged(key: ActiveKey): void {
    for (const [id, pooled] of this.#pooled) {
      if (pooled.keyId === key.keyId && !this.#isOfNow(pooled, key)) this.#pooled.delete(id);
    }
  }

  /** Forgets the presignatures that a node held in an earlier run. */
  connected(peer: NodeId, boot: Boot): void {
    for (const [id, { attempt }] of this.#pooled) {
      const named = bootsOf(attempt).find((each) => nodeId(each.nodeId) === peer);
      if (named !== undefined && toHex(named.boot) !== boot) this.#pooled.delete(id);
    }
  }

  sweep(): void {
    const now = this.#context.clock.elapsed();
    for (const [id, pooled] of this.#pooled) {
      const isOld = now - pooled.atMs >= PRESIGNATURE_POOLED_MS;
      if (isOld || !this.#isOfNow(pooled, this.#state.queries.key(pooled.keyId))) {
        this.#pooled.delete(id);
      }
    }
  }

  #of(key: ActiveKey): readonly PooledPresignature[] {
    return [...this.#pooled.values()].filter(
      (pooled) => pooled.keyId === key.keyId && this.#isOfNow(pooled, key),
    );
  }

  #isOfNow({ keyId, attempt }: PooledPresignature, key: ActiveKey | undefined): boolean {
    return isOfNow(this.#state.view, key, bindingOf(keyId, attempt));
  }
}
