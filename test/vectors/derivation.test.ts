import { expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { concat, fromHex, toHex } from '../../src/common/index.js';
import {
  encodeBigEndian,
  p256Group,
  secp256k1Group,
  sha256,
  taggedHash,
} from '../../src/crypto/index.js';
import { derivedPublicKey, publicKeyOf, type Suite } from '../../src/frost/index.js';
import { BIP32, BIP341, BIP86, SLIP10 } from './derivation.js';
import { p256Suite, secp256k1Suite, taprootSuite } from '../support/builders/schemes.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** BIP-32's serialization: chain code and compressed key of an `xpub…`. */
function readXpub(text: string) {
  const value = text
    .split('')
    .reduce((sum, char) => sum * 58n + BigInt(ALPHABET.indexOf(char)), 0n);
  const all = bytes(value.toString(16).padStart(164, '0'));
  const [content, checksum] = [all.subarray(0, 78), all.subarray(78)];
  expect(sha256(sha256(content)).subarray(0, 4)).toEqual(checksum);
  return { chainCode: content.slice(13, 45), key: content.slice(45) };
}

/** What a sharing with this key would show at the path. */
function derived(
  suite: Suite,
  V_0: Uint8Array,
  chainCode: Uint8Array,
  path: readonly number[],
): string {
  const publicKey = publicKeyOf(suite, V_0) ?? new Uint8Array();
  const key = { threshold: 2, V: [V_0, V_0], publicKey, derivation: { chainCode, path } };
  return toHex(derivedPublicKey(suite, key) ?? new Uint8Array());
}

test.each(BIP32)('BIP-32, $name', ({ parent, path, child }) => {
  const { key, chainCode } = readXpub(parent);

  expect(derived(secp256k1Suite, key, chainCode, path)).toBe(toHex(readXpub(child).key));
});

test.each(BIP86.addresses)('BIP-86, account 0, $path', ({ path, internalKey, outputKey }) => {
  const { key, chainCode } = readXpub(BIP86.account);

  expect(derived(secp256k1Suite, key, chainCode, path).slice(2)).toBe(internalKey);
  expect(derived(taprootSuite, key, chainCode, path)).toBe(outputKey);
});

/** BIP-341: one leaf is the root; two are a branch; of three the first stands beside the branch of the others. */
function rootOf([first, ...rest]: readonly string[]): string {
  if (first === undefined) return '';
  const other = rootOf(rest);
  if (other === '') return first;
  return toHex(taggedHash('TapBranch', bytes([first, other].toSorted().join(''))));
}

test.each(BIP341)('BIP-341, internal key $internalKey', (vector) => {
  const { internalKey, leaves, tweak, outputKey } = vector;
  const P = secp256k1Group.decode(bytes(`02${internalKey}`));
  if (P === undefined) throw new Error('it is on the curve');
  const hash = taggedHash('TapTweak', concat(bytes(internalKey), bytes(rootOf(leaves))));
  const t = secp256k1Group.decodeScalar(hash) ?? 0n;
  const Q = secp256k1Group.add(P, secp256k1Group.multiplyBase(t));

  expect(toHex(hash)).toBe(tweak);
  expect(toHex(secp256k1Group.encode(Q)).slice(2)).toBe(outputKey);
  // Ours is the key without scripts, whichever parity the shared key has.
  for (const prefix of ['02', '03']) {
    const ours = publicKeyOf(taprootSuite, bytes(prefix + internalKey)) ?? new Uint8Array();
    expect(toHex(ours) === outputKey).toBe(leaves.length === 0);
  }
});

test.each(SLIP10)('SLIP-10 on P-256, $name', ({ parent, chainCode, path, child }) => {
  expect(derived(p256Suite, bytes(parent), bytes(chainCode), path)).toBe(child);
});

test('the SLIP-10 vector for retry needs its second hash', () => {
  const { parent, chainCode, path } = SLIP10[3];
  const data = concat(bytes(parent), encodeBigEndian(BigInt(path[0]), 8).subarray(4));
  const first = createHmac('sha512', bytes(chainCode)).update(data).digest().subarray(0, 32);

  expect(BigInt(`0x${first.toString('hex')}`) >= p256Group.order).toBe(true);
});
