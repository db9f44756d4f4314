import { nodeId, toHex } from '../../common/index.js';
import type { Millis, TaskId } from '../../common/index.js';
import { dueUpkeep, encodeCommand } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import { UPKEEP_REPEAT_MS } from '../limits.js';
import type { LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';
import { isReached } from './reached.js';

/**
 * Tasks that the cluster asks of itself, at the leader: proposes those that are due by the state's rules, once each. It decides
 * nothing: every node sees for itself that a task is due, and an entry that is not is void.
 */
export class UpkeepProposals implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>;
  readonly #view: View;
  readonly #leadership: Leadership;
  readonly #connections: Connections;
  /** When each was proposed in this term, until its task closes. */
  readonly #proposedMs = new Map<string, Millis>();

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>,
    view: View,
    leadership: Leadership,
    connections: Connections,
  ) {
    this.#context = context;
    this.#view = view;
    this.#leadership = leadership;
    this.#connections = connections;
  }

  leadChanged(): void {
    this.#proposedMs.clear();
  }

  /** A task that makes a sharing, and has no attempt, may wait for upkeep. */
  taskOpen({ attempts, kind }: LiveTask): void {
    const { kinds } = this.#context.judging;
    if (attempts.length === 0 && kinds[kind]?.sharing !== undefined) this.sweep();
  }

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    if (task !== undefined) this.#proposedMs.delete(nameOf(task.record));
  }

  sweep(): void {
    const { clock, consensus, judging } = this.#context;
    const parts = { context: this.#context, connections: this.#connections };
    const timeMs = consensus.nextTimeMs();
    if (!this.#leadership.held || timeMs === undefined) return;
    const now = clock.elapsed();
    const reaches = (nodes: readonly string[]): boolean =>
      nodes.every((node) => isReached(parts, nodeId(node)));
    for (const value of dueUpkeep(this.#view, judging, timeMs, reaches)) {
      const name = nameOf(value);
      const before = this.#proposedMs.get(name);
      if (before !== undefined && now - before < UPKEEP_REPEAT_MS) continue;
      if (consensus.propose(encodeCommand({ $case: 'upkeep', value }), true) !== 'proposed') return;
      this.#proposedMs.set(name, now);
    }
  }
}

function nameOf({
  method,
  request,
}: {
  readonly method: string;
  readonly request: Uint8Array;
}): string {
  return `${method} ${toHex(request)}`;
}
