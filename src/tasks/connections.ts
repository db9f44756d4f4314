import type { Boot, NodeId } from '../common/index.js';
import { fromHex } from '../common/index.js';

/** The nodes that can be reached now, and the run of each one's process; this node is always among them. */
export class Connections {
  readonly #boots = new Map<NodeId, Boot>();
  readonly #self: NodeId;

  constructor(self: NodeId, boot: Boot) {
    this.#self = self;
    this.#boots.set(self, boot);
  }

  connected(peer: NodeId, boot: Boot): void {
    if (peer !== this.#self) this.#boots.set(peer, boot);
  }

  disconnected(peer: NodeId): void {
    if (peer !== this.#self) this.#boots.delete(peer);
  }

  has(node: NodeId): boolean {
    return this.#boots.has(node);
  }

  /** 16 bytes, or `undefined` while the node cannot be reached. */
  bootOf(node: NodeId): Uint8Array | undefined {
    const boot = this.#boots.get(node);
    return boot === undefined ? undefined : fromHex(boot);
  }

  peers(): readonly NodeId[] {
    return [...this.#boots.keys()].filter((node) => node !== this.#self);
  }
}
