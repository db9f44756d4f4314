import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { toHex } from '../../../src/common/index.js';
import { systemRandom } from '../../../src/machine/index.js';
import { beginKeyChange } from '../../../src/pki/index.js';
import { keyVariableSuite } from '../../support/builders/key-variable-suite.js';
import { temporaryDirectory } from '../../support/builders/stores.js';
import { homeWithShares, madeOf, NODE, SHARES } from '../../support/builders/variable-home.js';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe('a node key in a variable', () => {
  keyVariableSuite('env', () => directory.path);
});

test('a change that ends at any record is finished by the next start, with the old secret or the new one', async () => {
  // In the midst of each part of the records that are worked on at once, and at its ends.
  for (const replaces of [0, 1, 9, 15, 16, 17, SHARES - 1, SHARES]) {
    const home = await homeWithShares('env', directory.path);
    const [first, second] = replaces % 2 === 0 ? [home.old, home.next] : [home.next, home.old];
    await home.begin();
    home.replacesLeft = replaces;
    await home.change(first);
    expect(existsSync(home.changePath)).toBe(replaces < SHARES);
    home.replacesLeft = Infinity;
    // Of a change that is over, the next secret is the one that opens.
    const again = replaces < SHARES ? second : home.next;
    expect(await home.opens(again)).toEqual(home.whole);
    await home.change(again);
    expect(existsSync(home.changePath)).toBe(false);
    expect(await home.opens(home.next)).toEqual(home.whole);
    await directory.remove();
    directory = await temporaryDirectory();
  }
});

test('two changes, one after the other in one run', async () => {
  const home = await homeWithShares('env', directory.path);
  const { holdings, change } = await home.open(home.old);
  await home.begin();
  await change.change();
  using before = madeOf('env', home.next).key;
  const third = toHex(systemRandom.bytes(32));
  using next = madeOf('env', third).key;
  expect(beginKeyChange(home.identityPath, NODE, { before, next })).toBe(true);
  await change.change();
  await change.stop();
  holdings.close();
  expect(home.lines.filter((line) => line === 'The node key has changed')).toHaveLength(2);
  expect(await home.opens(third)).toEqual(home.whole);
});

test.each([
  ['is no JSON', () => 'no'],
  ['is of another format', (text: string) => text.replace('"format": 1', '"format": 9')],
  [
    'has a bit changed',
    (text: string) =>
      text.replace(/"next": "(.)/, (_, digit) => `"next": "${digit === '0' ? 1 : 0}`),
  ],
])('a file of the change that %s stops the start, and nothing is written', async (_, alter) => {
  const home = await homeWithShares('env', directory.path);
  await home.begin();
  const identity = readFileSync(home.identityPath, 'utf8');
  const altered = alter(readFileSync(home.changePath, 'utf8'));
  writeFileSync(home.changePath, altered);
  await expect(home.open(home.old)).rejects.toMatchObject({
    reason: expect.stringMatching(/^(IDENTITY_KEY|STORE_FORMAT)$/),
  });
  expect(readFileSync(home.changePath, 'utf8')).toBe(altered);
  expect(readFileSync(home.identityPath, 'utf8')).toBe(identity);
});

test('a change is not begun under a key that the identity is not sealed under', async () => {
  const home = await homeWithShares('env', directory.path);
  using before = madeOf('env', 'e'.repeat(64)).key;
  using next = madeOf('env', home.next).key;
  expect(() => beginKeyChange(home.identityPath, NODE, { before, next })).toThrow('does not open');
  expect(existsSync(home.changePath)).toBe(false);
});
