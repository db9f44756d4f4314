import type { KeySummary, Label } from '../../wire/index.js';
import { mayUse, stageOf, stageOfSummary } from '../keys.js';
import type { ActiveKey, KeyStage } from '../keys.js';
import { SortedTexts } from './sorted-texts.js';

/** The keys that a list is about. An absent field is any. */
export type KeyFilter = {
  /** The requester that the keys must belong to, or name as an allowed signer, for the caller to see them. */
  readonly visibleTo?: string | undefined;
  readonly prefix?: string | undefined;
  readonly owner?: string | undefined;
  readonly algorithm?: number | undefined;
  readonly stage?: KeyStage | undefined;
  /** A key has all of them. */
  readonly labels?: readonly Label[] | undefined;
};

/**
 * A row for each key: `<key id>` and a short hash of each of its owner, allowed signers, labels, algorithm and stage, so that a
 * key with a hundred long ones takes no more than a kilobyte of memory. Two texts may share a hash: the record decides.
 */
export class KeyRows {
  readonly #all = new SortedTexts();

  put(keyId: string, summary: KeySummary): void {
    const { active, owner, allowedSigners, labels } = summary;
    const marks = [
      mark('algorithm', String(active?.sharing?.algorithm ?? 0)),
      mark('stage', stageOfSummary(summary)),
      mark('owner', owner),
      ...allowedSigners.map((signer) => mark('signer', signer)),
      ...labels.map(markOfLabel),
    ];
    this.#all.put(`${keyId} `, [keyId, ...marks].join(''));
  }

  delete(keyId: string): void {
    this.#all.delete(`${keyId} `);
  }

  /**
   * Some rows behind the key id `after` ('' begins), in order.
   *
   * @returns None when there are no more.
   */
  next({ prefix = '' }: KeyFilter, after: string): readonly string[] {
    // "!" is above the blank that ends an id, and below every character of one.
    const from = after === '' ? prefix : `${after}!`;
    const rows = this.#all.up(from < prefix ? prefix : from);
    return rows[0]?.startsWith(prefix) === true ? rows : [];
  }
}

export function keyIdIn(row: string): string {
  return row.slice(0, row.indexOf(' '));
}

/** Claims of a row what the filter demands; of another one only by the accident of a hash. */
export function keyRowTest(filter: KeyFilter): (row: string) => boolean {
  const { visibleTo, prefix = '', owner, algorithm, stage, labels = [] } = filter;
  const every = [
    ...(owner === undefined ? [] : [mark('owner', owner)]),
    ...(algorithm === undefined ? [] : [mark('algorithm', String(algorithm))]),
    ...(stage === undefined ? [] : [mark('stage', stage)]),
    ...labels.map(markOfLabel),
  ];
  const some =
    visibleTo === undefined ? [''] : [mark('owner', visibleTo), mark('signer', visibleTo)];
  return (row) =>
    row.startsWith(prefix) &&
    some.some((each) => row.includes(each)) &&
    every.every((each) => row.includes(each));
}

/** The same of the record. */
export function fitsKey(key: ActiveKey, filter: KeyFilter): boolean {
  const { visibleTo, prefix = '', owner, algorithm, stage, labels = [] } = filter;
  return (
    (visibleTo === undefined || mayUse(key, visibleTo)) &&
    key.keyId.startsWith(prefix) &&
    (owner === undefined || key.owner === owner) &&
    (algorithm === undefined || key.algorithm === algorithm) &&
    (stage === undefined || stageOf(key) === stage) &&
    labels.every((asked) =>
      key.labels.some((has) => has.key === asked.key && has.value === asked.value),
    )
  );
}

function markOfLabel({ key, value }: Label): string {
  return mark('label', `${key}=${value}`);
}

/** A blank and seven characters. */
function mark(field: string, text: string): string {
  return ` ${hashOf(`${field} ${text}`).toString(36).padStart(7, '0')}`;
}

/** FNV-1a, 32 bits, of a text's code units. Whatever it takes for equal is compared again. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
