import type { NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';
import type { SharesOnDisk } from './key-kept.js';

const KEYS = 'key/';

/**
 * The end of a key: an honest node whose state says that it is retired gives no new share of it, and one that has said `destroyed` has
 * none of any version, and gets none again.
 */
export class EndedKeys {
  readonly #attempts: Attempts;
  readonly #shares: Pick<SharesOnDisk, 'sessionsOf'>;
  /** The honest nodes. */
  readonly #nodes: ReadonlySet<string>;
  readonly #counts: Counts;
  readonly #report: Report;
  /** By node and key, as the disk has it. */
  readonly #retired = new Set<string>();
  /** By node and key: that it has said so. */
  readonly #destroyed = new Set<string>();
  /** By node and session: shares that were given before are sent again. */
  readonly #given = new Set<string>();
  /** By key: how often it was retired, restored and destroyed, as the first disk had it. */
  readonly #stages = new Map<string, 'retired' | 'in use' | 'destroyed'>();

  constructor(
    attempts: Attempts,
    shares: Pick<SharesOnDisk, 'sessionsOf'>,
    nodes: readonly NodeId[],
    counts: Counts,
    report: Report,
  ) {
    this.#attempts = attempts;
    this.#shares = shares;
    this.#nodes = new Set(nodes);
    this.#counts = counts;
    this.#report = report;
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      if (value === undefined || !Buffer.from(key).toString('latin1').startsWith(KEYS)) continue;
      const record = decode(KeyRecord, value);
      const keyId = record?.active?.sharing?.keyId;
      if (record !== undefined && keyId !== undefined) this.#record(node, keyId, record);
    }
  }

  /** Something was written to `key`'s shares on `node`'s disk. */
  kept(node: NodeId, key: string): void {
    if (!this.#destroyed.has(`${node} ${key}`)) return;
    this.#report('EndedKeys', `${node} keeps a share of ${key}, of which it said that it has none`);
  }

  /** `node` sends a signature share of `session`. */
  share(node: NodeId, session: string): void {
    const name = `${node} ${session}`;
    if (this.#given.has(name)) return;
    this.#given.add(name);
    const attempt = this.#attempts.of(session);
    const key = attempt && this.#attempts.keyOf(attempt);
    if (key === undefined || !this.#retired.has(`${node} ${key}`)) return;
    this.#report('EndedKeys', `${node} gives a share of ${key}, which is retired, in ${session}`);
  }

  #record(node: NodeId, keyId: string, { lifecycle }: KeyRecord): void {
    const place = `${node} ${keyId}`;
    if (lifecycle === undefined) this.#retired.delete(place);
    else this.#retired.add(place);
    for (const { nodeId } of lifecycle?.destroyed ?? [])
      this.#saysDestroyed(nodeId as NodeId, keyId);
    const { holders = [], destroyed = [] } = lifecycle ?? {};
    const isOver = holders.length > 0 && holders.length === destroyed.length;
    this.#count(keyId, isOver ? 'destroyed' : lifecycle === undefined ? 'in use' : 'retired');
  }

  #saysDestroyed(node: NodeId, keyId: string): void {
    const place = `${node} ${keyId}`;
    if (this.#destroyed.has(place) || !this.#nodes.has(node)) return;
    this.#destroyed.add(place);
    const left = this.#shares.sessionsOf(node, keyId);
    if (left.length === 0) return;
    this.#report('EndedKeys', `${node} has said that ${keyId} is destroyed, and has a share of it`);
  }

  /** Nodes that are behind show earlier stages again: what comes more than once is counted roughly. */
  #count(keyId: string, stage: 'retired' | 'in use' | 'destroyed'): void {
    const before = this.#stages.get(keyId) ?? 'in use';
    this.#stages.set(keyId, stage);
    if (before === stage || before === 'destroyed') return;
    if (stage === 'retired') this.#counts.retiredKeys++;
    if (stage === 'in use') this.#counts.restoredKeys++;
    if (stage === 'destroyed') this.#counts.destroyedKeys++;
  }
}
