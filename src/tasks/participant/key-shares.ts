import { keyId, sessionId, toHex } from '../../common/index.js';
import type { KeyRecord } from '../../wire/index.js';
import type { Surroundings } from '../surroundings.js';

/** Opens this node's key shares, and calls a person where one that the state speaks of is missing or does not open. */
export class KeyShares {
  readonly #around: Pick<Surroundings, 'keys' | 'logger'>;
  #closed = false;

  constructor(around: Pick<Surroundings, 'keys' | 'logger'>) {
    this.#around = around;
  }

  /** Resolves with whether the share of the key's active version is in memory; never rejects. */
  async load(key: KeyRecord): Promise<boolean> {
    const { keys, logger } = this.#around;
    try {
      const loaded = await keys.load({
        keyId: keyId(key.keyId),
        sessionId: sessionId(toHex(key.sessionId)),
        version: key.version,
        V: key.publicPolynomial,
        algorithm: key.algorithm,
      });
      if (this.#closed) return false;
      if (!loaded) logger.alarm('no key share on this node', { key: key.keyId });
      return loaded;
    } catch (error) {
      if (!this.#closed) {
        logger.alarm('key share cannot be opened', { key: key.keyId, error: String(error) });
      }
      return false;
    }
  }

  /** The node stops: what does not open any more is no reason for an alarm. */
  close(): void {
    this.#closed = true;
  }
}
