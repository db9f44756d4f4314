import type { NodeId } from '../../../src/common/index.js';
import { Wire } from '../wire/cluster-wire.js';

/**
 * All wires of a cluster: one from each node to each other, and a door for clients at each node. Addresses stay the same
 * for the cluster's life, whichever ports its nodes have.
 */
export class ClusterNetwork {
  readonly #nodes: readonly NodeId[];
  readonly #links: ReadonlyMap<string, Wire>;
  readonly #doors: ReadonlyMap<NodeId, Wire>;
  readonly #down = new Set<NodeId>();
  /** The number of each node's side; those of other sides cannot be reached. */
  #sides: ReadonlyMap<NodeId, number> = new Map();

  private constructor(
    nodes: readonly NodeId[],
    links: ReadonlyMap<string, Wire>,
    doors: ReadonlyMap<NodeId, Wire>,
  ) {
    this.#nodes = nodes;
    this.#links = links;
    this.#doors = doors;
  }

  static async open(nodes: readonly NodeId[]): Promise<ClusterNetwork> {
    const links = new Map<string, Wire>();
    const doors = new Map<NodeId, Wire>();
    for (const from of nodes) {
      doors.set(from, await Wire.open());
      for (const to of nodes) if (to !== from) links.set(place(from, to), await Wire.open());
    }
    return new ClusterNetwork(nodes, links, doors);
  }

  /** What `from` says to `to`. */
  link(from: NodeId, to: NodeId): Wire {
    return found(this.#links.get(place(from, to)));
  }

  /** Where clients reach a node. */
  door(node: NodeId): Wire {
    return found(this.#doors.get(node));
  }

  /** Where `node` finds the others. */
  addressesFor(node: NodeId): ReadonlyMap<NodeId, string> {
    const others = this.#nodes.filter((other) => other !== node);
    return new Map(others.map((other) => [other, this.link(node, other).address]));
  }

  /** The node answers at these ports from now on, and nothing between it and the others is held. */
  up(node: NodeId, at: { readonly client: string; readonly peer: string }): void {
    this.#down.delete(node);
    this.door(node).lead(at.client);
    for (const other of this.#nodes) {
      if (other === node) continue;
      this.link(other, node).lead(at.peer);
      this.link(other, node).release();
    }
    this.release(node);
    this.#settle();
  }

  /** Nothing reaches the node or leaves it, from this moment on. */
  down(node: NodeId): void {
    this.#down.add(node);
    this.door(node).lead(undefined);
    this.#settle();
  }

  /** Nodes of different groups cannot reach each other. Who is in no group is alone. */
  partition(groups: readonly (readonly NodeId[])[]): void {
    this.#sides = new Map(groups.flatMap((group, at) => group.map((node) => [node, at])));
    this.#settle();
  }

  heal(): void {
    this.partition([this.#nodes]);
    for (const node of this.#nodes) this.release(node);
  }

  /** Holds back what `from` says to `to`; with no `to`, to everybody. */
  hold(from: NodeId, to?: NodeId): void {
    for (const other of to === undefined ? this.#nodes : [to]) {
      if (other !== from) this.link(from, other).hold();
    }
  }

  /** Delivers what was held back of what `from` said, and all that it will say. */
  release(from: NodeId): void {
    for (const other of this.#nodes) if (other !== from) this.link(from, other).release();
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#links.values(), ...this.#doors.values()].map((wire) => wire.close()),
    );
  }

  #settle(): void {
    for (const from of this.#nodes) {
      for (const to of this.#nodes) {
        if (from === to) continue;
        const wire = this.link(from, to);
        if (this.#reaches(from, to)) wire.mend();
        else wire.cut();
      }
    }
  }

  #reaches(from: NodeId, to: NodeId): boolean {
    if (this.#down.has(from) || this.#down.has(to)) return false;
    return (
      this.#sides.size === 0 ||
      (this.#sides.has(from) && this.#sides.get(from) === this.#sides.get(to))
    );
  }
}

function place(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}

function found(wire: Wire | undefined): Wire {
  if (wire === undefined) throw new Error('There is no such node');
  return wire;
}
