import { equal, toHex } from '../common/index.js';
import { modulo } from '../crypto/index.js';
import { isPath } from '../identity/index.js';
import { decodeAll, isShareOf, type KeyShare, type SharedKey } from '../sharing/index.js';
import type { Suite, Tweaked } from './suite.js';

/** A key that can sign: of a sound sharing, and with the path of its request applied. */
export type SigningKey = Tweaked & Pick<SharedKey, 'threshold' | 'V'>;

/**
 * The key that a request means. `undefined` when V is not the public polynomial of such a key (t points, the first of which
 * gives the public key), or when there is no key at that path.
 */
export function signingKey<P>(suite: Suite<P>, key: SharedKey): SigningKey | undefined {
  const { threshold, V, publicKey, derivation } = key;
  const [V_0] = V;
  if (V_0 === undefined || V.length !== threshold) return undefined;
  if (decodeAll(suite, V) === undefined) return undefined;
  const root = tweaked(suite, V_0, undefined);
  if (root === undefined || !equal(root.publicKey, publicKey)) return undefined;
  const derived = (derivation?.path.length ?? 0) === 0 ? root : tweaked(suite, V_0, derivation);
  return derived && { ...derived, threshold, V };
}

/** The public key as clients see it, of a sharing with this V_0. */
export function publicKeyOf<P>(suite: Suite<P>, V_0: Uint8Array): Uint8Array | undefined {
  return tweaked(suite, V_0, undefined)?.publicKey;
}

/** The public key at the request's path, or `undefined` as {@link signingKey}. */
export function derivedPublicKey<P>(suite: Suite<P>, key: SharedKey): Uint8Array | undefined {
  return signingKey(suite, key)?.publicKey;
}

/** Whether the share is of this key: of a sharing with t points V_l of which the first gives the public key. */
export function belongs<P>(
  suite: Suite<P>,
  { threshold, V, publicKey }: SharedKey,
  share: KeyShare,
): boolean {
  const [V_0] = V;
  const shown = V_0 && publicKeyOf(suite, V_0);
  return (
    V.length === threshold &&
    shown !== undefined &&
    equal(shown, publicKey) &&
    isShareOf(suite, V, share)
  );
}

function tweaked<P>(
  suite: Suite<P>,
  V_0: Uint8Array,
  derivation: SharedKey['derivation'],
): Tweaked | undefined {
  if (suite.taproot === undefined && (derivation?.path ?? []).length === 0) {
    return { point: V_0, publicKey: V_0, negated: false, tweak: 0n };
  }
  const { chainCode = new Uint8Array(), path = [] } = derivation ?? {};
  const name = `${toHex(V_0)}/${toHex(chainCode)}/${path.join('/')}`;
  const known = suite.tweaked.get(name);
  if (known !== undefined) return known;
  const made = tweak(suite, V_0, chainCode, path);
  if (made !== undefined) suite.tweaked.set(name, made);
  return made;
}

/**
 * Adding a constant to a polynomial adds it to every share: so each signer applies the same ± and tweak to its own share,
 * and every node to the X_j. First the path, on the full point; then Taproot's tweak of the key with the even y (BIP-341);
 * then the even y of the tweaked key (BIP-340).
 */
function tweak<P>(
  suite: Suite<P>,
  V_0: Uint8Array,
  chainCode: Uint8Array,
  path: readonly number[],
): Tweaked | undefined {
  const { group, taproot } = suite;
  const K = group.decode(V_0);
  if (K === undefined) return undefined;
  if (!isPath(path)) return undefined;
  const child = path.length === 0 ? { point: K, tweak: 0n } : suite.derive?.(K, chainCode, path);
  if (child === undefined) return undefined;
  if (taproot === undefined) {
    const point = group.encode(child.point);
    return { point, publicKey: point, negated: false, tweak: child.tweak };
  }

  const inner = evenY(child.point);
  const addend = taproot.tweak(taproot.x(inner.point));
  if (addend === undefined) return undefined;
  const Q = group.add(inner.point, group.multiplyBase(addend));
  if (group.isIdentity(Q)) return undefined;
  const outer = evenY(Q);
  return {
    point: group.encode(outer.point),
    publicKey: taproot.x(outer.point),
    negated: inner.odd !== outer.odd,
    tweak: signed(outer.odd, signed(inner.odd, child.tweak) + addend),
  };

  function evenY(point: P): { readonly point: P; readonly odd: boolean } {
    const odd = taproot?.hasOddY(point) ?? false;
    return { odd, point: odd ? group.negate(point) : point };
  }
  function signed(negative: boolean, scalar: bigint): bigint {
    return modulo(negative ? -scalar : scalar, group.order);
  }
}
