import { equal, fromHex } from '../../common/index.js';
import type { Curve, Group } from '../../crypto/index.js';

/** Encodings of one curve, in hex: of 7·base, and bytes that are no point of the group. */
type Known = { readonly seven: string; readonly refused: readonly string[] };

const KNOWN: Readonly<Record<Curve, Known>> = {
  ed25519: {
    seven: 'b862409fb5c4c4123df2abf7462b88f041ad36dd6864ce872fd5472be363c5b1',
    refused: [
      // The identity, and a point of order 8.
      '0100000000000000000000000000000000000000000000000000000000000000',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      // 5·B plus the point of order 2: libsodium before 1.0.21 takes it for one of the group (CVE-2025-69277).
      '003789297ce02defa2f4bc7635d1d7ce99b96d76eb91d31f905101674ddab720',
      // y = p + 3, which is y = 3 spelt again.
      'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ],
  },
  secp256k1: {
    seven: '025cbdf0646e5db4eaa398f365f2ea7a0e3d419b7e0330e39ce92bddedcac4f9bc',
    refused: [
      // The identity as some libraries spell it, and x = p + 1, which is x = 1 spelt again.
      '000000000000000000000000000000000000000000000000000000000000000000',
      '02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30',
      // x = 5 is no point's.
      '020000000000000000000000000000000000000000000000000000000000000005',
    ],
  },
  p256: {
    seven: '028e533b6fa0bf7b4625bb30667c01fb607ef9f8b8a80fef5b300628703187b2a3',
    refused: [
      '000000000000000000000000000000000000000000000000000000000000000000',
      // x = p + 5, which is x = 5 spelt again. x = 1 is no point's.
      '02ffffffff00000001000000000000000000000001000000000000000000000004',
      '020000000000000000000000000000000000000000000000000000000000000001',
    ],
  },
};

/** Claims that a library gives a few known answers: it has no fault that is known, and is the one that its name says. */
export function knowsPoints<P>(curve: Curve, group: Group<P>): boolean {
  const { seven, refused } = KNOWN[curve];
  const decoded = group.decode(bytesOf(seven));
  const product = group.multiplyBase(7n);
  return (
    decoded !== undefined &&
    equal(group.encode(product), bytesOf(seven)) &&
    group.equal(decoded, product) &&
    group.equal(group.multiplyPublic(group.add(group.base, group.base), 3n), minus(product)) &&
    group.equal(group.multiplyPublic(product, group.order - 1n), group.negate(product)) &&
    group.equal(group.multiplySecret(group.add(group.base, group.base), 3n), minus(product)) &&
    refused.every((each) => group.decode(bytesOf(each)) === undefined)
  );

  /** 7·base less the base. */
  function minus(point: P): P {
    return group.add(point, group.negate(group.base));
  }
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array();
}
