import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord } from '../../../src/wire/index.js';
import { activeKey } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import type { Report } from './facts.js';

const KEYS = 'key/';

/** What the checker can learn of a sealed share on a disk. */
export interface Shares {
  /** Whether `node`'s disk has a share of this key and session. */
  has(node: NodeId, key: string, session: string): boolean;
  /** Opens the shares of `nodes` and says whether any `threshold` of them make the key. */
  makeKey(key: ActiveKey, nodes: readonly NodeId[]): Promise<boolean>;
}

/**
 * M5: a key that is active is never lost. Every participant has said that its share is durable, so when the key becomes
 * active all of them are; they can be opened, and any `threshold` of them make the public key. M6: the session is the one
 * that the state names, and it never changes.
 */
export class KeyKept {
  readonly #active = new Map<string, ActiveKey>();
  readonly #shares: Shares;
  readonly #report: Report;
  /** With a malicious node: the others. */
  readonly #honest: readonly string[] | undefined;
  /** By key id: what a complete certificate says. */
  readonly #certified = new Map<string, string>();
  #open: ActiveKey[] = [];

  /**
   * Beside a malicious node the honest shares are what is looked at, while they are enough to sign; and a key that somebody
   * activated counts for all only with `installed` of a threshold.
   */
  constructor(shares: Shares, report: Report, honest?: readonly string[]) {
    this.#shares = shares;
    this.#report = report;
    this.#honest = honest;
  }

  get active(): readonly ActiveKey[] {
    return [...this.#active.values()];
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      const address = Buffer.from(key).toString('latin1');
      if (!address.startsWith(KEYS)) continue;
      const stored = value === undefined ? undefined : decode(KeyRecord, value);
      const record = stored && activeKey(stored);
      if (record === undefined) this.#report('KeyKept', `${node}: ${address} is lost`);
      else this.#record(node, record);
    }
  }

  /** Something was written to `key`'s shares: it must still be all there. */
  shareWritten(key: string): void {
    for (const record of this.#active.values()) if (record.keyId === key) this.#open.push(record);
  }

  /** Whether there is a key whose shares are to be opened. */
  get unproved(): boolean {
    return this.#open.length > 0;
  }

  /** Opens the shares of every key that is new or was touched. */
  async prove(): Promise<void> {
    const records = this.#open;
    this.#open = [];
    for (const record of records) await this.#prove(record);
  }

  /** Opens the shares of every active key. */
  async proveAll(): Promise<void> {
    this.#open = [...this.#active.values()];
    await this.prove();
  }

  #record(node: NodeId, record: ActiveKey): void {
    const { keyId, installed, threshold, sessionId } = record;
    if (installed.length >= threshold) {
      const certified = this.#certified.get(keyId) ?? identityOf(record);
      this.#certified.set(keyId, certified);
      if (certified !== identityOf(record)) {
        this.#report('KeyKept', `${node}: key ${keyId} is certified as two keys`);
      }
    }
    const name = this.#honest === undefined ? keyId : `${keyId}/${toHex(sessionId)}`;
    const known = this.#active.get(name);
    if (known === undefined) {
      this.#active.set(name, record);
      this.#open.push(record);
    } else if (identityOf(known) !== identityOf(record)) {
      this.#report('KeyKept', `${node}: key ${record.keyId} has become another key`);
    }
  }

  async #prove(record: ActiveKey): Promise<void> {
    const session = toHex(record.sessionId);
    const participants = record.participants
      .map(({ nodeId }) => nodeId as NodeId)
      .filter((node) => this.#honest?.includes(node) ?? true);
    const holders = participants.filter((node) => this.#shares.has(node, record.keyId, session));
    const wanted = participants.length;
    if (holders.length < wanted) {
      const count = `${holders.length} durable shares of ${wanted}`;
      this.#report('KeyKept', `key ${record.keyId} is active with ${count}`);
    } else if (wanted >= record.threshold && !(await this.#shares.makeKey(record, holders))) {
      this.#report('KeyKept', `the durable shares of key ${record.keyId} do not make it`);
    }
  }
}

function identityOf(record: ActiveKey): string {
  const { version, sessionId, publicKey, publicPolynomial } = record;
  return [version, ...[sessionId, publicKey, ...publicPolynomial].map(toHex)].join('/');
}
