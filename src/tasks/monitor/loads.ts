import type { NodeId, TaskId } from '../../common/index.js';
import type { LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';

/** In how many attempts of open tasks each node is asked to contribute. */
export class Loads implements Work {
  readonly #asked = new Map<TaskId, readonly NodeId[]>();
  readonly #loads = new Map<NodeId, number>();

  of(node: NodeId): number {
    return this.#loads.get(node) ?? 0;
  }

  taskOpen({ id, attempts }: LiveTask): void {
    this.#ask(id, attempts.at(-1)?.nodes ?? []);
  }

  taskClosed(id: TaskId): void {
    this.#ask(id, []);
  }

  #ask(id: TaskId, nodes: readonly NodeId[]): void {
    for (const node of this.#asked.get(id) ?? []) this.#change(node, -1);
    for (const node of nodes) this.#change(node, 1);
    if (nodes.length === 0) this.#asked.delete(id);
    else this.#asked.set(id, nodes);
  }

  #change(node: NodeId, by: number): void {
    const load = this.of(node) + by;
    if (load === 0) this.#loads.delete(node);
    else this.#loads.set(node, load);
  }
}
