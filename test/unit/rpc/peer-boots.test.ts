import { expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import { LINK_ENDS_TOLD, TWINS_MS } from '../../../src/rpc/limits.js';
import { LinkLines } from '../../../src/rpc/peers/link-lines.js';
import { PeerBoots } from '../../../src/rpc/peers/peer-boots.js';
import { bootOfNumber } from './server-fixture.js';

const [TWO, THREE] = [nodeId('node-2'), nodeId('node-3')];
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => ({
  boot: bootOfNumber(number),
  address: `10.0.0.${number}:5000`,
})) as [Process, Process, Process];
type Process = Parameters<PeerBoots['hello']>[1];

test('a process that is heard again soon after another took its place is a twin; a restart is none', () => {
  const boots = new PeerBoots();

  expect(boots.hello(TWO, FIRST, 0)).toMatchObject({ isNews: false, twin: undefined });
  expect(boots.hello(TWO, FIRST, 1)).toMatchObject({ isNews: false, twin: undefined });
  expect(boots.hello(TWO, SECOND, 2)).toMatchObject({ isNews: true, twin: undefined });
  expect(boots.hello(TWO, THIRD, 3)).toMatchObject({ isNews: true, hasTwins: false });
  expect(boots.hello(THREE, SECOND, 4)).toMatchObject({ isNews: false, twin: undefined });
  const back = boots.hello(TWO, SECOND, 2 + TWINS_MS);

  expect(back).toEqual({ isNews: true, twin: THIRD, hasTwins: true });
  // Its stream of the other channel is of the same quarrel.
  expect(boots.hello(TWO, SECOND, 3 + TWINS_MS)).toMatchObject({ isNews: false, hasTwins: true });
  expect(boots.hello(TWO, SECOND, 2 + 2 * TWINS_MS)).toMatchObject({ hasTwins: false });
});

test('a process that is heard again a minute after another took its place is no twin', () => {
  const boots = new PeerBoots();
  for (const [process, atMs] of [
    [FIRST, 0],
    [SECOND, 1],
    [FIRST, 1 + TWINS_MS],
  ] as const) {
    expect(boots.hello(TWO, process, atMs).hasTwins).toBe(false);
  }
});

test('of a link that comes and goes the first ends are told, then one a minute with the count of the others', () => {
  const lines = new LinkLines();
  expect(lines.opened()).toBe(true);
  const told = Array.from({ length: LINK_ENDS_TOLD.burst + 10 }, () => [
    lines.ended(0),
    lines.opened(),
  ]);

  expect(told.slice(0, LINK_ENDS_TOLD.burst).every(([end, open]) => end === 0 && open)).toBe(true);
  expect(told.slice(LINK_ENDS_TOLD.burst)).toEqual(
    Array.from({ length: 10 }, () => [undefined, false]),
  );
  expect(lines.ended(60_000)).toBe(10);
  expect(lines.opened()).toBe(true);
});
