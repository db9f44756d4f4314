import { expect, test } from '@jest/globals';

import { playPoint, pointsOf, type NumberedPoint } from './points.js';
import { WORLDS } from './worlds.js';

/* `npm run crash-points` takes all points. Here are some of them, which show that points are found, reached and played again. */

const TIMEOUT_MS = 120_000;
const SEED = 1;

function pointsIn(name: string): Promise<readonly NumberedPoint[]> {
  const world = WORLDS.find((each) => each.name === name);
  if (world === undefined) throw new Error(`no world ${name}`);
  return pointsOf(world, SEED);
}

function find(
  points: readonly NumberedPoint[],
  step: RegExp,
  side: NumberedPoint['side'],
): NumberedPoint {
  const found = points.find((each) => step.test(each.step) && each.side === side);
  if (found === undefined) throw new Error(`no step ${String(step)}`);
  return found;
}

test(
  'a node that crashes at a step of a reshare comes back, and the key signs with its next version',
  async () => {
    const points = await pointsIn('frost-reshare');
    expect(points.length).toBeGreaterThan(150);
    expect(new Set(points.map(({ node }) => node)).size).toBe(4);
    for (const [step, side] of [
      [/^send reshare\//, 'after'],
      [/^keep share /, 'during'],
      [/^send installed /, 'before'],
      [/^delete share /, 'before'],
    ] as const) {
      const { counts, violations } = await playPoint(find(points, step, side), SEED);
      expect(violations).toEqual([]);
      expect([step, counts.crashPoints, counts.restarts]).toEqual([step, 1, 1]);
      expect(counts.signatures).toBeGreaterThan(0);
    }
  },
  TIMEOUT_MS,
);

test(
  'the same crash at a step of threshold ECDSA gives the same run, which ends with a signature',
  async () => {
    const points = await pointsIn('gg20-generate');
    expect(new Set(points.map(({ kind }) => kind))).toEqual(
      new Set(['generate', 'prepare', 'sign']),
    );
    const point = find(points, /^keep material /, 'during');
    const [first, again] = [await playPoint(point, SEED), await playPoint(point, SEED)];
    expect(first.violations).toEqual([]);
    expect(first.counts.crashPoints).toBe(1);
    expect(first.counts.signatures).toBeGreaterThanOrEqual(2);
    expect(again).toEqual(first);
  },
  TIMEOUT_MS,
);

test(
  'a run that does not come to its step is a violation',
  async () => {
    const [point] = await pointsIn('frost-generate');
    if (point === undefined) throw new Error('there is a point');
    const { violations } = await playPoint({ ...point, step: 'no step' }, SEED);
    expect(violations.map(({ checker }) => checker)).toEqual(['Point']);
  },
  TIMEOUT_MS,
);
