import type { Millis, NodeId } from '../../common/index.js';
import { nodeId } from '../../common/index.js';
import {
  activeGeneration,
  encodeCommand,
  prepareFor,
  receiversWithout,
  refreshFor,
  resharingOf,
  setOfKey,
} from '../../state/index.js';
import type { ActiveKey, Queries, View } from '../../state/index.js';
import type { RefreshCulprit, Upkeep } from '../../wire/index.js';
import type { Culprits } from '../blame/culprits.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import {
  CULPRIT_KEYS_LOOKED_AT_MAX,
  CULPRIT_LOOK_WAIT_MS,
  CULPRIT_LOOK_WAIT_MS_MAX,
  CULPRIT_REFRESHES_MAX,
  CULPRIT_REFRESHES_PERIOD_MS,
  CULPRIT_REMEMBERED_MS,
} from '../limits.js';
import type { Work } from '../work.js';
import { isReached } from './reached.js';

type Context = Pick<TaskContext, 'clock' | 'consensus' | 'logger'>;

export type CulpritRefreshesParts = {
  readonly view: View;
  readonly queries: Pick<Queries, 'keysAfter' | 'totals' | 'correctionMs'>;
  readonly leadership: Leadership;
  readonly culprits: Pick<Culprits, 'proofs'>;
  readonly connections: Connections;
};

/** A node that is proved to have lied, and how far its keys were looked for. */
type Culprit = {
  readonly evidence: Uint8Array;
  /** When this node learned of it: by its own clock, and by the log's, which is that of the keys' records. */
  readonly sinceMs: Millis;
  readonly sinceLogMs: Millis;
  /** The id of the key that was looked at last; empty where a look begins. */
  after: string;
  /** When the next look begins, and the wait from its end to the one after it. */
  lookMs: Millis;
  waitMs: Millis;
};

/**
 * Keys that are shared anew because one of their participants is proved to have lied, at the leader: without it where the others
 * suffice. It decides nothing. The state bounds how often a key is refreshed for culprits, and each participant judges the evidence.
 */
export class CulpritRefreshes implements Work {
  readonly #context: Context;
  readonly #parts: CulpritRefreshesParts;
  /** By node, the one that was looked at longest ago first. Every voter notes them: the next leader may be any. */
  readonly #culprits = new Map<NodeId, Culprit>();
  #periodMs: Millis | undefined;
  #proposed = 0;

  constructor(context: Context, parts: CulpritRefreshesParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Proposals of another term may be lost. */
  leadChanged(): void {
    const now = this.#context.clock.elapsed();
    for (const culprit of this.#culprits.values()) {
      Object.assign(culprit, { after: '', lookMs: now, waitMs: CULPRIT_LOOK_WAIT_MS });
    }
  }

  sweep(): void {
    const now = this.#context.clock.elapsed();
    this.#learn(now);
    const timeMs = this.#context.consensus.nextTimeMs();
    if (!this.#parts.leadership.held || timeMs === undefined) return;
    let looks = CULPRIT_KEYS_LOOKED_AT_MAX;
    const inTurn = [...this.#culprits];
    for (const [node, culprit] of inTurn) {
      if (looks === 0) return;
      if (now < culprit.lookMs) continue;
      this.#culprits.delete(node);
      this.#culprits.set(node, culprit);
      looks -= this.#look(node, culprit, looks, timeMs);
    }
  }

  #learn(now: Millis): void {
    const { culprits, queries } = this.#parts;
    for (const [node, { sinceMs }] of this.#culprits) {
      if (now - sinceMs >= CULPRIT_REMEMBERED_MS) this.#culprits.delete(node);
    }
    for (const [node, evidence] of culprits.proofs()) {
      if (this.#culprits.has(node)) continue;
      const sinceLogMs = Number(queries.totals().timeMs) + queries.correctionMs();
      const look = { after: '', lookMs: now, waitMs: CULPRIT_LOOK_WAIT_MS };
      this.#culprits.set(node, { evidence, sinceMs: now, sinceLogMs, ...look });
    }
  }

  /** Looks at the next keys, `looks` at most, and proposes what is due. @returns How many it looked at. */
  #look(node: NodeId, culprit: Culprit, looks: number, timeMs: Millis): number {
    const keys = this.#parts.queries.keysAfter(culprit.after, looks);
    for (const [at, key] of keys.entries()) {
      if (isAffected(key, node, culprit) && !this.#propose(key, node, culprit, timeMs)) return at;
      culprit.after = key.keyId;
    }
    if (keys.length === looks) return looks;
    const now = this.#context.clock.elapsed();
    culprit.after = '';
    culprit.lookMs = now + culprit.waitMs;
    culprit.waitMs = Math.min(culprit.waitMs * 2, CULPRIT_LOOK_WAIT_MS_MAX);
    return keys.length;
  }

  /** Proposes a key's refresh where it is due and can begin. @returns Whether the next key may be looked at. */
  #propose(
    key: ActiveKey,
    node: NodeId,
    { evidence, sinceLogMs }: Culprit,
    timeMs: Millis,
  ): boolean {
    const { clock, consensus, logger } = this.#context;
    const { view } = this.#parts;
    const named = { nodeId: node, evidence };
    const refresh = refreshFor(view, key, named, timeMs);
    const parts = { context: this.#context, connections: this.#parts.connections };
    const isReady = receiversWithout(key, node).every((each) => isReached(parts, nodeId(each)));
    const value = refresh ?? this.#renewal(key, named, sinceLogMs, timeMs);
    if (value === undefined || !isReady) return true;
    if (!this.#hasTurn(clock.elapsed())) return false;
    if (consensus.propose(encodeCommand({ $case: 'upkeep', value }), true) !== 'proposed')
      return false;
    this.#proposed += 1;
    const line =
      refresh === undefined
        ? 'the material of a key is to be made anew for a culprit'
        : 'a key is to be shared anew for a culprit';
    logger.info(line, { key: key.keyId, node });
    return true;
  }

  /** New material of a key that is not refreshed by itself, where it has some from before the lie was known. */
  #renewal(
    key: ActiveKey,
    culprit: RefreshCulprit,
    sinceLogMs: Millis,
    timeMs: Millis,
  ): Upkeep | undefined {
    const { view, queries } = this.#parts;
    const set = setOfKey(key);
    if (set === undefined || resharingOf(key).intervalMs > 0n) return undefined;
    const madeMs = Number(activeGeneration(view, set)?.timeMs ?? 0n) + queries.correctionMs();
    return madeMs <= sinceLogMs ? prepareFor(view, set, culprit, timeMs) : undefined;
  }

  #hasTurn(now: Millis): boolean {
    if (this.#periodMs === undefined || now - this.#periodMs >= CULPRIT_REFRESHES_PERIOD_MS) {
      this.#periodMs = now;
      this.#proposed = 0;
    }
    return this.#proposed < CULPRIT_REFRESHES_MAX;
  }
}

/** Claims that a node holds a share of a key that was not shared anew since the node is known to have lied, or in vain. */
function isAffected(key: ActiveKey, node: NodeId, { sinceLogMs }: Culprit): boolean {
  const { culpritMs, failures } = resharingOf(key);
  const isDone = Number(culpritMs) >= sinceLogMs && failures === 0;
  return !isDone && key.participants.some((each) => each.nodeId === node);
}
