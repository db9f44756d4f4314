import { toHex } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type { Certificate } from './certificate.js';

/**
 * What a certificate is revoked under: its serial number, of whichever authority, or its key, with every certificate that has
 * that key. Lower-case hex, a serial number without zeros in front.
 */
export type RevocationName = `serial/${string}` | `key/${string}`;

/** @param serial - Big-endian, as long as it need be. */
export function serialName(serial: Uint8Array): RevocationName {
  const first = serial.findIndex((byte) => byte !== 0);
  return `serial/${toHex(serial.subarray(first < 0 ? serial.length : first))}`;
}

/** @param keyInfo - SubjectPublicKeyInfo in DER. */
export function keyName(keyInfo: Uint8Array): RevocationName {
  return keyHashName(sha256(keyInfo));
}

/** @param hash - SHA-256 of the SubjectPublicKeyInfo. */
export function keyHashName(hash: Uint8Array): RevocationName {
  return `key/${toHex(hash)}`;
}

/** The names under any of which one of these certificates is revoked. */
export function namesOf(
  certificates: readonly Pick<Certificate, 'serial' | 'keyInfo'>[],
): readonly RevocationName[] {
  return certificates.flatMap(({ serial, keyInfo }) => [serialName(serial), keyName(keyInfo)]);
}
