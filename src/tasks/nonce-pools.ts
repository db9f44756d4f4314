import type { Boot, Millis, NodeId } from '../common/index.js';
import { compareText, nodeId, toHex } from '../common/index.js';
import type { NonceSlot } from '../wire/index.js';
import { SLOT_KEPT_MS, SLOTS_PER_NODE_AND_KEY_MAX } from './limits.js';

type Pooled = { readonly slot: NonceSlot; readonly atMs: Millis };
type Run = { readonly boot: Boot; highest: bigint };

/**
 * Nonce commitments of all participants, as this voter has heard them. A pool only saves a round trip: that a nonce is
 * used once is its holder's business, not the pool's.
 */
export class NoncePools {
  readonly #pools = new Map<string, Map<NodeId, Pooled[]>>();
  readonly #runs = new Map<NodeId, Run>();

  /** The newest run of a node. Commitments of an earlier one go, and never come back. */
  hello(node: NodeId, boot: Boot): void {
    if (this.#runs.get(node)?.boot === boot) return;
    this.#runs.set(node, { boot, highest: 0n });
    for (const pool of this.#pools.values()) pool.delete(node);
  }

  /**
   * Keeps what `from` says of its own nonces, in rising order of counters: a late copy of one that was heard of before
   * stays out.
   */
  add(from: NodeId, key: string, version: number, slots: readonly NonceSlot[], now: Millis): void {
    const run = this.#runs.get(from);
    if (run === undefined) return;
    const pool = this.#pool(key, version);
    const kept = pool.get(from) ?? [];
    for (const slot of slots) {
      const own = slot.nodeId === from && toHex(slot.boot) === run.boot;
      if (!own || slot.counter <= run.highest) continue;
      run.highest = slot.counter;
      kept.push({ slot, atMs: now });
    }
    // The oldest go: they are the first to be forgotten by their holder too.
    pool.set(from, kept.slice(-SLOTS_PER_NODE_AND_KEY_MAX));
  }

  /** Forgets what an applied entry names. */
  named(slots: readonly NonceSlot[]): void {
    for (const named of slots) {
      const node = nodeId(named.nodeId);
      const run = this.#runs.get(node);
      if (run === undefined || toHex(named.boot) !== run.boot) continue;
      if (named.counter > run.highest) run.highest = named.counter;
      for (const pool of this.#pools.values()) {
        const kept = pool.get(node);
        const at = kept?.findIndex(({ slot }) => slot.counter === named.counter) ?? -1;
        if (at >= 0) kept?.splice(at, 1);
      }
    }
  }

  expire(now: Millis): void {
    for (const [name, pool] of this.#pools) {
      for (const [node, kept] of pool) {
        const fresh = kept.filter(({ atMs }) => now - atMs < SLOT_KEPT_MS);
        if (fresh.length === 0) pool.delete(node);
        else if (fresh.length < kept.length) pool.set(node, fresh);
      }
      if (pool.size === 0) this.#pools.delete(name);
    }
  }

  /**
   * Takes one commitment each of the first `threshold` candidates that have one, sorted by node id; takes none when
   * they are too few. The newest come first: of the older ones their holder may have dropped some, unheard. A
   * commitment that does not decode is dropped.
   */
  assign(
    key: string,
    version: number,
    threshold: number,
    candidates: readonly NodeId[],
    decodes: (slot: NonceSlot) => boolean,
  ): readonly NonceSlot[] | undefined {
    const pool = this.#pool(key, version);
    const able: NodeId[] = [];
    for (const node of candidates) {
      if (able.length === threshold) break;
      if (newestOf(pool.get(node), decodes) !== undefined) able.push(node);
    }
    if (able.length < threshold) return undefined;
    return able
      .flatMap((node) => pool.get(node)?.pop()?.slot ?? [])
      .sort((a, b) => compareText(a.nodeId, b.nodeId));
  }

  #pool(key: string, version: number): Map<NodeId, Pooled[]> {
    const name = `${key}/${version}`;
    const pool = this.#pools.get(name) ?? new Map<NodeId, Pooled[]>();
    this.#pools.set(name, pool);
    return pool;
  }
}

function newestOf(
  kept: Pooled[] | undefined,
  decodes: (slot: NonceSlot) => boolean,
): NonceSlot | undefined {
  for (let newest = kept?.at(-1); newest !== undefined; newest = kept?.at(-1)) {
    if (decodes(newest.slot)) return newest.slot;
    kept?.pop();
  }
  return undefined;
}
