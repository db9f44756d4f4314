import { expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../../src/common/index.js';
import type { ShareId } from '../../../src/ports/index.js';
import { EMBEDDED, moveShares } from '../../../src/store/index.js';
import { Life, standingPlace, standingStore } from '../../support/builders/standing-store.js';
import type { StandingPlace } from '../../support/builders/standing-store.js';

const OTHER = '0f'.repeat(16);
const SHARES = 5;

function idOf(number: number): ShareId {
  return { keyId: keyId(`key-${number}`), sessionId: sessionId('aa'.repeat(32)) };
}

async function filled(count = SHARES): Promise<StandingPlace> {
  const place = standingPlace(EMBEDDED);
  const store = standingStore(place);
  for (let at = 0; at < count; at++) await store.putIfAbsent(idOf(at), utf8(`share ${at}`));
  return place;
}

const filling = () => standingPlace(OTHER, { state: 'filling', from: EMBEDDED });

function move(from: StandingPlace, to: StandingPlace, life?: Life) {
  return moveShares(standingStore(from, life), standingStore(to, life));
}

test('shares are moved, and the store that they left is empty and says where they are', async () => {
  const [from, to] = [await filled(), filling()];
  const before = new Map(from.records);

  expect(await move(from, to)).toEqual({ shares: SHARES, copied: SHARES, deleted: SHARES });

  expect(to.records).toEqual(before);
  expect(from.records.size).toBe(0);
  expect([from.standing, to.standing]).toEqual([{ state: 'left', to: OTHER }, { state: 'active' }]);
  expect(await move(from, to)).toEqual({ shares: SHARES, copied: 0, deleted: 0 });
});

test('shares are moved back again', async () => {
  const [from, to] = [await filled(), filling()];
  await move(from, to);
  await standingStore(to).delete(idOf(0));

  expect(await move(to, from)).toEqual({ shares: 4, copied: 4, deleted: 4 });

  expect([from.standing, to.standing]).toEqual([
    { state: 'active' },
    { state: 'left', to: EMBEDDED },
  ]);
});

test('a move that ends at any step loses nothing, never leaves two active stores, and is finished by the next', async () => {
  const life = new Life();
  await move(await filled(), filling(), life);
  const { steps } = life;
  expect(steps).toBeGreaterThan(2 * SHARES);

  for (let ends = 0; ends < steps; ends++) {
    const [from, to] = [await filled(), filling()];
    const before = new Map(from.records);
    await expect(move(from, to, new Life(ends))).rejects.toThrow('killed');

    expect(new Map([...from.records, ...to.records])).toEqual(before);
    const active = [from, to].filter(({ standing }) => standing.state === 'active');
    expect(active.length).toBeLessThanOrEqual(1);
    for (const { records } of active) expect(records).toEqual(before);

    await move(from, to);
    expect([to.records, from.records.size]).toEqual([before, 0]);
    expect(to.standing).toEqual({ state: 'active' });
  }
});

test('a move after an interrupted one takes what the node changed in between', async () => {
  const [from, to] = [await filled(), filling()];
  await expect(move(from, to, new Life(3))).rejects.toThrow('killed');
  const node = standingStore(from);
  await node.delete(idOf(0));
  await node.delete(idOf(1));
  await node.putIfAbsent(idOf(1), utf8('another'));
  await node.putIfAbsent(idOf(9), utf8('new'));
  const now = new Map(from.records);

  await move(from, to);

  expect(to.records).toEqual(now);
});

test('where the new store does not give back what was written, nothing is deleted and the old store stays in use', async () => {
  const [from, to] = [await filled(), filling()];
  const before = new Map(from.records);
  const worse = { ...standingStore(to), get: async () => utf8('something else') };

  await expect(moveShares(standingStore(from), worse)).rejects.toMatchObject({
    code: 'data-loss',
    reason: 'KEY_SHARE_READ_BACK',
  });

  expect([from.records, from.standing]).toEqual([before, { state: 'active' }]);
});

test('a damaged share stops the move: nothing is deleted', async () => {
  const [from, to] = [await filled(), filling()];
  const [name = ''] = from.records.keys();
  from.records.set(name, utf8('damaged'));

  await expect(move(from, to)).rejects.toMatchObject({ kind: 'damaged' });

  expect([from.records.size, from.standing]).toEqual([SHARES, { state: 'active' }]);
});

test('shares of two stores in use are never mixed', async () => {
  const [from, to] = [await filled(), standingPlace(OTHER)];
  await standingStore(to).putIfAbsent(idOf(9), utf8('other'));

  await expect(move(from, to)).rejects.toMatchObject({ reason: 'KEY_SHARE_EXISTS' });

  expect([from.records.size, to.records.size]).toEqual([SHARES, 1]);
});

test.each([
  ['filling', 'from', 'SHARES_MOVING'],
  ['left', 'to', 'SHARES_ELSEWHERE'],
] as const)('a store that is %s for a third is not moved into', async (state, word, reason) => {
  const third = 'ab'.repeat(16);
  const standing = { state, [word]: third } as StandingPlace['standing'];
  const [from, to] = [await filled(), standingPlace(OTHER, standing)];

  await expect(move(from, to)).rejects.toMatchObject({ reason });
  await expect(move(to, from)).rejects.toMatchObject({ reason });

  expect(from.records.size).toBe(SHARES);
});
