import { Budgets } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import type { TaskContext } from '../context.js';
import { PEERS_MAX, PROBE_BYTES, PROBES_ANSWERED, PROBES_PENDING_MAX } from '../limits.js';
import type { Work } from '../work.js';

/**
 * This node's answers to the probes of others. One leaves when the write to the disk that is under way is durable, so that a slow disk
 * is seen in it as well as a slow network or a busy processor.
 */
export class ProbeAnswers implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus' | 'outbox'>;
  readonly #budgets = new Budgets(PROBES_ANSWERED, PEERS_MAX);
  /** Answers that wait, by the node that they are for. */
  readonly #pending = new Map<NodeId, number>();
  #closed = false;

  constructor(context: Pick<TaskContext, 'clock' | 'consensus' | 'outbox'>) {
    this.#context = context;
  }

  take(from: NodeId, nonce: Uint8Array): void {
    const { clock } = this.#context;
    if (nonce.length !== PROBE_BYTES || this.#pendingFor(from) >= PROBES_PENDING_MAX) return;
    if (!this.#budgets.take(from, 1, clock.elapsed())) return;
    void this.#answer(from, nonce);
  }

  async #answer(from: NodeId, nonce: Uint8Array): Promise<void> {
    const { consensus, outbox } = this.#context;
    this.#change(from, 1);
    await consensus.written();
    this.#change(from, -1);
    if (!this.#closed) outbox.send(from, { message: { $case: 'probeAnswer', value: { nonce } } });
  }

  #pendingFor(node: NodeId): number {
    return this.#pending.get(node) ?? 0;
  }

  #change(node: NodeId, by: number): void {
    const pending = this.#pendingFor(node) + by;
    if (pending === 0) this.#pending.delete(node);
    else this.#pending.set(node, pending);
  }

  close(): void {
    this.#closed = true;
  }
}
