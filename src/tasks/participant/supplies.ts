import type { KeyId, Millis, NodeId, TaskId } from '../../common/index.js';
import { Budgets, keyId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { KeyManager } from '../../keys/index.js';
import { isInUse } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { FreshSupplies } from '../../wire/index.js';
import type { KeyShares } from './key-shares.js';
import {
  PEERS_MAX,
  SUPPLIES_MADE_AT_ONCE,
  SUPPLIES_WITHIN_MS,
  SUPPLY_KEPT_MS,
  SUPPLY_MAX,
  SUPPLY_MIN,
  WANT_AGAIN_MS,
  WANT_ANSWERED_MS,
  WANTS_ANSWERED,
} from '../limits.js';
import type { TaskContext } from '../context.js';
import type { LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';
import { Demand } from './demand.js';
import { Untold } from './untold.js';

type Answered = { readonly atMs: Millis; readonly count: number };

/**
 * This node's own supplies: made ahead of need, as many as recent use asks for, and told to all voters. Of one that was told
 * a signature may be under way: it is never dropped for a newer one. Where there is room for no more, none is made.
 */
export class Supplies implements Work {
  readonly #context: TaskContext;
  readonly #keys: KeyManager;
  readonly #shares: KeyShares;
  readonly #demand: Demand;
  readonly #untold = new Untold();
  /** By key and version: one job at a time. */
  readonly #making = new Map<string, Promise<void>>();
  readonly #wants = new Budgets(WANTS_ANSWERED, PEERS_MAX);
  /** Keys for which a leader's request was answered lately, and with how many: the oldest first. */
  readonly #answered = new Map<string, Answered>();

  constructor(context: TaskContext, keys: KeyManager, shares: KeyShares) {
    this.#context = context;
    this.#keys = keys;
    this.#shares = shares;
    this.#demand = new Demand(context.clock);
  }

  /**
   * Supplies to ride with an answer that leaves now: those made since the last one. So pools stay full without traffic of
   * their own.
   */
  takeUntold(key: ActiveKey): FreshSupplies | undefined {
    const { before, last } = this.#untold.take(key);
    for (const message of before) this.#tell(message);
    return last;
  }

  /** Makes what is missing, for the next answer: no answer waits for it. */
  refill(key: ActiveKey): void {
    void this.#make(key, this.#missing(key));
  }

  /**
   * Makes fresh supplies to ride with a refusal, where there is room: the leader may never have heard of those that are kept
   * here. No refusal waits until a key share is read: what is made then is told by itself.
   */
  async refillForRefusal(key: ActiveKey): Promise<void> {
    const count = Math.max(SUPPLY_MIN, this.#missing(key));
    if (this.#keys.isLoaded(keyId(key.keyId), key.version)) await this.#make(key, count);
    else void this.#publish(key, count);
  }

  /** Tells the supplies that no answer has taken along. */
  tick(): void {
    for (const message of this.#untold.takeAll()) this.#tellSoon(message);
  }

  get busy(): boolean {
    return !this.#untold.isEmpty || this.#making.size > 0;
  }

  /**
   * Answers `want-supplies` of the node that is believed to lead, and of no other; not more often than an honest one asks.
   * A leader that asks again has more to do than the last answer was enough for: the next one is twice as large.
   *
   * @param read - Reads the key from the state.
   */
  onWanted(from: NodeId, id: string, read: (id: string) => ActiveKey | undefined): void {
    const { self, clock, consensus } = this.#context;
    if (consensus.status().leader !== from) return;
    const now = clock.elapsed();
    for (const [name, { atMs }] of this.#answered) {
      if (now - atMs < WANT_AGAIN_MS) break;
      this.#answered.delete(name);
    }
    const last = this.#answered.get(id);
    if (last !== undefined && now - last.atMs < WANT_ANSWERED_MS) return;
    if (from !== self.id && !this.#wants.take(from, 1, now)) return;
    const key = read(id);
    if (key === undefined || !isInUse(key)) return;
    const first = this.#keys.isCrowded ? 1 : SUPPLY_MIN;
    const wanted = last === undefined ? first : Math.min(2 * last.count, SUPPLY_MAX);
    const count = Math.max(wanted, this.#missing(key));
    const made = Math.min(count, this.#keys.room(keyId(key.keyId), key.version));
    this.#wants.charge(from, Math.max(made / SUPPLY_MIN - 1, 0), now);
    this.#answered.delete(key.keyId);
    this.#answered.set(key.keyId, { atMs: now, count });
    void this.#publish(key, count);
  }

  /** Tells all voters of supplies of a version that is new here, or that is in the making, so that they are there when it is active. */
  versionKept(key: ActiveKey): void {
    const held = this.#keys.available(keyId(key.keyId), key.version);
    void this.#publish(key, Math.max(SUPPLY_MIN - held, this.#missing(key)));
  }

  /** Counts one use of a key. */
  countUse(key: KeyId): void {
    this.#demand.used(key);
  }

  taskOpen({ key, id }: Pick<LiveTask, 'key' | 'id'>): void {
    if (key !== undefined) this.#demand.taskOpen(keyId(key.keyId), id);
  }

  taskClosed(task: TaskId): void {
    this.#demand.taskClosed(task);
  }

  sweep(): void {
    this.#demand.sweep();
  }

  async #publish(key: ActiveKey, count: number): Promise<void> {
    const tellAll = (): void => {
      for (const message of this.#untold.takeAll()) this.#tell(message);
    };
    await this.#make(key, count, tellAll);
    tellAll();
  }

  #tell(value: FreshSupplies): void {
    this.#context.outbox.broadcast({ message: { $case: 'freshSupplies', value } });
  }

  #tellSoon(value: FreshSupplies): void {
    const { self, outbox } = this.#context;
    const message = { message: { $case: 'freshSupplies', value } } as const;
    for (const voter of outbox.voters()) {
      if (voter === self.id) outbox.send(voter, message);
      else outbox.sendSoon(voter, SUPPLIES_WITHIN_MS, () => message);
    }
  }

  /**
   * The supplies that voters lack for what comes next. They have forgotten the older ones. A crowded node makes none for
   * keys at rest.
   */
  #missing(key: ActiveKey): number {
    const id = keyId(key.keyId);
    const atRest = this.#keys.isCrowded ? 0 : SUPPLY_MIN;
    const wanted = Math.max(this.#demand.of(id), atRest);
    const heldSinceMs = this.#context.clock.elapsed() - SUPPLY_KEPT_MS;
    return Math.max(wanted - this.#keys.available(id, key.version, heldSinceMs), 0);
  }

  /**
   * Makes supplies, which are untold then; joins the job for the same key where one is under way.
   *
   * @param onMade - Called when some of them are there.
   */
  #make(key: ActiveKey, count: number, onMade?: () => void): Promise<void> {
    const name = `${key.keyId}/${key.version}`;
    const before = this.#making.get(name);
    if (before !== undefined) return before;
    if (count === 0 || partyIndexOf(key.participants, this.#context.self.id) === 0) {
      return Promise.resolve();
    }
    const making = this.#makeSome(key, count, onMade).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  /** Loads the key share first where it is not in memory. Supplies that cannot be computed are missing: a leader asks again. */
  async #makeSome(key: ActiveKey, count: number, onMade?: () => void): Promise<void> {
    const [id, { version }] = [keyId(key.keyId), key];
    try {
      if (!this.#keys.isLoaded(id, version) && !(await this.#shares.load(key))) return;
      // In pieces, so that a signature share waits for no more than one.
      for (let left = count; left > 0; left -= SUPPLIES_MADE_AT_ONCE) {
        const some = Math.min(left, SUPPLIES_MADE_AT_ONCE);
        const made = await this.#keys.makeSupplies(id, version, some);
        if (made.length === 0) return;
        this.#untold.add(key, made);
        onMade?.();
      }
    } catch (error) {
      this.#context.logger.warn('supplies were not computed', {
        key: key.keyId,
        error: String(error),
      });
    }
  }
}
