import type { Boot, Millis, NodeId } from '../../common/index.js';
import { compareText, equal, nodeId, toHex } from '../../common/index.js';
import { isWellFormedSupply } from '../../state/index.js';
import type { Supply } from '../../wire/index.js';
import {
  MISSING_MAX,
  NAMED_UNHEARD_MAX,
  SUPPLY_KEPT_MS,
  SUPPLIES_PER_NODE_AND_KEY_MAX,
  SUPPLIES_PER_NODE_MAX,
} from '../limits.js';

type Pooled = { readonly supply: Supply; readonly pool: string; readonly atMs: Millis };

/** The supplies announced by one run of a node's process. */
type NodeBoot = {
  readonly boot: Boot;
  /** The highest counter that came from the node itself. No entry and no other node moves it. */
  highest: bigint;
  /** Lower counters that have not come: messages of one node may pass each other. The newest, in the order of counters. */
  readonly missing: Set<bigint>;
  /** Supplies that entries named before the node announced them, by counter. */
  readonly unheard: Map<bigint, Supply>;
  /** By counter, in the order in which they came. */
  readonly pooled: Map<bigint, Pooled>;
  /** The same by key and version: counters, in the same order. */
  readonly pools: Map<string, Set<bigint>>;
};

/**
 * Supplies of all participants, as this voter has heard them. A pool only saves a round trip: that a nonce is
 * used once is its holder's business, not the pool's.
 */
export class SupplyPools {
  readonly #runs = new Map<NodeId, NodeBoot>();

  /** The newest run of a node. Supplies of an earlier one go, and never come back. */
  hello(node: NodeId, boot: Boot): void {
    if (this.#runs.get(node)?.boot === boot) return;
    this.#runs.set(node, {
      boot,
      highest: 0n,
      missing: new Set(),
      unheard: new Map(),
      pooled: new Map(),
      pools: new Map(),
    });
  }

  /**
   * Keeps what `from` says of its own nonces: a late copy of one that was heard of before stays out, and so does what no
   * attempt may name.
   *
   * @returns What is pooled now, the oldest first: copies, since decoded bytes are views of a message, and one that is kept
   * would keep all of it in memory.
   */
  add(
    from: NodeId,
    key: string,
    version: number,
    supplies: readonly Supply[],
    now: Millis,
  ): readonly Supply[] {
    const run = this.#runs.get(from);
    if (run === undefined) return [];
    const pool = poolOf(key, version);
    const added = new Set<bigint>();
    for (const supply of supplies) {
      const own = supply.nodeId === from && toHex(supply.boot) === run.boot;
      if (!own || !isWellFormedSupply(supply) || !isNews(run, supply.counter)) continue;
      if (isNamedAlready(run, supply)) continue;
      const counters = run.pools.get(pool) ?? new Set();
      run.pools.set(pool, counters);
      // The oldest go: they are the first to be forgotten by their holder too.
      if (counters.size >= SUPPLIES_PER_NODE_AND_KEY_MAX) dropFirst(run, counters);
      if (run.pooled.size >= SUPPLIES_PER_NODE_MAX) dropFirst(run, run.pooled.keys());
      run.pooled.set(supply.counter, { supply: copyOf(supply), pool, atMs: now });
      counters.add(supply.counter);
      added.add(supply.counter);
    }
    return [...added].flatMap((counter) => run.pooled.get(counter)?.supply ?? []);
  }

  /**
   * Forgets exactly what an applied entry names: id and bytes. An entry is the leader's word alone, so it moves no counter:
   * one invented supply with a high counter would keep out all that its supposed owner announces.
   */
  named(supplies: readonly Supply[]): void {
    for (const named of supplies) {
      const run = this.#runs.get(nodeId(named.nodeId));
      if (run === undefined || toHex(named.boot) !== run.boot) continue;
      const known = run.pooled.get(named.counter)?.supply;
      if (known !== undefined && isSame(known, named)) drop(run, named.counter);
      else if (mayCome(run, named.counter) && isWellFormedSupply(named)) keepUnheard(run, named);
    }
  }

  /** Forgets all supplies of a version that is over. */
  dropVersion(key: string, version: number): void {
    const pool = poolOf(key, version);
    for (const run of this.#runs.values()) {
      for (const counter of run.pools.get(pool) ?? []) drop(run, counter);
    }
  }

  expire(now: Millis): void {
    for (const run of this.#runs.values()) {
      for (const [counter, { atMs }] of run.pooled) {
        if (now - atMs < SUPPLY_KEPT_MS) break;
        drop(run, counter);
      }
    }
  }

  /**
   * Takes one supply each of the first `threshold` candidates that have one, sorted by node id; takes none when
   * they are too few. The newest come first: of the older ones their holder may have dropped some, unheard.
   *
   * @param isGood - A supply that is not is dropped; one of which that is not known yet is kept, and not taken.
   */
  assign(
    key: string,
    version: number,
    threshold: number,
    candidates: readonly NodeId[],
    isGood: (supply: Supply) => boolean | undefined,
  ): readonly Supply[] | undefined {
    const pool = poolOf(key, version);
    const found: { readonly run: NodeBoot; readonly supply: Supply }[] = [];
    for (const node of candidates) {
      if (found.length === threshold) break;
      const run = this.#runs.get(node);
      const supply = run && newest(run, pool, isGood);
      if (run !== undefined && supply !== undefined) found.push({ run, supply });
    }
    if (found.length < threshold) return undefined;
    for (const { run, supply } of found) drop(run, supply.counter);
    return found.map(({ supply }) => supply).sort((a, b) => compareText(a.nodeId, b.nodeId));
  }

  /** The pooled supplies of these nodes for a key, the newest first. */
  of(key: string, version: number, nodes: readonly NodeId[]): readonly Supply[] {
    return nodes.flatMap((node) => {
      const run = this.#runs.get(node);
      const counters = [...(run?.pools.get(poolOf(key, version)) ?? [])].toReversed();
      return counters.flatMap((counter) => run?.pooled.get(counter)?.supply ?? []);
    });
  }

  /** How many supplies are pooled. */
  get size(): number {
    return [...this.#runs.values()].reduce((sum, { pooled }) => sum + pooled.size, 0);
  }
}

