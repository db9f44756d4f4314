import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { METHODS } from '../../../src/state/index.js';
import { Command, decode, DestroyKeyRequest, KeyRecord } from '../../../src/wire/index.js';
import type { Installed, Sharing as Statement } from '../../../src/wire/index.js';
import { short, type Report } from './facts.js';
import type { KeyKept, SharesOnDisk } from './key-kept.js';

/** M11: how long after all have installed a version a share of the one before may be there, on a node that lives. */
export const ERASED_WITHIN_MS = 60_000;

const KEYS = 'key/';

/** What an entry says of a key's versions, by the names of a key and a session. */
type Word =
  | { readonly is: 'sharing'; readonly name: string; readonly sharing: Sharing }
  | { readonly is: 'installed'; readonly name: string; readonly node: string }
  | { readonly is: 'destroy'; readonly key: string };

type Sharing = {
  readonly key: string;
  /** In hex. */
  readonly publicKey: string;
  readonly version: number;
  readonly participants: readonly string[];
};

/**
 * A share of a version that was active is erased when the node's own log has `installed` of all participants of a later version, or asks
 * to destroy the key, and not before; and then it is (M11). Entries are read here and not by the code under test.
 */
export class ErasedShares {
  readonly #report: Report;
  readonly #isTrue: (word: Installed) => boolean;
  /** By the hash of its entry. */
  readonly #words = new Map<string, Word | undefined>();
  /** By key and session. */
  readonly #sharings = new Map<string, Sharing>();
  /** By node, key and session: whose `installed` stands in the node's log. */
  readonly #installed = new Map<string, Set<string>>();
  /** By node and key. */
  readonly #destroyed = new Set<string>();
  /** By key and session: what some disk has had as active. */
  readonly #active = new Set<string>();

  /** @param isTrue - Whether the node that it names has said an `installed`: a malicious leader may say it in another's name. */
  constructor(report: Report, isTrue: (word: Installed) => boolean = () => true) {
    this.#report = report;
    this.#isTrue = isTrue;
  }

  /** `node`'s disk now has `entries` in its log, and `writes` in its state. */
  persisted(node: NodeId, entries: readonly Entry[], writes: readonly Write[]): void {
    for (const entry of entries) this.#read(node, entry);
    for (const [key, value] of writes) {
      if (value === undefined || !Buffer.from(key).toString('latin1').startsWith(KEYS)) continue;
      const sharing = decode(KeyRecord, value)?.active?.sharing;
      if (sharing === undefined) continue;
      const { name, sharing: known } = sharingOf(sharing);
      this.#active.add(name);
      // A malicious participant's statement may say something else of the same session.
      this.#sharings.set(name, known);
    }
  }

  /** `node`'s disk has no share of this key and session any more. Gives whether the node's own log gives it up. */
  erased(node: NodeId, key: string, session: string): boolean {
    if (this.#destroyed.has(`${node} ${key}`)) return true;
    const gone = this.#sharings.get(`${key}/${session}`);
    if (gone === undefined) return false;
    const isOver = [...this.#sharings].some(
      ([name, later]) =>
        later.key === key &&
        later.version > gone.version &&
        later.participants.every((each) => this.#installed.get(`${node} ${name}`)?.has(each)),
    );
    if (!isOver && this.#active.has(`${key}/${session}`)) {
      const what = `version ${gone.version} of ${key} before all have installed a later one`;
      this.#report('ErasedShares', `${node} erases its share of ${what}`);
    }
    return isOver;
  }

  /**
   * All has settled, and a while has passed: no node has a share of a version before one that all have installed. One of another public
   * key stays: an attempt at the first version has made it, and another attempt was activated. Nobody but an operator ends those.
   */
  concluded(nodes: readonly NodeId[], shares: SharesOnDisk, keys: KeyKept): void {
    for (const key of new Set([...this.#sharings.values()].map((each) => each.key))) {
      const newest = keys.installedVersion(key);
      const publicKey = keys.publicKeyOf(key);
      for (const node of nodes) {
        for (const session of shares.sessionsOf(node, key)) {
          const made = this.#sharings.get(`${key}/${session}`);
          if (made === undefined || made.publicKey !== publicKey || made.version >= newest)
            continue;
          const what = `version ${made.version} of ${key}, and all have installed ${newest}`;
          this.#report('ErasedShares', `${node} still has a share of ${what}`);
        }
      }
    }
  }

  #read(node: NodeId, entry: Entry): void {
    if (entry.kind !== 'command') return;
    const hash = short(entry.hash);
    const word = this.#words.has(hash) ? this.#words.get(hash) : wordOf(entry, this.#isTrue);
    this.#words.set(hash, word);
    const isOfUse = word?.is === 'sharing' && !this.#active.has(word.name);
    if (isOfUse) this.#sharings.set(word.name, word.sharing);
    if (word?.is === 'destroy') this.#destroyed.add(`${node} ${word.key}`);
    if (word?.is !== 'installed') return;
    const place = `${node} ${word.name}`;
    this.#installed.set(place, (this.#installed.get(place) ?? new Set()).add(word.node));
  }
}

function sharingOf({ keyId: key, sessionId, version, participants, publicKey }: Statement): {
  readonly name: string;
  readonly sharing: Sharing;
} {
  const holders = participants.map(({ nodeId }) => nodeId);
  const sharing = { key, publicKey: toHex(publicKey), version, participants: holders };
  return { name: `${key}/${toHex(sessionId)}`, sharing };
}

function wordOf({ payload }: Entry, isTrue: (word: Installed) => boolean): Word | undefined {
  const command = decode(Command, payload)?.command;
  if (command?.$case === 'ready' && command.value.sharing !== undefined) {
    return { is: 'sharing', ...sharingOf(command.value.sharing) };
  }
  if (command?.$case === 'installed' && isTrue(command.value)) {
    const { keyId, sessionId, nodeId } = command.value;
    return { is: 'installed', name: `${keyId}/${toHex(sessionId)}`, node: nodeId };
  }
  if (command?.$case !== 'request' || command.value.method !== METHODS.destroyKey) return undefined;
  const key = decode(DestroyKeyRequest, command.value.request)?.keyId;
  return key === undefined ? undefined : { is: 'destroy', key };
}
