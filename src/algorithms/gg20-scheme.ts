import { equal, toHex } from '../common/index.js';
import { BoundedCache } from '../crypto/index.js';
import type { Curve } from '../gg20/index.js';
import { isPath, type KeyAlgorithm } from '../identity/index.js';
import {
  decodeAll,
  deriveByStep,
  isShareOf,
  type SharedKey,
  type SharingGroup,
} from '../sharing/index.js';
import type { Scheme } from './scheme.js';

const VERIFICATION_SHARES_MAX = 4096;
const DERIVED_MAX = 4096;

/** Threshold ECDSA over one curve as a scheme. A public key is the compressed point V_0; a path is BIP-32's, on both curves. */
export function gg20Scheme<P>(algorithm: KeyAlgorithm, curve: Curve<P>): Scheme {
  const { group } = curve;
  const sharing: SharingGroup<P> = {
    algorithm,
    group,
    verificationShares: new BoundedCache(VERIFICATION_SHARES_MAX),
  };
  /** By V_0, chain code and path. */
  const derived = new BoundedCache<Uint8Array>(DERIVED_MAX);

  return {
    sharing,
    signing: { by: 'session', curve },
    publicKeyOf: (V_0) => (group.decode(V_0) === undefined ? undefined : V_0),
    derivedPublicKey(key) {
      if (!isSound(sharing, key)) return undefined;
      const { publicKey, derivation } = key;
      if (derivation === undefined || derivation.path.length === 0) return publicKey;
      const { chainCode, path } = derivation;
      const name = `${toHex(publicKey)}/${toHex(chainCode)}/${path.join('/')}`;
      const known = derived.get(name);
      if (known !== undefined) return known;
      const K = group.decode(publicKey);
      if (K === undefined || !isPath(path)) return undefined;
      const child = deriveByStep(group, K, chainCode, path, 'fail');
      const made = child && group.encode(child.point);
      if (made !== undefined) derived.set(name, made);
      return made;
    },
    belongs: (key, share) => isSound(sharing, key) && isShareOf(sharing, key.V, share),
  };
}

/** Claims that V has t points, the first of which is the public key. */
function isSound<P>(sharing: SharingGroup<P>, { V, threshold, publicKey }: SharedKey): boolean {
  const [V_0] = V;
  return (
    V_0 !== undefined &&
    V.length === threshold &&
    equal(V_0, publicKey) &&
    decodeAll(sharing, V) !== undefined
  );
}
