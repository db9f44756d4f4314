import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotFiles } from '../../src/machine/index.js';
import type { SnapshotFiles } from '../../src/ports/index.js';
import { memorySnapshotFiles } from '../../src/store/index.js';
import { PROMPT_DISK } from '../support/builders/simulated-disk.js';
import { temporaryDirectory } from '../support/builders/stores.js';
import { openSnapshotFiles, SnapshotDisk } from '../simulation/disk.js';

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  folder = await temporaryDirectory();
});
afterEach(() => folder.remove());

const MAKERS: readonly (readonly [string, () => SnapshotFiles])[] = [
  ['a folder', () => snapshotFiles(join(folder.path, 'snapshots'))],
  ['memory', memorySnapshotFiles],
  ['the simulator', () => openSnapshotFiles(new SnapshotDisk(), PROMPT_DISK)],
];

describe.each(MAKERS)('files of snapshots in %s', (_name, make) => {
  test('a file is there when it is finished, as a whole, and not before', async () => {
    const files = make();
    const file = await files.create('7.state');
    await file.append(Uint8Array.of(1, 2, 3));
    expect(await files.names()).toEqual([]);
    expect(await files.read('7.state', 0, 10)).toBeUndefined();

    await file.append(new Uint8Array(300_000).fill(4));
    await file.finish();

    expect(await files.names()).toEqual(['7.state']);
    expect(await files.read('7.state', 1, 3)).toEqual(Uint8Array.of(2, 3, 4));
    expect(await files.read('7.state', 299_999, 100)).toHaveLength(4);
    expect(await files.read('7.state', 400_000, 100)).toEqual(new Uint8Array(0));
  });

  test('a new file takes the place of an old one when it is finished', async () => {
    const files = make();
    const before: (Uint8Array | undefined)[] = [];
    for (const byte of [1, 2]) {
      const file = await files.create('a');
      await file.append(Uint8Array.of(byte));
      before.push(await files.read('a', 0, 9));
      await file.finish();
    }

    expect(before).toEqual([undefined, Uint8Array.of(1)]);
    expect(await files.read('a', 0, 9)).toEqual(Uint8Array.of(2));
  });

  test('a file that is given up or removed is gone', async () => {
    const files = make();
    const given = await files.create('a');
    await given.append(Uint8Array.of(1));
    await given.discard();
    await given.discard();
    const file = await files.create('b');
    await file.finish();
    expect(await files.names()).toEqual(['b']);

    await files.remove('b');
    await files.remove('b');
    await new Promise((resolve) => setImmediate(resolve));

    expect(await files.names()).toEqual([]);
    expect(await files.read('b', 0, 1)).toBeUndefined();
  });
});

test('a folder and its files are their owner’s alone, and what an earlier run has not finished is removed', async () => {
  const path = join(folder.path, 'snapshots');
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, '5.state.part'), 'half');

  const files = snapshotFiles(path);
  const file = await files.create('6.state');
  await file.append(Uint8Array.of(1));
  expect(await files.names()).toEqual([]);
  expect(readdirSync(path)).toEqual(['6.state.part']);
  await file.finish();

  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, '6.state')).mode & 0o777).toBe(0o600);
});
