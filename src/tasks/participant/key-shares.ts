import { isInUse } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import { keyId, sessionId, toHex } from '../../common/index.js';
import { algorithmOf } from '../../identity/index.js';
import type { KeyManager } from '../../keys/index.js';
import { ShareStoreError } from '../../ports/index.js';
import type { Logger } from '../../ports/index.js';
import { ALARMED_KEYS_MAX } from '../limits.js';
import type { Work } from '../work.js';

/** Opens this node's key shares, and raises an alarm where a share that the state speaks of is missing or does not open. */
export class KeyShares implements Work {
  readonly #keys: KeyManager;
  readonly #logger: Logger;
  /** Keys that an alarm was raised for in this run: once is enough, and a look comes every second. */
  readonly #alarmed = new Set<string>();
  #closed = false;

  constructor(keys: KeyManager, logger: Logger) {
    this.#keys = keys;
    this.#logger = logger;
  }

  /** Resolves with whether the share of the key's active version is in memory; never rejects. */
  async load(key: ActiveKey): Promise<boolean> {
    try {
      const loaded = await this.#keys.load({
        keyId: keyId(key.keyId),
        sessionId: sessionId(toHex(key.sessionId)),
        version: key.version,
        V: key.publicPolynomial,
        algorithm: algorithmOf(key),
      });
      if (loaded) this.#alarmed.delete(key.keyId);
      else if (this.#keys.isShut(keyId(key.keyId))) return false;
      else if (this.#isNews(key))
        this.#logger.alarm('no key share on this node', { key: key.keyId });
      return loaded && !this.#closed;
    } catch (error) {
      if (error instanceof ShareStoreError && error.kind === 'unavailable') {
        // The failure passes: the next look, a second later, tries again.
        const words = { key: key.keyId, error: String(error) };
        this.#logger.warn('the share store is unavailable', words);
      } else if (this.#isNews(key)) {
        const words = { key: key.keyId, error: String(error) };
        this.#logger.alarm('key share cannot be opened', words);
      }
      return false;
    }
  }

  /** Wipes the secrets that a retired key left in memory. */
  keyChanged(key: ActiveKey): void {
    const id = keyId(key.keyId);
    if (isInUse(key)) this.#keys.reopen(id);
    else this.#keys.shut(id);
  }

  #isNews({ keyId: key }: ActiveKey): boolean {
    if (this.#closed || this.#alarmed.has(key)) return false;
    if (this.#alarmed.size >= ALARMED_KEYS_MAX) this.#alarmed.clear();
    this.#alarmed.add(key);
    return true;
  }

  /** The node stops: what does not open any more is no reason for an alarm. */
  close(): void {
    this.#closed = true;
  }
}
