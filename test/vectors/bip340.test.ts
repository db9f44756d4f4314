import { expect, test } from '@jest/globals';
import { fromHex } from '../../src/common/index.js';
import { VERIFIERS } from '../../src/machine/index.js';
import { Algorithm } from '../../src/wire/index.js';
import { BIP340 } from './bip340.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

test.each(BIP340)('BIP-340, row $row: $comment', ({ publicKey, message, signature, verifies }) => {
  const asked = [bytes(publicKey), bytes(message), bytes(signature)] as const;

  expect(VERIFIERS[Algorithm.FROST_SECP256K1_TAPROOT].verify(...asked)).toBe(verifies);
  expect(VERIFIERS[Algorithm.FROST_SECP256K1_SHA256].verify(...asked)).toBe(false);
});
