import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ANSWER_MS_MAX, commitMs, inOrder, Passed, pointsOf } from '../../src/monitor/index.js';
import type { Able, Links, Observation } from '../../src/monitor/index.js';
import { MonitoredVoters } from '../support/builders/monitored-voters.js';

/* What the monitor promises of leaders and participants, over days, under noise and among liars. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const votersOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `node-${at + 1}`);

/** Numbers from 0 up to 1 that follow from a seed. */
function drawsOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One number for both directions of a link. */
const linkOf = (a: string, b: string): string => [a, b].toSorted().join(' ');

describe('leaders', () => {
  test('noise of 15 % replaces nobody within a day, however slow the network is', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0.4, 5, 50, 90, 400), (seed, baseMs) => {
        const draw = drawsOf(seed);
        const voters = new MonitoredVoters(votersOf(3), 'node-1', {
          answerMs: () => baseMs * (0.85 + 0.3 * draw()),
        });
        voters.run(DAY_MS);
        expect(voters.switches).toEqual([]);
      }),
      { numRuns: 1 },
    );
  });

  test('points of two times that are each within 15 % of one value are less than 8 apart', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: ANSWER_MS_MAX, noNaN: true }), (ms) => {
        expect(pointsOf(ms * 0.85) - pointsOf(ms * 1.15)).toBeLessThan(8);
      }),
    );
  });

  test('a load that goes up and down on all nodes replaces at most four leaders in any hour of a day', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 60, max: 3_600 }), (seed, periodSeconds) => {
        const names = votersOf(3);
        const draw = drawsOf(seed);
        const phases = new Map(names.map((name) => [name, draw() * 2 * Math.PI]));
        const slowMs = (name: string, nowMs: number): number => {
          const turn = (2 * Math.PI * nowMs) / (periodSeconds * 1_000);
          return 250 * (1 + Math.sin(turn + (phases.get(name) ?? 0)));
        };
        const voters = new MonitoredVoters(names, 'node-1', {
          answerMs: (from, to, nowMs) => slowMs(from, nowMs) + slowMs(to, nowMs),
        });
        voters.run(DAY_MS);
        const times = voters.switches.map(({ atMs }) => atMs);
        const most = times.map(
          (fromMs) => times.filter((ms) => ms >= fromMs && ms < fromMs + HOUR_MS).length,
        );
        expect(Math.max(0, ...most)).toBeLessThanOrEqual(4);
      }),
      { numRuns: 1 },
    );
  });

  /** Honest voters that answer each other quickly, and a minority that tells anything. */
  const crowds = fc
    .record({ count: fc.constantFrom(3, 4, 5, 7), seed: fc.integer() })
    .chain(({ count, seed }) =>
      fc.record({
        count: fc.constant(count),
        seed: fc.constant(seed),
        liars: fc.subarray(votersOf(count).slice(1), {
          minLength: 1,
          maxLength: Math.floor((count - 1) / 2),
        }),
      }),
    );

  test('no minority of liars moves a good leader, whatever it says', () => {
    fc.assert(
      fc.property(crowds, ({ count, seed, liars }) => {
        const draw = drawsOf(seed);
        const lieOf = (seen: Links): Links =>
          new Map([...seen.keys()].map((peer) => [peer, [0, 0, 0].map(() => anyMs(draw))]));
        const voters = new MonitoredVoters(votersOf(count), 'node-1', {
          answerMs: (from, to) => (liars.includes(to) || liars.includes(from) ? anyMs(draw) : 1),
          lie: (observer, seen) => (liars.includes(observer) ? lieOf(seen) : seen),
        });
        voters.run(HOUR_MS);
        expect(voters.switches).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  test('a slow liar that says it is quick gains leadership at no time of a day', () => {
    for (const [count, forMs] of [
      [3, DAY_MS],
      [5, HOUR_MS],
    ] as const) {
      const names = votersOf(count);
      const liar = names.at(-1) ?? '';
      const voters = new MonitoredVoters(names, 'node-1', {
        answerMs: (from, to) => (from === liar || to === liar ? 200 : 30),
        lie: (observer, seen) => (observer === liar ? quick(seen) : seen),
      });
      voters.run(forMs);
      expect(voters.switches.filter(({ to }) => to === liar)).toEqual([]);
    }
  });

  test('fewer liars than a majority neither praise one of themselves nor spoil an honest voter', () => {
    fc.assert(
      fc.property(crowds, fc.array(fc.integer({ min: 0, max: 500 })), (crowd, times) => {
        const { count, seed, liars } = crowd;
        const names = votersOf(count);
        const draw = drawsOf(seed);
        const links = new Map<string, number>();
        const trueMs = (a: string, b: string): number => {
          const name = linkOf(a, b);
          const ms = links.get(name) ?? times[links.size] ?? Math.floor(draw() * 500);
          links.set(name, ms);
          return ms;
        };
        const told = (isTrue: (observer: string) => boolean): readonly Observation[] =>
          names.map((observer) => ({
            observer,
            appliedMs: 0,
            links: new Map(
              names
                .filter((peer) => peer !== observer)
                .map((peer) => {
                  const ms = isTrue(observer) ? trueMs(observer, peer) : anyMs(draw);
                  return [peer, [ms, ms, ms]];
                }),
            ),
          }));
        const lied = told((observer) => !liars.includes(observer));
        const honest = names.filter((name) => !liars.includes(name));
        const needed = Math.floor(count / 2);
        for (const name of names) {
          const ms = commitMs(name, names, lied, 0) ?? 0;
          const trueTo = (others: readonly string[]): readonly number[] =>
            others
              .filter((other) => other !== name)
              .map((other) => trueMs(name, other))
              .toSorted((a, b) => a - b);
          // A liar's links with the other liars take no time at best; an honest voter must do without the liars at worst.
          const isLiar = liars.includes(name);
          const free = isLiar ? liars.length - 1 : 0;
          const bound = trueTo(honest)[needed - free - 1];
          expect(isLiar ? ms >= (bound ?? 0) : ms <= (bound ?? Infinity)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a leader that becomes slow is replaced within a minute, once', () => {
    fc.assert(
      fc.property(fc.constantFrom(3, 5), fc.integer({ min: 50, max: 2_000 }), (count, slowMs) => {
        const slowFrom = 10 * 60_000;
        const voters = new MonitoredVoters(votersOf(count), 'node-1', {
          answerMs: (from, to, nowMs) =>
            nowMs >= slowFrom && (from === 'node-1' || to === 'node-1') ? slowMs : 1,
        });
        voters.run(HOUR_MS);
        expect(voters.switches).toEqual([
          expect.objectContaining({ from: 'node-1', to: 'node-2' }),
        ]);
        expect((voters.switches[0]?.atMs ?? 0) - slowFrom).toBeLessThanOrEqual(60_000);
      }),
      { numRuns: 4 },
    );
  });

  test('where nothing changes an hour has 25 entries at most', () => {
    const voters = new MonitoredVoters(votersOf(7), 'node-1', { answerMs: () => 1 });
    voters.run(HOUR_MS);
    expect(voters.entriesMs.length).toBeLessThanOrEqual(25);
    expect(voters.verdict).toEqual({ kind: 'stay', reason: 'none-better' });
  });
});

describe('participants', () => {
  const ables = fc.array(
    fc.record({
      points: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }),
      load: fc.nat(50),
    }),
    { minLength: 2, maxLength: 20 },
  );

  test('no node that can take part waits for more than its turn among those that were passed over', () => {
    fc.assert(
      fc.property(ables, fc.integer(), fc.nat(), (nodes, seed, more) => {
        const draw = drawsOf(seed);
        const taken = 1 + (more % (nodes.length - 1));
        const names = nodes.map((_, at) => `node-${at + 1}`);
        const passed = new Passed();
        const waits = new Map<string, number>(names.map((name) => [name, 0]));
        for (let choice = 0; choice < 500; choice++) {
          const able = nodes.map((node, at) => {
            const name = names[at] ?? '';
            return { ...node, node: name, isOwn: at === 0, passed: passed.of(name) };
          });
          const order = inOrder(able, draw);
          expect(order.toSorted()).toEqual(names.toSorted());
          const chosen = order.slice(0, taken);
          passed.took(chosen, names);
          for (const name of names)
            waits.set(name, chosen.includes(name) ? 0 : (waits.get(name) ?? 0) + 1);
          expect(Math.max(...waits.values())).toBeLessThanOrEqual(64 + nodes.length);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('among good nodes each is taken as often as its points and its load say', () => {
    const draw = drawsOf(7);
    const counts = new Map<string, number>();
    const able = [
      { node: 'a', isOwn: false, points: 100, load: 0, passed: 0 },
      { node: 'b', isOwn: false, points: 100, load: 3, passed: 0 },
      { node: 'c', isOwn: false, points: 75, load: 0, passed: 0 },
    ];
    const rounds = 5_000;
    for (let round = 0; round < rounds; round++) {
      const [first = ''] = inOrder(able, draw);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    const share = (node: string): number => (counts.get(node) ?? 0) / rounds;
    // Weights 100, 25 and 75.
    expect(share('a')).toBeCloseTo(0.5, 1);
    expect(share('b')).toBeCloseTo(0.125, 1);
    expect(share('c')).toBeCloseTo(0.375, 1);
  });

  test('a slow node comes behind every good one, whatever is drawn', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const order = inOrder(
          [withPoints('slow', 40), withPoints('a', 99), withPoints('b', 80)],
          drawsOf(seed),
        );
        expect(order[2]).toBe('slow');
      }),
    );
  });
});

/** From nothing to no answer at all. */
function anyMs(draw: () => number): number {
  const drawn = draw();
  return drawn < 0.3 ? 0 : drawn < 0.6 ? ANSWER_MS_MAX : Math.floor(draw() * ANSWER_MS_MAX);
}

function quick(seen: Links): Links {
  return new Map([...seen.keys()].map((peer) => [peer, [0, 0, 0]]));
}

function withPoints(name: string, points: number): Able {
  return { node: name, isOwn: false, points, load: 0, passed: 0 };
}
