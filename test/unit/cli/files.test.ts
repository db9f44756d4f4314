import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isThere, requirePrivate, setAside } from '../../../src/cli/files.js';
import { makeFolder } from '../../../src/machine/index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-files-'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('round', join(folder, 'round'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a path that cannot be looked at is no file that is missing', () => {
  expect(isThere(join(folder, 'file'))).toBe(true);
  expect(isThere(join(folder, 'nothing'))).toBe(false);
  expect(isThere(join(folder, 'file', 'below'))).toBe(false);
  expect(() => isThere(join(folder, 'round'))).toThrow(/round cannot be read \(ELOOP\)/);
});

test('a private key that others can read is refused', () => {
  const file = join(folder, 'file');
  chmodSync(file, 0o644);
  expect(() => requirePrivate(file)).toThrow(
    /file: others than its owner .* \(mode 644\); chmod 600/,
  );
  chmodSync(file, 0o600);
  expect(() => requirePrivate(file)).not.toThrow();
});

test('a file that is too long is set aside, and only the last one is kept', () => {
  const file = join(folder, 'node.log');
  writeFileSync(file, 'first, and long');
  setAside(file, 10);
  writeFileSync(file, 'second, and long');
  setAside(file, 10);
  writeFileSync(file, 'short');
  setAside(file, 10);
  setAside(join(folder, 'nothing'), 10);

  expect(readFileSync(`${file}.1`, 'utf8')).toBe('second, and long');
  expect(readFileSync(file, 'utf8')).toBe('short');
});

test('a folder is made with those above it, for its owner alone', () => {
  makeFolder(join(folder, 'a', 'b'));
  makeFolder(join(folder, 'a', 'b'));
  expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
});

test.each([
  ['/proc/quorate/inside', /^\/proc\/quorate cannot be made: ENOENT/],
  ['/dev/null/inside', /^\/dev\/null\/inside cannot be made: ENOTDIR/],
])('a folder that no file system makes is refused at once: %s', (path, words) => {
  expect(() => makeFolder(path)).toThrow(words);
});
