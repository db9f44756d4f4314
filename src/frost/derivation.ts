import { decodeBigEndian, xof, type Group } from '../crypto/index.js';
import type { Derived } from '../sharing/index.js';
import { bytesItem, listItem, pointItem, u32Item } from '../wire/index.js';

/**
 * Ours, where no standard derives public keys from public keys (SLIP-10 on Ed25519 asks for the private key):
 * t = XOF("ed-tweak", [K, chain code, path], 64) mod q, big-endian, for the path as a whole. There are no keys in between.
 */
export function deriveAtOnce<P>(
  group: Group<P>,
  K: P,
  chainCode: Uint8Array,
  path: readonly number[],
): Derived<P> | undefined {
  const items = [pointItem(group.encode(K)), bytesItem(chainCode), listItem(path.map(u32Item))];
  const tweak = decodeBigEndian(xof('ed-tweak', items, 64)) % group.order;
  const point = group.add(K, group.multiplyBase(tweak));
  return group.isIdentity(point) ? undefined : { point, tweak };
}
