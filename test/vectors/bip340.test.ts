import { expect, test } from '@jest/globals';
import { fromHex } from '../../src/common/index.js';
import { nodeVerify } from '../../src/machine/index.js';
import { BIP340 } from './bip340.js';

const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();

test.each(BIP340)('BIP-340, row $row: $comment', ({ publicKey, message, signature, verifies }) => {
  const asked = [bytes(publicKey), bytes(message), bytes(signature)] as const;

  expect(nodeVerify.final('FROST_SECP256K1_TAPROOT', ...asked)).toBe(verifies);
  expect(nodeVerify.final('FROST_SECP256K1_SHA256', ...asked)).toBe(false);
});
