import { expect, test } from '@jest/globals';
import {
  diskError,
  FREE_BYTES_MIN,
  requireSpace,
  requireSpaceFor,
  WRITE_MARGIN_BYTES,
} from '../../../src/store/disk-space.js';

const MIB = 1024 * 1024;

test.each([
  ['lmdb’s word for it', 'No space left on device', 100 * MIB],
  ['a quota', 'Disk quota exceeded', 100 * MIB],
  ['Node’s word for it', 'ENOSPC: no space left on device, write', 0],
  ['a write of which the disk took a part', 'Input/output error', 0],
  ['the same, with the rest given back', 'Input/output error', 2 * MIB],
])('a write that fails for want of space says that the disk is full: %s', (_, words, free) => {
  const cause = new Error(words);
  expect(diskError('/data', cause, () => free)).toMatchObject({
    code: 'wrong-state',
    reason: 'DISK_FULL',
    message: expect.stringMatching(/The disk of \/data is full: \d+ KiB are free/),
    cause,
  });
});

test('a write that fails for another reason keeps its error', () => {
  const broken = new Error('Input/output error');
  expect(diskError('/data', broken, () => 100 * MIB)).toBe(broken);
  const large = new Error('File too large');
  expect(diskError('/data', large, () => 0)).toBe(large);
});

test('a write is not begun that may find no room in its midst', () => {
  const [bytes, items] = [1_000_000, 100];
  const least = WRITE_MARGIN_BYTES + 2 * bytes + items * 4096;
  expect(() => requireSpaceFor('/data', bytes, items, () => least)).not.toThrow();
  expect(() => requireSpaceFor('/data', bytes, items, () => least - 1)).toThrow(
    expect.objectContaining({ code: 'wrong-state', reason: 'DISK_FULL' }),
  );
});

test('a store is not opened on a disk that has no room for its maps', () => {
  expect(() => requireSpace('/data', () => FREE_BYTES_MIN - 1)).toThrow(/is full/);
  expect(() => requireSpace('/data', () => FREE_BYTES_MIN)).not.toThrow();
});
