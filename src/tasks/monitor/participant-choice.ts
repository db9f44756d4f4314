import { nodeId } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { inOrder, Passed, scores } from '../../monitor/index.js';
import type { MonitorRecord } from '../../monitor/index.js';
import type { Random } from '../../ports/index.js';
import { readMonitor } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { TaskContext } from '../context.js';
import { DRAWS_AHEAD, SCORES_KEPT_MS } from '../limits.js';
import type { Loads } from './loads.js';

const WORD = 2 ** 32;

/** Which nodes take part in sessions, at the leader: by what the voters have seen of each other, and by what each owes. */
export class ParticipantChoice {
  readonly #context: Pick<TaskContext, 'self' | 'clock' | 'outbox'>;
  readonly #view: View;
  readonly #loads: Pick<Loads, 'of'>;
  readonly #random: Random;
  readonly #passed = new Passed();
  #drawn: DataView = new DataView(new ArrayBuffer(0));
  #used = 0;
  #points: ReadonlyMap<string, number> = new Map();
  #of: MonitorRecord | undefined;
  #atMs: Millis = 0;

  constructor(
    context: Pick<TaskContext, 'self' | 'clock' | 'outbox'>,
    view: View,
    loads: Pick<Loads, 'of'>,
    random: Random,
  ) {
    this.#context = context;
    this.#view = view;
    this.#loads = loads;
    this.#random = random;
  }

  /**
   * The nodes in the order in which they are to be taken.
   *
   * @param isOwnBetter - Whether this node is worth more than others, since its contribution costs no message.
   */
  order(candidates: readonly NodeId[], isOwnBetter: boolean): readonly NodeId[] {
    const points = this.#pointsNow();
    const { id: self } = this.#context.self;
    const able = candidates.map((node) => ({
      node,
      isOwn: isOwnBetter && node === self,
      points: points.get(node),
      load: this.#loads.of(node),
      passed: this.#passed.of(node),
    }));
    return inOrder(able, () => this.#draw()).map(nodeId);
  }

  /** Some of the candidates were taken. */
  took(taken: readonly string[], candidates: readonly NodeId[]): void {
    this.#passed.took(taken, candidates);
  }

  /** Looked up again when the record changes, and from time to time, since what is said grows old. */
  #pointsNow(): ReadonlyMap<string, number> {
    const now = this.#context.clock.elapsed();
    const { record } = readMonitor(this.#view);
    if (record === this.#of && now - this.#atMs < SCORES_KEPT_MS) return this.#points;
    const voters = this.#context.outbox.voters();
    this.#passed.keep(voters);
    const newestMs = Math.max(0, ...record.observations.map(({ appliedMs }) => appliedMs));
    const found = scores(voters, record.observations, newestMs);
    this.#points = new Map(found.map(({ node, points }) => [node, points]));
    this.#of = record;
    this.#atMs = now;
    return this.#points;
  }

  /** From 0 up to 1. */
  #draw(): number {
    if (this.#used >= this.#drawn.byteLength) {
      const bytes = this.#random.bytes(DRAWS_AHEAD * 4);
      this.#drawn = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#used = 0;
    }
    const word = this.#drawn.getUint32(this.#used);
    this.#used += 4;
    return word / WORD;
  }
}
