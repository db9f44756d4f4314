import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Supply } from '../../../src/wire/index.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';
import { partOf } from '../../support/builders/ledger.js';

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

  published(node: NodeId, supplies: readonly Supply[]): void {
    for (const supply of supplies) {
      const name = `${supply.nodeId}/${toHex(supply.boot)}/${supply.counter}`;
      if (supply.nodeId !== node) this.#report('SingleUse', `${node} publishes a nonce of ${name}`);
      for (const point of [partOf(supply, 0), partOf(supply, 1)]) {
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
    const supply = attempt?.supplies.find(({ nodeId }) => nodeId === node);
    if (supply === undefined) {
      this.#report('SingleUse', `${node} sends a share of ${session}, which names no nonce of its`);
      return false;
    }
    const nonce = `${node}/${toHex(partOf(supply, 0))}/${toHex(partOf(supply, 1))}`;
    const before = this.#used.get(nonce);
    if (before !== undefined && before !== session) {
      this.#report('SingleUse', `${node} uses nonce ${supply.counter} in ${before} and ${session}`);
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
