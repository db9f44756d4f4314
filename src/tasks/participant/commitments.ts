import type { KeyId, Millis, NodeId } from '../../common/index.js';
import { keyId } from '../../common/index.js';
import type { KeyRecord, NonceSlot } from '../../wire/index.js';
import type { KeyShares } from './key-shares.js';
import { SUPPLY_COVERS_MS, SUPPLY_MAX, SUPPLY_MIN } from '../limits.js';
import type { Surroundings } from '../surroundings.js';
import { indexOf } from '../surroundings.js';

type Demand = { sinceMs: Millis; usedMs: Millis; used: number; perSecond: number };

/** Window over which use is counted. */
const DEMAND_WINDOW_MS = 1000;
/** A key that was not used for so long counts as new. */
const DEMAND_KEPT_MS = 60_000;

/** This node's own nonce commitments: made ahead of need, as many as recent use asks for, and told to all voters. */
export class Commitments {
  readonly #around: Surroundings;
  readonly #shares: KeyShares;
  readonly #demand = new Map<KeyId, Demand>();
  readonly #loading = new Set<string>();

  constructor(around: Surroundings, shares: KeyShares) {
    this.#around = around;
    this.#shares = shares;
  }

  /** What rides with a refusal: fresh ones, since what is kept here may be what the leader never heard of. */
  fresh(key: KeyRecord): readonly NonceSlot[] {
    return this.#around.keys.commit(keyId(key.keyId), key.version, SUPPLY_MIN);
  }

  /** What rides with a signature share: as many as were used, so that pools stay full without traffic of their own. */
  next(key: KeyRecord): readonly NonceSlot[] {
    const { keys, clock } = this.#around;
    const id = keyId(key.keyId);
    const wanted = this.#supply(id, clock.elapsed());
    const missing = wanted - keys.available(id, key.version);
    return missing > 0 ? keys.commit(id, key.version, missing) : [];
  }

  /** Answers `want-commitments` of the node that is believed to lead, and of nobody else. */
  wanted(from: NodeId, key: KeyRecord): void {
    if (this.#around.consensus.status().leader === from) this.publish(key);
  }

  /** Tells all voters fresh commitments; loads the key share first where it is not in memory. */
  publish(key: KeyRecord): void {
    const { self, keys } = this.#around;
    const id = keyId(key.keyId);
    const name = `${key.keyId}/${key.version}`;
    if (indexOf(key.participants, self) === 0 || this.#loading.has(name)) return;
    if (keys.available(id, key.version) > 0) return this.#send(key);
    this.#loading.add(name);
    void this.#load(key, name);
  }

  async #load(key: KeyRecord, name: string): Promise<void> {
    const loaded = await this.#shares.load(key);
    this.#loading.delete(name);
    if (loaded) this.#send(key);
  }

  /** Sends nothing where there is no share in memory to make commitments with. */
  #send(key: KeyRecord): void {
    const { keys, clock } = this.#around;
    const id = keyId(key.keyId);
    const slots = keys.commit(id, key.version, this.#supply(id, clock.elapsed()));
    if (slots.length === 0) return;
    this.#around.broadcast({
      message: {
        $case: 'commitments',
        value: { keyId: key.keyId, version: key.version, slots: [...slots] },
      },
    });
  }

  /** Counts one use of a key. */
  used(key: KeyId): void {
    const now = this.#around.clock.elapsed();
    const demand = this.#demand.get(key) ?? { sinceMs: now, usedMs: now, used: 0, perSecond: 0 };
    demand.used += 1;
    demand.usedMs = now;
    this.#demand.set(key, demand);
  }

  /** Forgets how much keys were used that are not in use any more. */
  expire(now: Millis): void {
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
