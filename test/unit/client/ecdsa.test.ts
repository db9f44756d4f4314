import { expect, test } from '@jest/globals';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  ecdsaToDer,
  ecdsaToRaw,
  ethereumAddress,
  ethereumSignature,
  fromEthereumSignature,
  QuorateError,
  recoverPublicKey,
} from '../../../src/client/index.js';
import { checksummed } from '../../../src/client/ecdsa/ethereum.js';
import { concat, fromHex, toHex } from '../../../src/common/index.js';
import { EIP55 } from '../../vectors/ecdsa.js';

const SIGNATURE = new Uint8Array(64).fill(1);
const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

function refusalOf(act: () => unknown): object {
  try {
    act();
  } catch (error) {
    if (error instanceof QuorateError) return { code: error.code, field: error.details.field };
    throw error;
  }
  return {};
}
const WRONG_SIGNATURE = { code: 'invalid-request', field: 'signature' };

test('v of a signature for Ethereum is 27 or 28', () => {
  for (const recoveryId of [0, 1]) {
    const written = ethereumSignature(SIGNATURE, recoveryId);
    expect(toHex(written)).toBe(`${toHex(SIGNATURE)}${recoveryId === 0 ? '1b' : '1c'}`);
    expect(fromEthereumSignature(written)).toEqual({ signature: SIGNATURE, recoveryId });
    const modern = concat(SIGNATURE, Uint8Array.of(recoveryId));
    expect(fromEthereumSignature(modern)).toEqual({ signature: SIGNATURE, recoveryId });
  }
});

test('a recovery id above 1 has no v, and no other v than 27, 28, 0 and 1 is read', () => {
  for (const recoveryId of [2, 3, -1, 0.5, Number.NaN, 27])
    expect(refusalOf(() => ethereumSignature(SIGNATURE, recoveryId))).toEqual(WRONG_SIGNATURE);
  for (const v of [2, 3, 26, 29, 37, 255])
    expect(refusalOf(() => fromEthereumSignature(concat(SIGNATURE, Uint8Array.of(v))))).toEqual(
      WRONG_SIGNATURE,
    );
});

test('signatures of another length and those with a zero are refused in every form', () => {
  const zero = new Uint8Array(32);
  const one = new Uint8Array(32).fill(1);
  const wrong = [new Uint8Array(), SIGNATURE.slice(1), new Uint8Array(65).fill(1)];
  for (const raw of [...wrong, concat(zero, one), concat(one, zero)]) {
    expect(refusalOf(() => ecdsaToDer(raw))).toEqual(WRONG_SIGNATURE);
    expect(refusalOf(() => ethereumSignature(raw, 0))).toEqual(WRONG_SIGNATURE);
    expect(refusalOf(() => recoverPublicKey('secp256k1', one, raw, 0))).toEqual(WRONG_SIGNATURE);
    expect(refusalOf(() => fromEthereumSignature(concat(raw, Uint8Array.of(27))))).toEqual(
      WRONG_SIGNATURE,
    );
  }
  for (const der of ['3006020100020101', '3006020101020100', '30060201ff020101'])
    expect(refusalOf(() => ecdsaToRaw(bytes(der)))).toEqual(WRONG_SIGNATURE);
  // 33 bytes of an integer: over 256 bits.
  const long = `3026022101${'00'.repeat(32)}020101`;
  expect(refusalOf(() => ecdsaToRaw(bytes(long)))).toEqual(WRONG_SIGNATURE);
});

test('an address carries the checksum of EIP-55', () => {
  for (const address of EIP55) expect(checksummed(address.slice(2).toLowerCase())).toBe(address);
  // Of the secret key 1, as every wallet knows it.
  const key = secp256k1.getPublicKey(bytes(`${'00'.repeat(31)}01`));
  expect(ethereumAddress(key)).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf');
});

test('bytes that are no compressed point of secp256k1 have no address', () => {
  const good = secp256k1.getPublicKey(bytes(`${'00'.repeat(31)}01`));
  const wrong = [
    new Uint8Array(),
    new Uint8Array(33),
    good.slice(1),
    secp256k1.getPublicKey(bytes(`${'00'.repeat(31)}01`), false),
    bytes(`02${'00'.repeat(31)}05`),
  ];
  for (const key of wrong)
    expect(refusalOf(() => ethereumAddress(key))).toEqual({
      code: 'invalid-request',
      field: 'public_key',
    });
});

test('no key is recovered with a recovery id or digest that is none', () => {
  const digest = new Uint8Array(32).fill(7);
  for (const recoveryId of [4, -1, 0.5])
    expect(refusalOf(() => recoverPublicKey('secp256k1', digest, SIGNATURE, recoveryId))).toEqual(
      WRONG_SIGNATURE,
    );
  for (const length of [0, 31, 33, 64])
    expect(
      refusalOf(() => recoverPublicKey('secp256k1', new Uint8Array(length), SIGNATURE, 0)),
    ).toEqual(WRONG_SIGNATURE);
  // x = r + q is above the field: r is far too large for recovery ids 2 and 3.
  expect(
    refusalOf(() => recoverPublicKey('secp256k1', digest, new Uint8Array(64).fill(0xee), 2)),
  ).toEqual(WRONG_SIGNATURE);
});
