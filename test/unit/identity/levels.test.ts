import { expect, test } from '@jest/globals';
import { toHex, utf8 } from '../../../src/common/index.js';
import { isSignedLevelWord, levelBytes, levelWord } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { testSigner } from '../../support/builders/frost-exchange.js';
import { testGenesis } from '../../support/builders/ledger.js';

const { clusterId } = testGenesis();
const signer = testSigner('node-1');
const word = levelWord(clusterId, signer, 1, 2);

test('a node signs its cluster, node id, incarnation and level', () => {
  expect(isSignedLevelWord(clusterId, signer.publicKey, word, nodeVerify)).toBe(true);

  const others = [
    { ...word, nodeId: 'node-2' },
    { ...word, incarnation: 2 },
    { ...word, level: 3 },
    { ...word, signature: word.signature.toReversed() },
  ];
  for (const other of others)
    expect(isSignedLevelWord(clusterId, signer.publicKey, other, nodeVerify)).toBe(false);
  const elsewhere = testGenesis({ keysMax: 99 }).clusterId;
  expect(isSignedLevelWord(elsewhere, signer.publicKey, word, nodeVerify)).toBe(false);
});

test('a node’s statement of its level has the bytes of the page on exact bytes', () => {
  const text = (value: string): string => `05${u64(value.length)}${toHex(utf8(value))}`;
  const u32 = (value: number): string => `02${u64(4)}${value.toString(16).padStart(8, '0')}`;
  expect(toHex(levelBytes(clusterId, word))).toBe(
    [
      `${u64(9)}${toHex(utf8('quorate/1'))}`,
      `${u64(5)}${toHex(utf8('level'))}`,
      '00000004',
      text(clusterId),
      text('node-1'),
      u32(1),
      u32(2),
    ].join(''),
  );
});

function u64(value: number): string {
  return value.toString(16).padStart(16, '0');
}
