import { expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../../src/common/index.js';
import { shareFromBytes, shareToBytes } from '../../../src/store/share-records.js';

const SHARE = { keyId: keyId('key'), sessionId: sessionId('aa'.repeat(32)) };

test('a share that was read from a Buffer is a copy, which outlives the Buffer', () => {
  const record = Buffer.from(shareToBytes(SHARE, utf8('sealed')));
  const sealed = shareFromBytes(SHARE, record);
  record.fill(0);
  expect(sealed).toEqual(utf8('sealed'));
});
