import { keyId } from '../../../common/index.js';
import type { KeyId, TaskId } from '../../../common/index.js';
import { awaitedNodes, isEnded, isRecoverable, readKey } from '../../../state/index.js';
import type { ActiveKey, ParsedDestroyKey } from '../../../state/index.js';
import type { LiveTask } from '../../live-tasks.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';

type Parts = Pick<ParticipantContext, 'context' | 'view' | 'keys' | 'facts'>;

/**
 * This node as a holder of a key that is destroyed: erases its shares, of every session, and says `destroyed` when its store has
 * none. It follows the state, so it begins again after a restart, and comes to it when it was away. What its own log does not say
 * is not erased, and nothing before the recovery window is over by its own clock.
 */
export class DestroyParticipant implements ParticipantDriver<ParsedDestroyKey> {
  readonly #parts: Parts;
  /** By key: one at a time. */
  readonly #erasing = new Set<KeyId>();
  /** Keys of open tasks whose shares this run has erased. */
  readonly #erased = new Set<KeyId>();
  /** Keys whose recovery window is not over by this node's clock: told once. */
  readonly #waiting = new Set<KeyId>();
  /** Whether the shares that are on disk were compared with the state in this run. */
  #looked: 'not-yet' | 'looking' | 'done' = 'not-yet';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  contribute({ key }: LiveTask<ParsedDestroyKey>): void {
    const { context, facts } = this.#parts;
    const { self, consensus } = context;
    if (key === undefined || !consensus.status().current) return;
    if (!awaitedNodes(key).some(({ nodeId }) => nodeId === self.id)) return;
    const id = keyId(key.keyId);
    // In one run nothing comes back that was erased.
    if (this.#erased.has(id)) return facts.sayDestroyed(key);
    void this.#eraseAndSay(key, id);
  }

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    if (task?.asked.keyId !== undefined) this.#erased.delete(task.asked.keyId);
  }

  /** Once in a run: a store that was put back may hold shares of keys that are destroyed, and that this node has confirmed. */
  sweep(): void {
    const { current } = this.#parts.context.consensus.status();
    if (!current || this.#looked !== 'not-yet') return;
    this.#looked = 'looking';
    void this.#lookOnce();
  }

  async #eraseAndSay(key: ActiveKey, id: KeyId): Promise<void> {
    if (!(await this.#erase(key))) return;
    this.#erased.add(id);
    this.#parts.facts.sayDestroyed(key);
  }

  async #lookOnce(): Promise<void> {
    this.#looked = (await this.#lookThrough()) ? 'done' : 'not-yet';
  }

  /** Resolves with whether all that was found is erased; never rejects. */
  async #lookThrough(): Promise<boolean> {
    const { context, view, keys } = this.#parts;
    try {
      let isClean = true;
      for (const id of await keys.kept()) {
        const key = readKey(view, id);
        if (key === undefined || !isEnded(key)) continue;
        context.logger.warn('shares of a destroyed key were found', { key: id });
        isClean = (await this.#erase(key)) && isClean;
      }
      return isClean;
    } catch (error) {
      context.logger.warn('the share store is unavailable', { error: String(error) });
      return false;
    }
  }

  /** Resolves with whether the shares are gone; `false` where the next look, a second later, has to try again. Never rejects. */
  async #erase(key: ActiveKey): Promise<boolean> {
    const { context, keys } = this.#parts;
    const id = keyId(key.keyId);
    if (this.#erasing.has(id) || !this.#mayErase(key, id)) return false;
    this.#erasing.add(id);
    try {
      await keys.eraseAll(id);
      context.logger.info('the shares of a destroyed key are erased', { key: id });
      return true;
    } catch (error) {
      context.logger.warn('shares of a destroyed key were not erased', {
        key: id,
        error: String(error),
      });
      return false;
    } finally {
      this.#erasing.delete(id);
    }
  }

  /** A majority of wrong clocks may have made the log believe that the window is over: this node's own is asked, too. */
  #mayErase({ lifecycle }: ActiveKey, id: KeyId): boolean {
    const { clock, logger } = this.#parts.context;
    if (lifecycle === undefined) return false;
    const waits = isRecoverable(lifecycle, clock.now());
    if (waits && !this.#waiting.has(id)) {
      logger.warn('a key is destroyed by the log, and not yet by this clock', { key: id });
      this.#waiting.add(id);
    } else if (!waits) this.#waiting.delete(id);
    return !waits;
  }
}
