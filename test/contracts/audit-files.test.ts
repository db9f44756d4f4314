import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { auditFiles, readAuditFiles } from '../../src/machine/index.js';
import type { AuditFiles } from '../../src/ports/index.js';
import { memoryAuditFiles } from '../../src/store/index.js';
import { temporaryDirectory } from '../support/builders/stores.js';

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
const path = (): string => join(folder.path, 'audit');

beforeEach(async () => {
  folder = await temporaryDirectory();
});
afterEach(() => folder.remove());

const MAKERS: readonly (readonly [string, () => AuditFiles])[] = [
  ['a folder', () => auditFiles(path())],
  ['memory', memoryAuditFiles],
];

describe.each(MAKERS)('files of an audit log in %s', (_name, make) => {
  test('a write takes the place of all that stood behind its offset', async () => {
    const files = make();
    await files.write('a', 0, Uint8Array.of(1, 2, 3, 4));
    await files.write('a', 2, Uint8Array.of(5));
    expect(await files.read('a', 0, 10)).toEqual(Uint8Array.of(1, 2, 5));
    await files.write('a', 3, Uint8Array.of(6, 7));
    expect(await files.read('a', 1, 3)).toEqual(Uint8Array.of(2, 5, 6));
    expect(await files.read('a', 9, 3)).toEqual(new Uint8Array(0));
    await files.close();
  });

  test('files are named, written in turns, and removed', async () => {
    const files = make();
    expect(await files.names()).toEqual([]);
    expect(await files.read('a', 0, 1)).toBeUndefined();
    await files.write('a', 0, Uint8Array.of(1));
    await files.write('b', 0, Uint8Array.of(2));
    await files.write('a', 1, Uint8Array.of(3));
    expect([...(await files.names())].sort()).toEqual(['a', 'b']);
    expect(await files.read('a', 0, 9)).toEqual(Uint8Array.of(1, 3));
    await files.remove('a');
    await files.remove('a');
    expect(await files.names()).toEqual(['b']);
    await files.close();
    await files.close();
  });
});

test('the folder and its files are the owner’s alone', async () => {
  const files = auditFiles(path());
  await files.write('a', 0, Uint8Array.of(1));
  await files.close();
  expect(statSync(path()).mode & 0o777).toBe(0o700);
  expect(statSync(join(path(), 'a')).mode & 0o777).toBe(0o600);
});

test('a file that was cut while the node ran is not filled with zeros', async () => {
  const files = auditFiles(path());
  await files.write('a', 0, Uint8Array.of(1, 2, 3));
  await files.close();
  truncateSync(join(path(), 'a'), 1);
  await expect(files.write('a', 3, Uint8Array.of(4))).rejects.toThrow('shorter than');
  expect(statSync(join(path(), 'a')).size).toBe(1);
  await files.close();
});

test('a write that fails is tried again where the file can be opened again', async () => {
  const files = auditFiles(path());
  await files.write('a', 0, Uint8Array.of(1));
  await files.close();
  renameSync(path(), `${path()}-away`);
  await expect(files.write('a', 1, Uint8Array.of(2))).rejects.toMatchObject({ code: 'ENOENT' });
  renameSync(`${path()}-away`, path());
  await files.write('a', 1, Uint8Array.of(2));
  expect(await readAuditFiles(path()).read('a', 0, 9)).toEqual(Uint8Array.of(1, 2));
  await files.close();
});
