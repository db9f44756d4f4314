import { expect, test } from '@jest/globals';

import { Command, encode, LEVEL_MAX, levelNamed } from '../../../src/wire/index.js';

test.each([1, 2, 127, 128, 300, 16_383, 16_384, LEVEL_MAX])(
  'the reader finds level %i in the first field of an encoded message',
  (level) => {
    expect(levelNamed(encode(Command, { level, command: undefined }))).toBe(level);
  },
);

test.each([
  ['nothing', []],
  ['another field first', [0x12, 0x01, 0x01]],
  ['level 0', [0x08, 0x00]],
  ['a level above the highest', [0x08, 0x80, 0x80, 0x04]],
  ['a level in more bytes than it takes', [0x08, 0x81, 0x00]],
  ['a level in far more bytes than it takes', [0x08, 0x81, 0x80, 0x00]],
  ['a number that does not end', [0x08, 0x81]],
  ['a number of four bytes', [0x08, 0x81, 0x81, 0x81, 0x01]],
])('the reader finds no level in %s', (_name, bytes) => {
  expect(levelNamed(Uint8Array.from(bytes))).toBeUndefined();
});
