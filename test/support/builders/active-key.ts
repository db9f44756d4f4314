import { utf8 } from '../../../src/common/index.js';
import type { Write } from '../../../src/ports/index.js';
import { recordOfKey } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { encode, KeyRecord, LifecycleRecord, Sharing } from '../../../src/wire/index.js';

/** A key with these fields; all others are empty. */
export function keyWith(fields: Partial<ActiveKey>): ActiveKey {
  const { active: _, ...record } = KeyRecord.fromPartial({});
  return { ...record, ...Sharing.fromPartial({}), ready: [], installed: [], ...fields };
}

/** The write by which a node's disk gets the key. */
export function writeOf(key: ActiveKey): Write {
  return [utf8(`key/${key.keyId}`), encode(KeyRecord, recordOfKey(key))];
}

/** The same key after it was retired. */
export function retired(key: ActiveKey): ActiveKey {
  return { ...key, lifecycle: LifecycleRecord.fromPartial({}) };
}
