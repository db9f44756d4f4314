import { concat, equal, keyId, sessionId, utf8 } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import { ShareStoreError } from '../ports/index.js';
import type { ShareId, SharePage, SharePageRequest } from '../ports/index.js';

/*
 * A stored key share, format 1, under the name  key id ‖ 00 ‖ session id :
 *
 *   u8 1 ‖ SHA-256(name ‖ 00 ‖ sealed) (32) ‖ sealed (the rest)
 *
 * The checksum is for disks, not against attackers: it tells a damaged record from one that a wrong node key does not open.
 */
const FORMAT = 1;
const SEALED_AT = 33;
/** Below every character of an id, so that names are in order of key, then session. */
const SEPARATOR = '\0';

/** The name of a share's record. */
export function shareName({ keyId: key, sessionId: session }: ShareId): string {
  return `${key}${SEPARATOR}${session}`;
}

/** The key and session that {@link shareName} named. */
export function shareIdOf(name: string): ShareId {
  const [key = '', session = ''] = name.split(SEPARATOR);
  return { keyId: keyId(key), sessionId: sessionId(session) };
}

/** The stored record of a sealed share; shares no memory with it. */
export function shareToBytes(id: ShareId, sealed: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(FORMAT), checksum(id, sealed), sealed);
}

/** The sealed share in a record, a copy. @throws {ShareStoreError} `damaged`. */
export function shareFromBytes(id: ShareId, bytes: Uint8Array): Uint8Array {
  // Not `slice`: of a Buffer that is a view.
  const sealed = Uint8Array.from(bytes.subarray(SEALED_AT));
  if (bytes[0] === FORMAT && equal(checksum(id, sealed), bytes.subarray(1, SEALED_AT)))
    return sealed;
  throw new ShareStoreError(
    'damaged',
    `The record of key share ${id.keyId}, session ${id.sessionId}, is not what was written`,
  );
}

/**
 * Makes a page.
 *
 * @param names - The first of the names behind `request.after`, in order; all of them, or one more than the limit.
 */
export function sharePage({ limit }: SharePageRequest, names: readonly string[]): SharePage {
  const items = names.slice(0, limit).map(shareIdOf);
  return { items, next: names.length > limit ? items.at(-1) : undefined };
}

function checksum(id: ShareId, sealed: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${shareName(id)}${SEPARATOR}`), sealed));
}
