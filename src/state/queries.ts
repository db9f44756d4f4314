import type { Millis } from '../common/index.js';
import type { TaskRecord, Totals } from '../wire/index.js';
import { TaskRecord as Tasks } from '../wire/index.js';
import { ADDRESS, readTotals, readKey, readTask, takesUnsigned } from './records.js';
import { correctionOf } from './clock.js';
import type { ActiveKey } from './keys.js';
import { members } from './members.js';
import type { Member } from './members.js';
import { signersOf } from './participant-sets.js';
import { isRevoked, revocationCount, revocations } from './revocations.js';
import type { Revoked } from './revocations.js';
import type { Genesis, RevocationName } from '../identity/index.js';
import type { View } from './view.js';

/** Queries of a node's state. Each answer is of one moment: nothing changes while it is read. */
export type Queries = {
  /** The state machine's clock and counts. */
  totals(): Totals;
  /** How far the state machine's clock is behind the log's time. */
  correctionMs(): Millis;
  key(id: string): ActiveKey | undefined;
  /** At most `limit` keys whose ids come after `after`, in order. */
  keysAfter(after: string, limit: number): readonly ActiveKey[];
  /** The nodes that can sign with a key, where enough of them are reached. */
  signersOf(key: ActiveKey): readonly string[];
  task(id: string): TaskRecord | undefined;
  /** At most `limit` tasks whose ids come after `after`, in order. */
  tasks(after: string, limit: number, openOnly: boolean): readonly TaskRecord[];
  members(): readonly Member[];
  /** Whether requests without a signature of their requester's are taken. */
  takesUnsigned(): boolean;
  /** Claims that a certificate with one of these names is revoked. */
  isRevoked(names: readonly RevocationName[]): boolean;
  revocationCount(): number;
  /** All that is revoked, in order of the names. */
  revocations(): readonly Revoked[];
  /** Ids of keys whose participants have not all said `installed`. */
  installing(): readonly string[];
};

export function queries(view: View, genesis: Genesis): Queries {
  return {
    totals: () => readTotals(view),
    correctionMs: () => correctionOf(view),
    key: (id) => readKey(view, id),
    keysAfter: (after, limit) => page(view, ADDRESS.keys, after, limit, (id) => readKey(view, id)),
    signersOf: (key) => signersOf(view, key),
    task: (id) => readTask(view, id),
    tasks: (after, limit, openOnly) =>
      openOnly
        ? page(view, ADDRESS.open, after, limit, (id) => readTask(view, id))
        : page(view, ADDRESS.tasks, after, limit, (_, bytes) => Tasks.decode(bytes)),
    members: () => members(view, genesis),
    takesUnsigned: () => takesUnsigned(view, genesis),
    isRevoked: (names) => isRevoked(view, names),
    revocationCount: () => revocationCount(view),
    revocations: () => revocations(view),
    installing: () => page(view, ADDRESS.installing, '', Number.MAX_SAFE_INTEGER, (id) => id),
  };
}

function page<T>(
  view: View,
  prefix: string,
  after: string,
  limit: number,
  read: (id: string, bytes: Uint8Array) => T | undefined,
): readonly T[] {
  const found: T[] = [];
  // "!" is below every character of an id, so this begins right behind `after`.
  const from = after === '' ? prefix : `${prefix}${after}!`;
  for (const [key, bytes] of view.scan(prefix, from)) {
    if (found.length === limit) break;
    const each = read(key.slice(prefix.length), bytes);
    if (each !== undefined) found.push(each);
  }
  return found;
}
