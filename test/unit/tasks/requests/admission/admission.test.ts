import { beforeEach, describe, expect, test } from '@jest/globals';
import { ClusterError } from '../../../../../src/common/index.js';
import { Admission } from '../../../../../src/tasks/requests/admission/admission.js';
import type { Place } from '../../../../../src/tasks/requests/admission/admission.js';
import {
  COME_AGAIN_MS_MAX,
  COME_AGAIN_MS_MIN,
  HELD_MS_MIN,
  HELD_TIMES,
  IN_FLIGHT_START,
  TURN_TIMES_MAX,
  WAITING_ALWAYS,
  WAITING_MAX,
} from '../../../../../src/tasks/requests/admission/limits.js';
import { ManualClock, settle } from '../../../../support/builders/task-room.js';

let clock: ManualClock;
let admission: Admission;
beforeEach(() => {
  clock = new ManualClock();
  admission = new Admission(clock);
});

type Asked = { place?: Place; error?: unknown; readonly abort: (reason: unknown) => void };

function enter(caller: string, lifeMs = 60_000): Asked {
  const controller = new AbortController();
  const asked: Asked = { abort: (reason) => controller.abort(reason) };
  void (async () => admission.enter({ caller, lifeMs, signal: controller.signal }))().then(
    (place) => (asked.place = place),
    (error: unknown) => (asked.error = error),
  );
  return asked;
}

const enterMany = (caller: string, count: number): readonly Asked[] =>
  Array.from({ length: count }, () => enter(caller));
const has = (all: readonly Asked[], what: 'place' | 'error'): number =>
  all.filter((each) => each[what] !== undefined).length;

/** Ends requests that have a place, one of them after another, until this one has its own. */
async function turnsUntil(all: readonly Asked[], one: Asked): Promise<number> {
  for (const [turns, { place }] of all.entries()) {
    if (one.place !== undefined) return turns;
    place?.leave();
    await settle();
  }
  throw new Error('it never had its turn');
}

/** What is under way after a while, one request of each of these callers at a time. */
async function inFlightOf(callers: readonly string[]): Promise<number> {
  admission = new Admission(clock);
  for (let each = 0; each < 40; each++) {
    const alone = enter('alice');
    await settle();
    clock.pass(10);
    alone.place?.answered('a');
    alone.place?.leave();
  }
  // What is under way is answered together, eight times as slowly as one alone.
  let waiting = callers.map((caller) => ({ caller, asked: enter(caller) }));
  for (let round = 0; round < 30; round++) {
    await settle();
    clock.pass(80);
    const answered = waiting.filter(({ asked }) => asked.place !== undefined);
    for (const { asked } of answered) asked.place?.answered('a');
    for (const { asked } of answered) asked.place?.leave();
    const again = answered.map(({ caller }) => ({ caller, asked: enter(caller) }));
    waiting = [...waiting.filter((each) => !answered.includes(each)), ...again];
  }
  return admission.inFlight;
}

