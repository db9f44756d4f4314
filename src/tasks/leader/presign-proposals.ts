import { toHex } from '../../common/index.js';
import type { Millis, TaskId } from '../../common/index.js';
import {
  encodeCommand,
  isPresign,
  isSign,
  parseAsked,
  setOfKey,
  signersOf,
  UPKEEP_METHODS,
} from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import { encode, PresignRequest } from '../../wire/index.js';
import type { Upkeep } from '../../wire/index.js';
import type { Connections } from '../connections.js';
import type { AppliedState, TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import {
  KEY_IN_USE_MS,
  KEYS_WITH_POOLS_MAX,
  PRESIGN_PROPOSED_MS,
  PRESIGNATURES_MAX,
  PRESIGNS_AT_ONCE,
} from '../limits.js';
import type { LiveTask, LiveTasks } from '../live-tasks.js';
import type { PresignaturePools } from '../voter/presignature-pools.js';
import type { Work } from '../work.js';
import type { PresignatureChoice } from './presignature-choice.js';
import { reachedOf } from './reached.js';

export type PresignProposalsParts = {
  readonly state: AppliedState;
  readonly tasks: LiveTasks;
  readonly leadership: Leadership;
  readonly connections: Connections;
  readonly pools: PresignaturePools;
  readonly choice: PresignatureChoice;
};

/** The level of one key's pool, as it is and as it is to be. */
export type KeyInUse = { readonly key: ActiveKey; readonly wanted: number };

type Proposed = { readonly keyId: string; readonly atMs: Millis };

/**
 * Keeps pools of presignatures filled, at the leader: of the keys that were made or signed with of late, the emptiest pool first, a few
 * presignatures at once. Every voter remembers which keys those are, so that a new leader goes on.
 */
export class PresignProposals implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>;
  readonly #parts: PresignProposalsParts;
  /** Presignatures of one key that are to be there; 0: none is made. */
  readonly #size: number;
  /** When each key was last used, the longest ago first. */
  readonly #usedMs = new Map<string, Millis>();
  /** Proposals that are not applied yet, by their requests in hex. */
  readonly #proposed = new Map<string, Proposed>();
  #serial = 0n;

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus' | 'judging'>,
    parts: PresignProposalsParts,
    size: number,
  ) {
    this.#context = context;
    this.#parts = parts;
    this.#size = size;
  }

  /** The keys whose pools are kept filled, those used last first. */
  get keys(): readonly KeyInUse[] {
    return [...this.#usedMs.keys()].toReversed().flatMap((id) => {
      const key = this.#keyOf(id);
      return key === undefined ? [] : [{ key, wanted: this.#size }];
    });
  }

  taskOpen({ asked, key, record }: LiveTask): void {
    if (isPresign(asked)) this.#proposed.delete(toHex(record.request));
    const isServed = isSign(asked) && asked.payload.form !== 'digest';
    if (isServed && key !== undefined) this.#use(key);
  }

  /** One was made, or used: the next is due. */
  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    if (task !== undefined && (isPresign(task.asked) || isSign(task.asked))) this.#fill();
  }

  /** A key that is new, or in a new version, is going to be signed with. */
  keyChanged(key: ActiveKey): void {
    this.#use(key);
  }

  leadChanged(): void {
    this.#proposed.clear();
  }

  sweep(): void {
    const now = this.#context.clock.elapsed();
    for (const [id, usedMs] of this.#usedMs) {
      if (now - usedMs >= KEY_IN_USE_MS) this.#usedMs.delete(id);
    }
    for (const [name, { atMs }] of this.#proposed) {
      if (now - atMs >= PRESIGN_PROPOSED_MS) this.#proposed.delete(name);
    }
    this.#fill();
  }

  #use(key: ActiveKey): void {
    if (this.#size === 0 || setOfKey(key) === undefined) return;
    this.#usedMs.delete(key.keyId);
    const [oldest] = this.#usedMs.keys();
    const isFull = this.#usedMs.size >= KEYS_WITH_POOLS_MAX;
    if (isFull && oldest !== undefined) this.#usedMs.delete(oldest);
    this.#usedMs.set(key.keyId, this.#context.clock.elapsed());
  }

  /** Proposes as many as may be under way at once. */
  #fill(): void {
    const { leadership, pools } = this.#parts;
    const { consensus } = this.#context;
    const isLeading = leadership.held && consensus.nextTimeMs() !== undefined;
    if (this.#size === 0 || !isLeading) return;
    const coming = this.#coming();
    let room = PRESIGNS_AT_ONCE - coming.length;
    while (room > 0 && pools.size + coming.length < PRESIGNATURES_MAX) {
      const key = this.#emptiest(coming);
      if (key === undefined || !this.#propose(key)) return;
      coming.push(key.keyId);
      room -= 1;
    }
  }

  /** The keys of presignatures that are being made, or are proposed. */
  #coming(): string[] {
    const open = [...this.#parts.tasks.all()].filter(({ asked }) => isPresign(asked));
    const proposed = [...this.#proposed.values()];
    return [...open.map(({ record }) => record.keyId), ...proposed.map(({ keyId }) => keyId)];
  }

  #emptiest(coming: readonly string[]): ActiveKey | undefined {
    const lacking = this.keys
      .map(({ key }) => ({
        key,
        level: this.#parts.choice.level(key) + coming.filter((id) => id === key.keyId).length,
      }))
      .filter(({ key, level }) => level < this.#size && this.#canMake(key));
    return lacking.toSorted((a, b) => a.level - b.level)[0]?.key;
  }

  /** Whether enough signers answer, and the state lets one be opened. */
  #canMake(key: ActiveKey): boolean {
    const { state } = this.#parts;
    const timeMs = this.#context.consensus.nextTimeMs();
    const members = signersOf(state.view, key);
    const parts = { connections: this.#parts.connections, context: this.#context };
    const able = reachedOf(parts, key.participants).filter((node) => members.includes(node));
    return able.length >= key.threshold && timeMs !== undefined && this.#isDue(key, timeMs);
  }

  #isDue(key: ActiveKey, timeMs: Millis): boolean {
    const { judging } = this.#context;
    const { method, request } = this.#requestFor(key);
    const parsed = parseAsked(judging.kinds, method, request);
    if (!parsed.ok) return false;
    const { rules, asked } = parsed.value;
    return rules.upkeep?.isDue(this.#parts.state.view, asked, timeMs, judging) ?? false;
  }

  #propose(key: ActiveKey): boolean {
    const { clock, consensus } = this.#context;
    this.#serial += 1n;
    const value = this.#requestFor(key);
    if (consensus.propose(encodeCommand({ $case: 'upkeep', value }), true) !== 'proposed')
      return false;
    const name = toHex(value.request);
    this.#proposed.set(name, { keyId: key.keyId, atMs: clock.elapsed() });
    return true;
  }

  #requestFor({ keyId, version }: ActiveKey): Upkeep {
    const request = encode(PresignRequest, { keyId, version, serial: this.#serial });
    return { method: UPKEEP_METHODS.presign, request };
  }

  #keyOf(id: string): ActiveKey | undefined {
    const key = this.#parts.state.queries.key(id);
    return key !== undefined && setOfKey(key) !== undefined ? key : undefined;
  }
}
