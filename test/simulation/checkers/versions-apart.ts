import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord, type FreshSupplies, type Supply } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';

const KEYS = 'key/';

/**
 * M8: shares of two versions are never mixed in one signature. Whoever gives a share for an attempt uses the nonces that its signers made
 * for the key and version that the attempt names, and that version is the sharing that the state has under its number. Beside a
 * malicious node each node answers for its own nonces and its own state.
 */
export class VersionsApart {
  readonly #attempts: Attempts;
  readonly #counts: Counts;
  readonly #report: Report;
  readonly #forks: boolean;
  /** By the name of a supply: the key and version that its owner made it for. */
  readonly #supplies = new Map<string, string>();
  /** By key and version, with forks by node too: the session that made it. */
  readonly #sessions = new Map<string, string>();
  /** Keys and versions that were counted. */
  readonly #counted = new Set<string>();

  /** @param options - With `forks`, one node is malicious: the others may have two logs, and be told anything of each other's nonces. */
  constructor(attempts: Attempts, counts: Counts, report: Report, { forks = false } = {}) {
    this.#attempts = attempts;
    this.#counts = counts;
    this.#report = report;
    this.#forks = forks;
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      if (value === undefined || !Buffer.from(key).toString('latin1').startsWith(KEYS)) continue;
      const sharing = decode(KeyRecord, value)?.active?.sharing;
      if (sharing === undefined) continue;
      const name = `${sharing.keyId} version ${sharing.version}`;
      if (!this.#counted.has(name) && sharing.version > 1) this.#counts.newVersions++;
      this.#counted.add(name);
      this.#sessions.set(this.#placeOf(node, name), toHex(sharing.sessionId));
    }
  }

  /** A node tells others of supplies that it has made. */
  published({ keyId, version, supplies }: FreshSupplies): void {
    for (const supply of supplies)
      this.#supplies.set(nameOf(supply), `${keyId} version ${version}`);
  }

  /** `node` sends a signature share of `session`. */
  share(node: NodeId, session: string): void {
    const attempt = this.#attempts.of(session);
    const key = attempt && this.#attempts.keyOf(attempt);
    if (attempt === undefined || key === undefined) return;
    const name = `${key} version ${attempt.version}`;
    const made = this.#sessions.get(this.#placeOf(node, name)) ?? attempt.sharingSession;
    if (made !== attempt.sharingSession) {
      this.#report('VersionsApart', `${node} gives a share of ${name} of another session`);
    }
    for (const supply of attempt.supplies) {
      if (this.#forks && supply.nodeId !== node) continue;
      const of = this.#supplies.get(nameOf(supply)) ?? name;
      if (of === name) continue;
      this.#report('VersionsApart', `${node} gives a share of ${name} with a nonce of ${of}`);
    }
  }

  #placeOf(node: NodeId, name: string): string {
    return this.#forks ? `${node} ${name}` : name;
  }
}

function nameOf({ nodeId, boot, counter }: Supply): string {
  return `${nodeId} ${toHex(boot)} ${counter}`;
}
