import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { decode, KeyRecord, SetRecord, type Auxiliary } from '../../../src/wire/index.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';

const [KEYS, SETS] = ['key/', 'set/'];

/**
 * A version of a key for threshold ECDSA is made with auxiliary material whose own session began after the version before it was active:
 * beside a Paillier key that was stolen with a share of that version a fresh share would be no refresh. Beside a malicious node this
 * holds of each node's own history.
 */
export class FreshMaterial {
  readonly #attempts: Attempts;
  readonly #report: Report;
  readonly #forks: boolean;
  /** By set, generation and digest: the index of the entry that opened its session. */
  readonly #begun = new Map<string, bigint>();
  /** By key and version, with forks by node too: the index of the entry that made it active. */
  readonly #active = new Map<string, bigint>();

  /** @param options - With `forks`, nodes may have two logs. */
  constructor(attempts: Attempts, report: Report, { forks = false } = {}) {
    this.#attempts = attempts;
    this.#report = report;
    this.#forks = forks;
  }

  /** `node`'s disk now has `writes` in its state. */
  persisted(node: NodeId, writes: readonly Write[]): void {
    const written = writes.flatMap(([key, value]) =>
      value === undefined ? [] : [[Buffer.from(key).toString('latin1'), value] as const],
    );
    for (const [address, value] of written) {
      if (address.startsWith(SETS)) this.#set(decode(SetRecord, value));
    }
    for (const [address, value] of written) {
      if (address.startsWith(KEYS)) this.#key(node, decode(KeyRecord, value));
    }
  }

  #set(record: SetRecord | undefined): void {
    const { preparation, sessionIndex } = record?.active ?? {};
    if (preparation === undefined || sessionIndex === undefined) return;
    this.#begun.set(nameOf(preparation), sessionIndex);
  }

  #key(node: NodeId, record: KeyRecord | undefined): void {
    const { active, resharing } = record ?? {};
    if (active?.sharing === undefined || resharing === undefined) return;
    const { keyId, version, sessionId } = active.sharing;
    const name = `${keyId} version ${version}`;
    const place = this.#forks ? `${node} ${keyId}` : keyId;
    if (this.#active.has(`${place} version ${version}`)) return;
    this.#active.set(`${place} version ${version}`, resharing.activeIndex);
    const base = this.#active.get(`${place} version ${version - 1}`);
    const material = this.#attempts.of(toHex(sessionId))?.material;
    const begun = material && this.#begun.get(nameOf(material));
    if (base === undefined || begun === undefined || begun > base) return;
    const what = `material that was begun at ${begun}, and the version before is active since ${base}`;
    this.#report('FreshMaterial', `${node}: ${name} is made with ${what}`);
  }
}

function nameOf({ setId, generation, digest }: Auxiliary): string {
  return `${toHex(setId)} ${generation} ${toHex(digest)}`;
}
