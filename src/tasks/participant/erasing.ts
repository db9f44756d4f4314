import { equal, keyId, sessionId, toHex } from '../../common/index.js';
import type { KeyId, SessionId } from '../../common/index.js';
import { installedBytes } from '../../identity/index.js';
import type { KeyManager } from '../../keys/index.js';
import { FIRST_VERSION } from '../../state/index.js';
import type { ActiveKey, Queries } from '../../state/index.js';
import type { TaskContext } from '../context.js';
import { ERASED_AT_ONCE_MAX } from '../limits.js';
import type { LiveTasks } from '../live-tasks.js';
import type { Work } from '../work.js';
import { readyOf } from './facts.js';

export type ErasingParts = {
  readonly queries: Pick<Queries, 'key'>;
  readonly tasks: Pick<LiveTasks, 'attempt'>;
  readonly keys: Pick<KeyManager, 'kept' | 'sessionsOf' | 'record' | 'erase'>;
};

/** A share that is kept, and the version that it was made for; none where its record says nothing. */
type Kept = { readonly session: SessionId; readonly version: number | undefined };

/**
 * Erases this node's shares of versions that are over: those before a version of which every participant has said in the log that its
 * share is installed. No time-out, no abort and no leader's word is enough. A node that has no share of the new version erases as well.
 */
export class Erasing implements Work {
  readonly #context: Pick<TaskContext, 'consensus' | 'judging' | 'logger'>;
  readonly #parts: ErasingParts;
  /** Keys to be looked at: all that this node holds shares of when it starts, then those that were installed. */
  readonly #due = new Set<KeyId>();
  #started = false;
  #looking = false;
  #closed = false;

  constructor(context: Pick<TaskContext, 'consensus' | 'judging' | 'logger'>, parts: ErasingParts) {
    this.#context = context;
    this.#parts = parts;
  }

  keyChanged(key: ActiveKey): void {
    if (!isInstalledByAll(key)) return;
    this.#due.add(keyId(key.keyId));
    void this.#look();
  }

  sweep(): void {
    void this.#look();
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Makes room for one more share of a key: of the shares that no task can make active any more, the one of the earliest version goes.
   * The active one and the one before it stay, and so does that of the first version.
   *
   * @returns Whether there was one.
   * @throws {ShareStoreError} `unavailable`.
   */
  async makeRoom(key: ActiveKey): Promise<boolean> {
    const id = keyId(key.keyId);
    const { previous } = key.resharing ?? {};
    const inUse = [key.sessionId, previous?.sharing?.sessionId].flatMap((each) => each ?? []);
    const used = new Set(inUse.map((each) => sessionId(toHex(each))));
    const [oldest] = (await this.#kept(id))
      .filter(({ session }) => !used.has(session) && !this.#isOpen(session))
      .filter(({ version }) => version !== undefined && version !== FIRST_VERSION)
      .toSorted((a, b) => (a.version ?? 0) - (b.version ?? 0));
    if (oldest === undefined) return false;
    await this.#erase(id, oldest);
    return true;
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed || !this.#context.consensus.status().current) return;
    this.#looking = true;
    try {
      if (!this.#started) {
        for (const id of await this.#parts.keys.kept()) this.#due.add(id);
        this.#started = true;
      }
      let looks = 0;
      for (const id of this.#due) {
        if (this.#closed || ++looks > ERASED_AT_ONCE_MAX) break;
        // First: what is said of the key while its shares are looked through makes it due again.
        this.#due.delete(id);
        try {
          await this.#eraseBefore(id);
        } catch (error) {
          this.#due.add(id);
          throw error;
        }
      }
    } catch (error) {
      // The failure passes: the next look, a second later, tries again.
      this.#context.logger.warn('the share store is unavailable', { error: String(error) });
    } finally {
      this.#looking = false;
    }
  }

  async #eraseBefore(id: KeyId): Promise<void> {
    const key = this.#parts.queries.key(id);
    if (key === undefined || !isInstalledByAll(key) || !this.#isVerified(key)) return;
    for (const kept of await this.#kept(id)) {
      if (kept.version !== undefined && kept.version < key.version) await this.#erase(id, kept);
    }
  }

  /** Claims that every participant has signed for the active version, each with the identity key that the genesis gives it. */
  #isVerified({ keyId: id, sessionId: session, version, digest, ...key }: ActiveKey): boolean {
    const { genesis, verify } = this.#context.judging;
    return key.participants.every(({ nodeId }) => {
      const member = genesis.members.find((each) => each.nodeId === nodeId);
      const said = key.installed.find((each) => each.nodeId === nodeId);
      if (member === undefined || said === undefined) return false;
      const { signature } = said;
      const installed = { nodeId, sessionId: session, keyId: id, version, digest, signature };
      const bytes = installedBytes(genesis.clusterId, installed);
      return verify.identity(member.identityKey, bytes, signature);
    });
  }

  /** The shares of a key, of the public key that the state has under its name. */
  async #kept(id: KeyId): Promise<readonly Kept[]> {
    const { keys, queries } = this.#parts;
    const kept: Kept[] = [];
    for (const session of await keys.sessionsOf(id)) {
      const record = await keys.record(id, session);
      const sharing = record && readyOf(record)?.sharing;
      const key = queries.key(id);
      const isOfKey =
        key !== undefined && sharing !== undefined && equal(sharing.publicKey, key.publicKey);
      kept.push({ session, version: isOfKey ? sharing.version : undefined });
    }
    return kept;
  }

  async #erase(id: KeyId, { session, version }: Kept): Promise<void> {
    await this.#parts.keys.erase(id, session);
    this.#context.logger.info('key share erased', { key: id, version: version ?? 0, session });
  }

  #isOpen(session: SessionId): boolean {
    return this.#parts.tasks.attempt(session) !== undefined;
  }
}

function isInstalledByAll({ version, installed, participants }: ActiveKey): boolean {
  return version > FIRST_VERSION && installed.length === participants.length;
}
