import { concat, u32be } from '../common/index.js';
import { hmacSha512, type Group } from '../crypto/index.js';

/** A derived key: K′ = K + tweak·G. */
export type Derived<P> = { readonly point: P; readonly tweak: bigint };

/** How often SLIP-10 may ask for another hash. One is needed once in 2^32 keys, two never. */
const RETRIES_MAX = 8;

/**
 * Child of child of … K, each by its number below 2^31: BIP-32's CKDpub, and SLIP-10's for other curves, which differ
 * where a hash gives no key. BIP-32 says to fail then, SLIP-10 to hash again.
 */
export function deriveByStep<P>(
  group: Group<P>,
  K: P,
  chainCode: Uint8Array,
  path: readonly number[],
  otherwise: 'fail' | 'retry',
): Derived<P> | undefined {
  let [point, code, tweak] = [K, chainCode, 0n];
  for (const number of path) {
    const child = childOf(group, point, code, number, otherwise === 'retry' ? RETRIES_MAX : 0);
    if (child === undefined) return undefined;
    tweak = (tweak + child.tweak) % group.order;
    ({ point, code } = child);
  }
  return { point, tweak };
}

/** I = HMAC-SHA512(c, serP(K) ‖ ser32(i)); K_i = parse256(I_L)·G + K; c_i = I_R. */
function childOf<P>(group: Group<P>, K: P, code: Uint8Array, number: number, retries: number) {
  let I = hmacSha512(code, concat(group.encode(K), u32be(number)));
  for (let tried = 0; tried <= retries; tried++) {
    const right = I.slice(32);
    const tweak = group.decodeScalar(I.slice(0, 32));
    if (tweak !== undefined) {
      const point = group.add(K, group.multiplyBase(tweak));
      if (!group.isIdentity(point)) return { point, tweak, code: right };
    }
    I = hmacSha512(code, concat(Uint8Array.of(1), right, u32be(number)));
  }
  return undefined;
}
