import { expect, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  expectNothingUnder,
  homeWithShares,
  NO_RECORD,
  placeOf,
  secretOf,
  SHARES,
  WRONG,
} from './variable-home.js';
import type { Kind } from './variable-home.js';

/** What holds of the change of a node key that comes from a variable, whatever the variable has. */
export function keyVariableSuite(kind: Kind, folder: () => string): void {
  test('changes while the node runs, without a restart, and nothing opens under the old secret', async () => {
    const home = await homeWithShares(kind, folder());
    const { holdings, change } = await home.open(home.old);
    await change.change();
    expect(home.lines).toEqual([]);

    expect(await home.begin()).toBe(true);
    expect(await home.begin()).toBe(false);
    await change.change();
    await holdings.keep(placeOf(SHARES), secretOf(SHARES), NO_RECORD);
    expect(await holdings.load(placeOf(0), () => true)).toBe(true);
    // And once more, in the same run.
    await change.change();
    await change.stop();
    holdings.close();

    expect(home.lines).toEqual(['The node key is being changed', 'The node key has changed']);
    expect(existsSync(home.changePath)).toBe(false);
    expect(await home.opens(home.next)).toEqual(home.whole);
    await expectNothingUnder(home, home.old);
  });

  test('may be the old or the new one at every start until the change is over', async () => {
    const home = await homeWithShares(kind, folder());
    await home.begin();
    expect(await home.opens(home.old)).toEqual(home.whole);
    expect(await home.opens(home.next)).toEqual(home.whole);
    home.replacesLeft = 7;
    await home.change(home.next);
    expect(existsSync(home.changePath)).toBe(true);
    expect(await home.opens(home.old)).toEqual(home.whole);
    expect(await home.opens(home.next)).toEqual(home.whole);
    home.replacesLeft = Infinity;
    await home.change(home.old);
    expect(existsSync(home.changePath)).toBe(false);
    expect(await home.opens(home.next)).toEqual(home.whole);
  });

  test('a crash between the identity file and the end of the change leaves a node that starts with either', async () => {
    const home = await homeWithShares(kind, folder());
    await home.begin();
    const file = readFileSync(home.changePath, 'utf8');
    await home.change(home.old);
    // As before the last step.
    writeFileSync(home.changePath, file, { mode: 0o600 });
    // And as a process leaves it that was to make it, and ended before: it has both keys, too.
    const unfinished = `${home.changePath}.4711`;
    writeFileSync(unfinished, file, { mode: 0o600 });
    for (const secret of [home.old, home.next])
      expect(await home.opens(secret)).toEqual(home.whole);
    await home.change(home.old);
    expect([home.changePath, unfinished].map((path) => existsSync(path))).toEqual([false, false]);
    expect(await home.opens(home.next)).toEqual(home.whole);
    await expectNothingUnder(home, home.old);
  });

  test('a third secret opens nothing, during the change or after it', async () => {
    const home = await homeWithShares(kind, folder());
    await home.begin();
    await expect(home.open('f'.repeat(64))).rejects.toMatchObject({ reason: WRONG[kind] });
    const bytes = readFileSync(home.changePath, 'utf8');
    for (const secret of [home.old, home.next]) expect(bytes).not.toContain(secret);
  });
}