function mayCome({ highest, missing }: NodeBoot, counter: bigint): boolean {
  return counter > highest || missing.has(counter);
}

/** Notes a counter, and says whether it has not come before, as far as that is remembered. */
function isNews(run: NodeBoot, counter: bigint): boolean {
  const { highest, missing } = run;
  if (counter <= highest) return missing.delete(counter);
  run.highest = counter;
  // With the first one nothing is missing: this voter was not there before.
  if (highest === 0n) return true;
  const oldest = counter - BigInt(MISSING_MAX);
  for (let each = highest >= oldest ? highest + 1n : oldest; each < counter; each++)
    missing.add(each);
  for (const each of missing) {
    if (missing.size <= MISSING_MAX) break;
    missing.delete(each);
  }
  return true;
}

/** Remembers what an entry named, for when its owner announces it: the log can be ahead of the owner's stream. */
function keepUnheard({ unheard }: NodeBoot, named: Supply): void {
  unheard.delete(named.counter);
  for (const oldest of unheard.keys()) {
    if (unheard.size < NAMED_UNHEARD_MAX) break;
    unheard.delete(oldest);
  }
  unheard.set(named.counter, copyOf(named));
}

/** Whether an entry named these bytes before they came; other bytes under the same id are the owner's to announce. */
function isNamedAlready({ unheard }: NodeBoot, supply: Supply): boolean {
  const named = unheard.get(supply.counter);
  unheard.delete(supply.counter);
  return named !== undefined && isSame(named, supply);
}

function isSame({ parts: a }: Supply, { parts: b }: Supply): boolean {
  return (
    a.length === b.length &&
    a.every((part, at) => equal(part, b[at] ?? new Uint8Array(part.length + 1)))
  );
}

function copyOf(supply: Supply): Supply {
  const { boot, parts } = supply;
  return { ...supply, boot: boot.slice(), parts: parts.map((part) => part.slice()) };
}

function poolOf(key: string, version: number): string {
  return `${key}/${version}`;
}

function newest(
  run: NodeBoot,
  pool: string,
  isGood: (supply: Supply) => boolean | undefined,
): Supply | undefined {
  for (const counter of [...(run.pools.get(pool) ?? [])].toReversed()) {
    const supply = run.pooled.get(counter)?.supply;
    const good = supply !== undefined && isGood(supply);
    if (good === true) return supply;
    if (good === false) drop(run, counter);
  }
  return undefined;
}

function dropFirst(run: NodeBoot, counters: Iterable<bigint>): void {
  for (const counter of counters) return drop(run, counter);
}

function drop(run: NodeBoot, counter: bigint): void {
  const pooled = run.pooled.get(counter);
  if (pooled === undefined) return;
  run.pooled.delete(counter);
  const counters = run.pools.get(pooled.pool);
  counters?.delete(counter);
  if (counters?.size === 0) run.pools.delete(pooled.pool);
}
