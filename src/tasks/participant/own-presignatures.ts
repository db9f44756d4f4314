import type { SessionId, TaskId } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import type { Presigned } from '../../gg20/index.js';
import { Presignatures } from '../../keys/index.js';
import { isOpen, presignatureOf } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import {
  NAMED_KEPT_MAX,
  PRESIGNATURE_KEPT_MS,
  PRESIGNATURE_RENEWED_MS,
  PRESIGNATURES_MAX,
} from '../limits.js';
import type { LiveAttempt } from '../live-tasks.js';
import type { Batch, Work } from '../work.js';
import { bindingOf, isOfNow } from './presignature-binding.js';

type Made = { readonly attempt: LiveAttempt; readonly presigned: Presigned };

/**
 * This node's halves of presignatures, in memory alone. One is here from the entry that says that all its signers are ready until an
 * entry names it, or what it is bound to is over; a restart begins with none.
 */
export class OwnPresignatures implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #state: AppliedState;
  readonly #store: Presignatures;
  /** Of sessions whose outcome the log does not have yet. */
  readonly #made = new Map<SessionId, Made>();
  #named: readonly Uint8Array[] = [];

  /** @param size - Presignatures of one key and set of signers, at most. */
  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus'>,
    state: AppliedState,
    size: number,
  ) {
    this.#context = context;
    this.#state = state;
    this.#store = new Presignatures({ maximum: PRESIGNATURES_MAX, perBindingMaximum: size });
  }

  /** Whether there is room for what an attempt makes. The oldest of a full pool give way, when they are some minutes old. */
  hasRoom(attempt: LiveAttempt): boolean {
    const binding = this.#bindingOf(attempt);
    if (binding === undefined) return false;
    const now = this.#context.clock.elapsed();
    this.#store.giveWay(binding, now - PRESIGNATURE_RENEWED_MS);
    const coming = [...this.#made.values()].filter(
      (each) => this.#bindingOf(each.attempt)?.name === binding.name,
    );
    return this.#store.room(binding) > coming.length;
  }

  /** Takes over what an attempt has made, until its task closes. */
  made(attempt: LiveAttempt, presigned: Presigned): void {
    if (!isOpen(this.#state.queries.task(attempt.task.id))) return wipe(presigned.secret);
    this.#made.set(attempt.session, { attempt, presigned });
  }

  /**
   * Gives away the presignature that an attempt names, once. Synchronous: see `Presignatures`.
   *
   * @returns Nothing where it is not here, or not any more, or is not for this version, generation and these signers.
   */
  take(attempt: LiveAttempt): Presigned | undefined {
    const id = attempt.record.attempt?.presignature;
    const binding = this.#bindingOf(attempt);
    return id === undefined || binding === undefined ? undefined : this.#store.take(binding, id);
  }

  /** How many are kept of a version of a key. */
  count({ keyId, version }: Pick<ActiveKey, 'keyId' | 'version'>): number {
    return this.#store.count(keyId, version);
  }

  get size(): number {
    return this.#store.size;
  }

  applied({ presignatures }: Batch): void {
    this.#named = [...this.#named, ...presignatures].slice(-NAMED_KEPT_MAX);
  }

  /** Keeps the presignature of which the log says that all its signers have it; all else that a task has made is wiped. */
  taskClosed(id: TaskId): void {
    for (const [session, made] of this.#made) {
      if (made.attempt.task.id !== id) continue;
      this.#made.delete(session);
      if (!this.#keep(made)) wipe(made.presigned.secret);
    }
  }

  keyChanged(key: ActiveKey): void {
    const { view } = this.#state;
    this.#store.dropWhere((binding) => binding.keyId === key.keyId && !isOfNow(view, key, binding));
  }

  /** Drops those that entries named and no session took; not before every session had its chance. */
  settled(): void {
    if (!this.#context.consensus.status().current) return;
    this.#store.named(this.#named);
    this.#named = [];
  }

  sweep(): void {
    const { queries, view } = this.#state;
    this.#store.expire(this.#context.clock.elapsed() - PRESIGNATURE_KEPT_MS);
    this.#store.dropWhere((binding) => !isOfNow(view, queries.key(binding.keyId), binding));
  }

  close(): void {
    this.#store.close();
    for (const { presigned } of this.#made.values()) wipe(presigned.secret);
    this.#made.clear();
  }

  #keep({ attempt, presigned }: Made): boolean {
    const { queries, view } = this.#state;
    const record = queries.task(attempt.task.id);
    const result = record && presignatureOf(record);
    const binding = this.#bindingOf(attempt);
    const isRecorded =
      result !== undefined &&
      result.attempt === attempt.number &&
      equal(result.presignature, presigned.presigId);
    if (!isRecorded || binding === undefined) return false;
    if (!isOfNow(view, queries.key(binding.keyId), binding)) return false;
    if (this.#store.room(binding) === 0) return false;
    this.#store.add(binding, presigned, this.#context.clock.elapsed());
    return true;
  }

  #bindingOf({ record, task }: LiveAttempt) {
    return record.attempt && bindingOf(task.record.keyId, record.attempt);
  }
}
