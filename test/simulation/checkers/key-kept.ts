import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord } from '../../../src/wire/index.js';
import { activeKey, isEnded } from '../../../src/state/index.js';
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

/** The same, and which there are. */
export interface SharesOnDisk extends Shares {
  /** The sessions of which `node`'s disk has a share of this key, in hex. */
  sessionsOf(node: NodeId, key: string): readonly string[];
}

/**
 * M5: a key that is active is never lost. Every participant has said that its share is durable, so when a version becomes
 * active all of them are; they can be opened, and any `threshold` of them make the public key. M6: it is the newest version that the
 * state of any node names. M7: the public key is one for the key's life. M10: a version is one sharing, on all nodes, and no
 * node goes back to an earlier one.
 */
export class KeyKept {
  /** With a malicious node: by key and session. Else by key, the newest version. */
  readonly #active = new Map<string, ActiveKey>();
  readonly #shares: Shares;
  readonly #report: Report;
  /** With a malicious node: the others. */
  readonly #honest: readonly string[] | undefined;
  /** What may never be another: by key id the public key, by key and version the sharing, and those of complete certificates. */
  readonly #fixed = new Map<string, string>();
  /** By node and key: the version on its disk. */
  readonly #versions = new Map<string, number>();
  /** By key: the version that all its participants have installed. Those before it are erased. */
  readonly #installed = new Map<string, number>();
  /** By node, key and session: shares that were erased when the node's log gave them up. */
  readonly #givenUp = new Set<string>();
  /** Keys whose shares are to be erased. */
  readonly #ended = new Set<string>();
  #open: ActiveKey[] = [];

  /**
   * Beside a malicious node the honest shares are what is looked at, while they are enough to sign; and a version that somebody
   * activated counts for all only with `installed` of a threshold.
   */
  constructor(shares: Shares, report: Report, honest?: readonly string[]) {
    this.#shares = shares;
    this.#report = report;
    this.#honest = honest;
  }

  /** The versions whose shares must be there. */
  get active(): readonly ActiveKey[] {
    return [...this.#active.values()];
  }

  /** The newest version of a key that all its participants have installed; 0 where there is none, or the key is at its end. */
  installedVersion(keyId: string): number {
    return this.#ended.has(keyId) ? 0 : (this.#installed.get(keyId) ?? 0);
  }

  /** In hex; `undefined` for a key that is not known, or is at its end. */
  publicKeyOf(keyId: string): string | undefined {
    const known = this.active.find((each) => each.keyId === keyId);
    return known && toHex(known.publicKey);
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

  /**
   * `node`'s disk has no share of this key and session any more: what is in use must still be all there.
   *
   * @param givenUp - The node's own log gives the share up, which no disk's state may say yet.
   */
  shareErased(node: NodeId, key: string, session: string, givenUp: boolean): void {
    if (givenUp) this.#givenUp.add(`${node} ${key}/${session}`);
    this.shareWritten(key);
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
    const { keyId, version, installed, participants, threshold, sessionId } = record;
    this.#goesOn(node, record);
    if (installed.length >= threshold) {
      const sharing = [`certified ${keyId}/${version}`, sharingName(record)] as const;
      const whole = [`certified ${keyId}`, publicName(record)] as const;
      if (!this.#fix(...sharing) || !this.#fix(...whole)) {
        this.#report('KeyKept', `${node}: key ${keyId} is certified as two keys`);
      }
    }
    const session = toHex(sessionId);
    const isFork = this.#honest !== undefined;
    const place = isFork ? `${keyId}/${session}` : keyId;
    const isSame =
      this.#fix(`${place} version ${version}`, sharingName(record)) &&
      this.#fix(`${place} key`, publicName(record));
    if (!isSame) {
      this.#report('KeyKept', `${node}: key ${keyId} has become another key`);
      return;
    }
    if (isEnded(record)) this.#end(keyId);
    if (this.#ended.has(keyId)) return;
    const known = this.#active.get(place);
    if (version > (known?.version ?? 0)) {
      this.#active.set(place, record);
      this.#open.push(record);
    }
    if (installed.length === participants.length) this.#installedByAll(keyId, version);
  }

  /** The version that a node's disk names is never an earlier one, and each follows the one before it. */
  #goesOn(node: NodeId, { keyId, version, baseVersion }: ActiveKey): void {
    const place = `${node} ${keyId}`;
    const before = this.#versions.get(place) ?? version;
    this.#versions.set(place, Math.max(before, version));
    if (version < before) {
      this.#report('KeyKept', `${node}: key ${keyId} goes back to version ${version}`);
    }
    if (baseVersion !== version - 1) {
      const what = `version ${version} of key ${keyId} follows version ${baseVersion}`;
      this.#report('KeyKept', `${node}: ${what}`);
    }
  }

  /** The key is being destroyed: its shares go. */
  #end(keyId: string): void {
    this.#ended.add(keyId);
    for (const [place, known] of this.#active)
      if (known.keyId === keyId) this.#active.delete(place);
  }

  /** Shares of the versions before may go. */
  #installedByAll(keyId: string, version: number): void {
    const newest = Math.max(this.#installed.get(keyId) ?? 0, version);
    this.#installed.set(keyId, newest);
    for (const [place, known] of this.#active) {
      if (known.keyId === keyId && known.version < newest) this.#active.delete(place);
    }
  }

  /** Claims that what is known by a name is this, and remembers it. */
  #fix(name: string, value: string): boolean {
    const first = this.#fixed.get(name) ?? value;
    this.#fixed.set(name, first);
    return first === value;
  }

  async #prove(record: ActiveKey): Promise<void> {
    const isOver = record.version < (this.#installed.get(record.keyId) ?? 0);
    if (isOver || this.#ended.has(record.keyId)) return;
    const session = toHex(record.sessionId);
    const participants = record.participants
      .map(({ nodeId }) => nodeId as NodeId)
      .filter((node) => this.#honest?.includes(node) ?? true)
      .filter((node) => !this.#givenUp.has(`${node} ${record.keyId}/${session}`));
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

/** What no two records of one version may differ in. */
function sharingName(record: ActiveKey): string {
  const { version, threshold, participants, sessionId, publicPolynomial } = record;
  const holders = participants.map(({ nodeId }) => nodeId);
  return [version, threshold, holders, [sessionId, ...publicPolynomial].map(toHex)].join('/');
}

/** What no two versions of a key may differ in. */
function publicName({ algorithm, publicKey, chainCode }: ActiveKey): string {
  return [algorithm, toHex(publicKey), toHex(chainCode)].join('/');
}
