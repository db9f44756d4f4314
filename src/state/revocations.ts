import type { RevocationName } from '../identity/index.js';
import { encode, RevocationRecord, RevocationsRecord } from '../wire/index.js';
import { remembering } from './decoded.js';
import { ADDRESS } from './records.js';
import type { Draft, View } from './view.js';

/*
 * Certificates that operators have revoked, by serial number or by key. A row is written once and stays: nothing un-revokes
 * (docs/decisions/0061-certificates-are-revoked-through-the-log.md).
 */

/** A row of the list. */
export type Revoked = { readonly name: RevocationName; readonly record: RevocationRecord };

const decodeCount = remembering((bytes) => RevocationsRecord.decode(bytes));

/** How many serial numbers and keys are revoked. */
export function revocationCount(view: View): number {
  const bytes = view.get(ADDRESS.revocations);
  return bytes === undefined ? 0 : decodeCount(bytes).count;
}

/** Claims that a certificate with one of these names is revoked. */
export function isRevoked(view: View, names: readonly RevocationName[]): boolean {
  return (
    revocationCount(view) > 0 &&
    names.some((name) => view.get(ADDRESS.revoked + name) !== undefined)
  );
}

/** All that is revoked, in order of the names. */
export function revocations(view: View): readonly Revoked[] {
  return [...view.scan(ADDRESS.revoked)].map(([key, bytes]) => ({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    name: key.slice(ADDRESS.revoked.length) as RevocationName,
    record: RevocationRecord.decode(bytes),
  }));
}

/** Adds a row, unless it is there: the first one says who was it. */
export function revoke(draft: Draft, name: RevocationName, record: RevocationRecord): void {
  if (draft.get(ADDRESS.revoked + name) !== undefined) return;
  draft.put(ADDRESS.revoked + name, encode(RevocationRecord, record));
  const count = revocationCount(draft) + 1;
  draft.put(ADDRESS.revocations, encode(RevocationsRecord, { count }));
}
