import type { NodeId } from '../../common/index.js';
import { isSameMark } from './mark.js';
import type { Mark } from './mark.js';

export type Signed = { readonly mark: Mark; readonly signature: Uint8Array };

/** The newest verified signature of each other voter: one of each, however many it sends. */
export class Signatures {
  readonly #newest = new Map<NodeId, Signed>();

  record(voter: NodeId, signed: Signed): void {
    const before = this.#newest.get(voter);
    if (before === undefined || signed.mark.index >= before.mark.index)
      this.#newest.set(voter, signed);
  }

  of(voter: NodeId): Signed | undefined {
    return this.#newest.get(voter);
  }

  /** The voters that have signed this mark. */
  agreeing(mark: Mark): { readonly node: NodeId; readonly signature: Uint8Array }[] {
    return [...this.#newest]
      .filter(([, signed]) => isSameMark(signed.mark, mark))
      .map(([node, { signature }]) => ({ node, signature }));
  }

  /** The voters that have signed another mark of the same index. */
  contradicting(mark: Mark): NodeId[] {
    return [...this.#newest]
      .filter(([, signed]) => signed.mark.index === mark.index && !isSameMark(signed.mark, mark))
      .map(([node]) => node);
  }
}
