import { equal } from '../common/index.js';
import { SCHEMES } from '../algorithms/index.js';
import { isKeyAlgorithm } from '../identity/index.js';
import { sharedKey } from '../sharing/index.js';
import type { Key } from '../wire/index.js';

/**
 * The public key at a derivation path, worked out here from the certificate's public polynomial and chain code: it is worth
 * as much as the certificate is. `undefined` when the certificate is none of this key, or there is no key at the path.
 *
 * @param path - Numbers below 2^31; empty for the key itself.
 */
export function derivePublicKey(
  key: Pick<Key, 'algorithm' | 'publicKey' | 'certificate'>,
  path: readonly number[],
): Uint8Array | undefined {
  if (path.length === 0) return key.publicKey;
  const { algorithm } = key;
  const sharing = key.certificate?.sharing;
  if (!isKeyAlgorithm(algorithm) || sharing?.algorithm !== algorithm) return undefined;
  if (!equal(sharing.publicKey, key.publicKey)) return undefined;
  return SCHEMES[algorithm].derivedPublicKey(sharedKey(sharing, path));
}
