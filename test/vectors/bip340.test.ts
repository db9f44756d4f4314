import { expect, test } from '@jest/globals';
import { fromHex } from '../../src/common/index.js';
import { Algorithm } from '../../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../support/builders/backends.js';
import { BIP340 } from './bip340.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

const cases = KINDS_OF_ARITHMETIC.flatMap(({ kind, arithmetic }) =>
  BIP340.map((row) => ({ ...row, kind, verifiers: arithmetic.verifiers })),
);

test.each(cases)('BIP-340 by $kind backends, row $row: $comment', (given) => {
  const { verifiers, verifies } = given;
  const asked = [bytes(given.publicKey), bytes(given.message), bytes(given.signature)] as const;

  expect(verifiers[Algorithm.FROST_SECP256K1_TAPROOT].verify(...asked)).toBe(verifies);
  expect(verifiers[Algorithm.FROST_SECP256K1_SHA256].verify(...asked)).toBe(false);
});
