import { expect, test } from '@jest/globals';
import {
  DiskRoom,
  LOOK_EVERY_MS,
  LOW_BELOW_BYTES,
  NONE_BELOW_BYTES,
} from '../../../src/store/disk-room.js';

function room(free: Record<string, number>) {
  let nowMs = 0;
  let looks = 0;
  const lines: string[] = [];
  const logger = {
    warn: (message: string) => lines.push(`warn ${message}`),
    info: (message: string) => lines.push(`info ${message}`),
  };
  const disk = new DiskRoom(Object.keys(free), { elapsed: () => nowMs }, logger, (folder) => {
    looks += 1;
    const bytes = free[folder];
    if (bytes === undefined) throw new Error('EIO');
    return bytes;
  });
  const look = (): string => {
    nowMs += LOOK_EVERY_MS;
    return disk.look();
  };
  return { disk, free, look, lines, looks: () => looks };
}

test('a disk has room, is low or has none, by what is free on the fullest file system', () => {
  const { disk, free, look } = room({ log: LOW_BELOW_BYTES, shares: 10 * LOW_BELOW_BYTES });
  expect(look()).toBe('enough');
  free['shares'] = LOW_BELOW_BYTES - 1;
  expect(look()).toBe('low');
  free['log'] = NONE_BELOW_BYTES - 1;
  expect(look()).toBe('none');
  expect(disk.freeBytes()).toBe(NONE_BELOW_BYTES - 1);
});

test('a level is left only when a quarter more is free, and each change is told once', () => {
  const { free, look, lines } = room({ log: LOW_BELOW_BYTES - 1 });
  expect(look()).toBe('low');
  free['log'] = LOW_BELOW_BYTES;
  expect(look()).toBe('low');
  free['log'] = LOW_BELOW_BYTES * 1.25;
  expect(look()).toBe('enough');
  free['log'] = 0;
  expect(look()).toBe('none');
  free['log'] = NONE_BELOW_BYTES;
  expect(look()).toBe('none');
  free['log'] = NONE_BELOW_BYTES * 1.25;
  expect(look()).toBe('low');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['warn', 'info', 'warn', 'warn']);
});

test('the disk is not asked at each look, and one that cannot be asked is as it was', () => {
  const { disk, free, look, looks } = room({ log: 0 });
  expect(look()).toBe('none');
  for (let at = 0; at < 100; at++) disk.look();
  expect(looks()).toBe(1);
  delete free['log'];
  expect(look()).toBe('none');
  expect(looks()).toBe(2);
});