describe('admission', () => {
  test('as many as the limit says are under way, and the others have their turn in order', async () => {
    const all = enterMany('alice', IN_FLIGHT_START + 2);
    await settle();
    expect(has(all, 'place')).toBe(IN_FLIGHT_START);

    all[3]?.place?.leave();
    all[3]?.place?.leave();
    await settle();

    expect(all[IN_FLIGHT_START]?.place).toBeDefined();
    expect(all[IN_FLIGHT_START + 1]?.place).toBeUndefined();
    expect(admission.inFlight).toBe(IN_FLIGHT_START);
  });

  test('one request of a caller has the next turn beside 64 in flight of another', async () => {
    const hog = enterMany('mallory', 64);
    const single = enter('alice');
    await settle();
    expect(single.place).toBeUndefined();

    expect(await turnsUntil(hog, single)).toBe(1);
  });

  test('two callers with much to do have half of the places each', async () => {
    const first = enterMany('mallory', 64);
    const second = enterMany('alice', 64);
    await settle();
    for (const { place } of first.slice(0, IN_FLIGHT_START)) place?.leave();
    await settle();

    expect(has(second, 'place')).toBe(IN_FLIGHT_START / 2);
  });

  test('a caller whose next request would wait too long is told when to come again, and others are not', async () => {
    const fits = IN_FLIGHT_START + Math.max(IN_FLIGHT_START * TURN_TIMES_MAX, WAITING_ALWAYS);
    const all = enterMany('mallory', fits + 3);
    const other = enter('alice');
    await settle();

    expect(has(all, 'error')).toBe(3);
    expect(has(all.slice(fits), 'error')).toBe(3);
    const { error } = all.at(-1) ?? {};
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({ code: 'overloaded', reason: 'BUSY' });
    const { retryAfterMs } = (error as ClusterError).details;
    expect(retryAfterMs).toBeGreaterThanOrEqual(COME_AGAIN_MS_MIN);
    expect(retryAfterMs).toBeLessThanOrEqual(COME_AGAIN_MS_MAX);
    expect(other.error).toBeUndefined();
  });

  test('64 in flight of one caller are never refused, however slow the cluster is', async () => {
    for (let round = 0; round < 200; round++) {
      const some = enterMany('alice', 64);
      clock.pass(1 + round);
      for (let each = 0; each < 64; each++) {
        await settle();
        some[each]?.place?.answered('a');
        some[each]?.place?.leave();
      }
      expect(has(some, 'error')).toBe(0);
    }
  });

  test('a request that its caller would not wait for is refused at once', async () => {
    enterMany('alice', IN_FLIGHT_START + 40);
    const hasty = enter('alice', 100);
    await settle();

    expect(hasty.error).toMatchObject({ reason: 'BUSY' });
  });

  test('a request that is given up leaves its turn to the next, with its own reason', async () => {
    const all = enterMany('alice', IN_FLIGHT_START + 2);
    const reason = new ClusterError('cancelled', 'The client cancelled the call');
    all[IN_FLIGHT_START]?.abort(reason);
    await settle();
    expect(all[IN_FLIGHT_START]?.error).toBe(reason);
    expect(admission.waitingCount).toBe(1);

    all[0]?.place?.leave();
    await settle();

    expect(all.at(-1)?.place).toBeDefined();
    expect(admission.waitingCount).toBe(0);
  });

  test('requests that wait for something else than others keep their places for a bounded time', async () => {
    const stuck = enterMany('mallory', IN_FLIGHT_START);
    const next = enter('alice');
    await settle();
    clock.pass(HELD_TIMES * 250);
    admission.tick();
    await settle();
    expect(next.place).toBeDefined();

    for (const { place } of stuck) place?.leave();
    expect(admission.inFlight).toBe(1);
    expect(HELD_TIMES * 250).toBeGreaterThan(HELD_MS_MIN);
  });

  test('many callers together have a bounded number of requests waiting', async () => {
    const all = Array.from({ length: 200 }, (_, caller) =>
      enterMany(`caller-${caller}`, 64),
    ).flat();
    await settle();
    expect(admission.waitingCount).toBe(WAITING_MAX);
    expect(has(all, 'error')).toBe(all.length - WAITING_MAX - IN_FLIGHT_START);
  });

  test('the limit falls where a modest caller is held up by one with many, and not where all are modest', async () => {
    const many = Array.from({ length: 64 }, () => 'mallory');
    expect(await inFlightOf([...many, 'alice'])).toBeLessThan(IN_FLIGHT_START / 2);
    expect(await inFlightOf(many.map((_, at) => `caller-${at}`))).toBeGreaterThan(IN_FLIGHT_START);
  });

  test('callers without requests are forgotten', async () => {
    for (let caller = 0; caller < 1_000; caller++) {
      const asked = enter(`caller-${caller}`);
      await settle();
      asked.place?.leave();
    }

    expect(admission.inFlight + admission.waitingCount).toBe(0);
    expect(admission.callerCount).toBe(0);
  });

  test('every wait ends when the node stops', async () => {
    const all = enterMany('alice', IN_FLIGHT_START + 5);
    admission.close(new ClusterError('no-quorum', 'The node is stopping'));
    await settle();

    expect(has(all, 'error')).toBe(5);
    expect(admission.waitingCount).toBe(0);
  });
});
