import type { NodeId, TaskId } from '../../common/index.js';
import type { Work } from '../work.js';

/** The node that brought the request of each open task to this leader, as far as it has heard: a client waits there. */
export class Bringers implements Work {
  readonly #nodes = new Map<TaskId, NodeId>();

  /** A node has brought the request of a task that is open. */
  brought(task: TaskId, node: NodeId): void {
    this.#nodes.set(task, node);
  }

  of(task: TaskId): NodeId | undefined {
    return this.#nodes.get(task);
  }

  taskClosed(task: TaskId): void {
    this.#nodes.delete(task);
  }

  leadChanged(): void {
    this.#nodes.clear();
  }
}
