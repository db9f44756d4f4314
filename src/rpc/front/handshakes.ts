import { Budgets } from '../../common/index.js';
import type { Millis, Rate } from '../../common/index.js';
import {
  ADDRESSES_REMEMBERED,
  HANDSHAKES_OF_KNOWN,
  HANDSHAKES_OF_STRANGERS,
  HANDSHAKES_PER_ADDRESS,
} from '../limits.js';

export type HandshakeLimits = {
  readonly perAddress: Rate;
  readonly ofStrangers: Rate;
  readonly ofKnown: Rate;
};

const LIMITS: HandshakeLimits = {
  perAddress: HANDSHAKES_PER_ADDRESS,
  ofStrangers: HANDSHAKES_OF_STRANGERS,
  ofKnown: HANDSHAKES_OF_KNOWN,
};

/** The one name of a budget of all addresses. */
const ALL = '';

/**
 * The TLS handshakes that a port makes: so many for each address, and so many in all. TLS 1.3 hides a client's certificate
 * until the node has done its part, so nothing tells a stranger before. But addresses from which a handshake has
 * succeeded are known, and have a sum of their own: strangers, from however many addresses, cannot use it up.
 */
export class Handshakes {
  readonly #perAddress: Budgets;
  readonly #ofStrangers: Budgets;
  readonly #ofKnown: Budgets;
  /** The address that succeeded longest ago comes first. */
  readonly #known = new Set<string>();

  constructor(limits: Partial<HandshakeLimits> = {}) {
    const all = { ...LIMITS, ...limits };
    this.#perAddress = new Budgets(all.perAddress, ADDRESSES_REMEMBERED);
    this.#ofStrangers = new Budgets(all.ofStrangers, 1);
    this.#ofKnown = new Budgets(all.ofKnown, 1);
  }

  /** A connection from `address` begins to speak. @returns Whether it gets a handshake. */
  begin(address: string, nowMs: Millis): boolean {
    const all = this.#known.has(address) ? this.#ofKnown : this.#ofStrangers;
    // The sum is asked first, and pays only for what the address may have.
    if (all.waitMs(ALL, 1, nowMs) > 0) return false;
    return this.#perAddress.take(address, 1, nowMs) && all.take(ALL, 1, nowMs);
  }

  /** A certificate of this port's authority was shown from `address`. */
  succeeded(address: string): void {
    if (!this.#known.delete(address) && this.#known.size >= ADDRESSES_REMEMBERED) {
      const [oldest = ''] = this.#known;
      this.#known.delete(oldest);
    }
    this.#known.add(address);
  }
}
