import { expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyUnreadable } from '../../../src/common/index.js';

/** The error of reading what is there. */
function errorOf(path: string): unknown {
  try {
    readFileSync(path);
  } catch (error) {
    return error;
  }
  throw new Error(`${path} could be read`);
}

test('a file that cannot be read says why, in words that its user can act on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-unreadable-'));
  try {
    symlinkSync('round', join(folder, 'round'));
    expect(whyUnreadable(errorOf(join(folder, 'none')))).toBe('there is no such file');
    expect(whyUnreadable(errorOf(folder))).toBe('it is a folder');
    expect(whyUnreadable(errorOf(join(folder, 'round')))).toBe('ELOOP');
    expect(whyUnreadable({ code: 'EACCES' })).toBe('this user may not read it');
    expect(whyUnreadable(new Error('?'))).toBe('the system does not say why');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
