import { toHex, type NodeId } from '../../../src/common/index.js';
import type { NonceSlot } from '../../../src/wire/index.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';

/** M1: never two signature shares of one node with the same nonce, and never one commitment under two names. */
export class SingleUse {
  readonly #published = new Map<string, string>();
  readonly #used = new Map<string, string>();
  readonly #shares = new Map<string, string>();
  readonly #attempts: Attempts;
  readonly #report: Report;

  constructor(attempts: Attempts, report: Report) {
    this.#attempts = attempts;
    this.#report = report;
  }

  published(node: NodeId, slots: readonly NonceSlot[]): void {
    for (const slot of slots) {
      const name = `${slot.nodeId}/${toHex(slot.boot)}/${slot.counter}`;
      if (slot.nodeId !== node) this.#report('SingleUse', `${node} publishes a nonce of ${name}`);
      for (const point of [slot.hiding, slot.binding]) {
        const known = this.#published.get(toHex(point));
        if (known === undefined) this.#published.set(toHex(point), name);
        else if (known !== name) {
          this.#report('SingleUse', `${node} publishes one commitment as ${known} and as ${name}`);
        }
      }
    }
  }

  /** Gives whether it is the first time that `node` sends its share of `session`. */
  share(node: NodeId, session: string, body: Uint8Array): boolean {
    const attempt = this.#attempts.of(session);
    const slot = attempt?.slots.find(({ nodeId }) => nodeId === node);
    if (slot === undefined) {
      this.#report('SingleUse', `${node} sends a share of ${session}, which names no nonce of its`);
      return false;
    }
    const nonce = `${node}/${toHex(slot.hiding)}/${toHex(slot.binding)}`;
    const before = this.#used.get(nonce);
    if (before !== undefined && before !== session) {
      this.#report('SingleUse', `${node} uses nonce ${slot.counter} in ${before} and ${session}`);
    }
    this.#used.set(nonce, session);
    const name = `${node}/${session}`;
    const share = this.#shares.get(name);
    if (share !== undefined && share !== toHex(body)) {
      this.#report('SingleUse', `${node} sends two different shares of ${session}`);
    }
    this.#shares.set(name, toHex(body));
    return share === undefined;
  }
}
