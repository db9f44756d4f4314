import { expect, test } from '@jest/globals';
import { isKeyExposed } from '../../../src/common/index.js';

const [ROOT, ME] = [0, 1000];

test.each([
  ['its owner’s alone', 0o600, ME, ME, false],
  ['read-only for its owner', 0o400, ME, ME, false],
  ['readable for all', 0o644, ME, ME, true],
  ['readable for its group', 0o640, ME, ME, true],
  ['writable for others', 0o602, ME, ME, true],
  ['root’s, handed to a service by its group', 0o440, ROOT, ME, false],
  ['root’s, writable for its group', 0o660, ROOT, ME, true],
  ['root’s, readable for all', 0o444, ROOT, ME, true],
  ['root’s, readable for its group, to root', 0o640, ROOT, ROOT, true],
])('a key file that is %s: exposed or not', (_, mode, uid, own, exposed) => {
  expect(isKeyExposed({ mode, uid }, own)).toBe(exposed);
});
