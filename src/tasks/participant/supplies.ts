import type { KeyId, Millis, NodeId } from '../../common/index.js';
import { Budgets, keyId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { KeyManager } from '../../keys/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { FreshSupplies, Supply } from '../../wire/index.js';
import type { KeyShares } from './key-shares.js';
import {
  PEERS_MAX,
  SUPPLY_COVERS_MS,
  SUPPLY_MAX,
  SUPPLY_MIN,
  WANT_ANSWERED_MS,
  WANTS_ANSWERED,
} from '../limits.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';

type Unannounced = { readonly key: ActiveKey; readonly supplies: readonly Supply[] };

type Demand = { sinceMs: Millis; usedMs: Millis; used: number; perSecond: number };

/** Window over which use is counted. */
const DEMAND_WINDOW_MS = 1000;
/** A key that was not used for so long counts as new. */
const DEMAND_KEPT_MS = 60_000;

/** This node's own supplies: made ahead of need, as many as recent use asks for, and announced to all voters. */
export class Supplies implements Work {
  readonly #context: TaskContext;
  readonly #keys: KeyManager;
  readonly #shares: KeyShares;
  readonly #demand = new Map<KeyId, Demand>();
  readonly #loading = new Set<string>();
  /** Made, and not announced yet. */
  readonly #unannounced = new Map<string, Unannounced>();
  readonly #making = new Set<string>();
  readonly #wants = new Budgets(WANTS_ANSWERED, PEERS_MAX);
  /** Keys for which a leader's request was answered lately, the oldest first. */
  readonly #answeredMs = new Map<string, Millis>();

  constructor(context: TaskContext, keys: KeyManager, shares: KeyShares) {
    this.#context = context;
    this.#keys = keys;
    this.#shares = shares;
  }

  /** Fresh supplies to ride with a refusal: the leader may never have heard of those that are kept here. */
  async refillForRefusal(key: ActiveKey): Promise<FreshSupplies | undefined> {
    return messageOf(key, await this.#make(key, SUPPLY_MIN));
  }

  /**
   * Supplies to ride with a signature share: those made since the last one. As many as were used are made now, for the next: the
   * share waits for nothing, and pools stay full without traffic of their own.
   */
  takeUnannounced(key: ActiveKey): FreshSupplies | undefined {
    const name = nameOf(key);
    const made = this.#unannounced.get(name)?.supplies ?? [];
    this.#unannounced.delete(name);
    void this.#refill(key);
    return messageOf(key, made);
  }

  /** Announces the supplies that no share has taken along. */
  tick(): void {
    for (const { key, supplies } of this.#unannounced.values()) this.#announce(key, supplies);
    this.#unannounced.clear();
  }

  get busy(): boolean {
    return this.#unannounced.size > 0 || this.#making.size > 0;
  }

  /**
   * Answers `want-supplies` of the node that is believed to lead, and of no other; not more often than an honest one asks.
   * Each answer makes nonces, and the oldest go for them.
   *
   * @param read - Reads the key from the state.
   */
  onWanted(from: NodeId, id: string, read: (id: string) => ActiveKey | undefined): void {
    const { self, clock, consensus } = this.#context;
    if (consensus.status().leader !== from) return;
    const now = clock.elapsed();
    for (const [name, answeredMs] of this.#answeredMs) {
      if (now - answeredMs < WANT_ANSWERED_MS) break;
      this.#answeredMs.delete(name);
    }
    if (this.#answeredMs.has(id)) return;
    if (from !== self.id && !this.#wants.take(from, 1, now)) return;
    const key = read(id);
    if (key === undefined) return;
    this.#answeredMs.set(key.keyId, now);
    this.publish(key);
  }

  /** Tells all voters fresh supplies; loads the key share first where it is not in memory. */
  publish(key: ActiveKey): void {
    const name = nameOf(key);
    if (partyIndexOf(key.participants, this.#context.self.id) === 0 || this.#loading.has(name))
      return;
    this.#loading.add(name);
    void this.#publish(key, name);
  }

  /** Says nothing where there is no share to make supplies with. */
  async #publish(key: ActiveKey, name: string): Promise<void> {
    const keys = this.#keys;
    const { clock } = this.#context;
    const id = keyId(key.keyId);
    const loaded = keys.available(id, key.version) > 0 || (await this.#shares.load(key));
    const supplies = loaded ? await this.#make(key, this.#supply(id, clock.elapsed())) : [];
    this.#loading.delete(name);
    if (supplies.length > 0) this.#announce(key, supplies);
  }

  #announce(key: ActiveKey, supplies: readonly Supply[]): void {
    const value = messageOf(key, supplies);
    if (value !== undefined) {
      this.#context.outbox.broadcast({ message: { $case: 'freshSupplies', value } });
    }
  }

  /** Makes what is missing, one job at a time for each key. */
  async #refill(key: ActiveKey): Promise<void> {
    const keys = this.#keys;
    const { clock } = this.#context;
    const id = keyId(key.keyId);
    const name = nameOf(key);
    const missing = this.#supply(id, clock.elapsed()) - keys.available(id, key.version);
    if (missing <= 0 || this.#making.has(name)) return;
    this.#making.add(name);
    const supplies = await this.#make(key, missing);
    this.#making.delete(name);
    if (supplies.length === 0) return;
    const before = this.#unannounced.get(name)?.supplies ?? [];
    this.#unannounced.set(name, { key, supplies: [...before, ...supplies] });
  }

  /** None where they could not be computed: a leader that needs some asks again. */
  async #make(key: ActiveKey, count: number): Promise<readonly Supply[]> {
    try {
      return await this.#keys.makeSupplies(keyId(key.keyId), key.version, count);
    } catch (error) {
      this.#context.logger.warn('supplies were not computed', {
        key: key.keyId,
        error: String(error),
      });
      return [];
    }
  }

  /** Counts one use of a key. */
  countUse(key: KeyId): void {
    const now = this.#context.clock.elapsed();
    const demand = this.#demand.get(key) ?? { sinceMs: now, usedMs: now, used: 0, perSecond: 0 };
    demand.used += 1;
    demand.usedMs = now;
    this.#demand.set(key, demand);
  }

  /** Forgets how much keys were used that are not in use any more. */
  sweep(): void {
    const now = this.#context.clock.elapsed();
    for (const [key, { usedMs }] of this.#demand) {
      if (now - usedMs >= DEMAND_KEPT_MS) this.#demand.delete(key);
    }
  }

  /** Twice the recent rate times the time that a supply has to cover. */
  #supply(key: KeyId, now: Millis): number {
    const demand = this.#demand.get(key);
    if (demand === undefined) return SUPPLY_MIN;
    const elapsed = now - demand.sinceMs;
    if (elapsed >= DEMAND_WINDOW_MS) {
      demand.perSecond = (demand.used * 1000) / elapsed;
      demand.sinceMs = now;
      demand.used = 0;
    }
    const rate = Math.max(demand.perSecond, demand.used);
    const supply = Math.ceil((2 * rate * SUPPLY_COVERS_MS) / 1000);
    return Math.min(SUPPLY_MAX, Math.max(SUPPLY_MIN, supply));
  }
}

/** Nothing where there are none. */
function messageOf(
  { keyId: id, version }: ActiveKey,
  supplies: readonly Supply[],
): FreshSupplies | undefined {
  return supplies.length === 0 ? undefined : { keyId: id, version, supplies: [...supplies] };
}

function nameOf({ keyId: id, version }: ActiveKey): string {
  return `${id}/${version}`;
}
