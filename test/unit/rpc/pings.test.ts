import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ClientHttp2Session } from 'node:http2';
import { Pings } from '../../../src/rpc/index.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A session whose far end answers each PING at once, or none. */
function session(isAlive: boolean) {
  const asked: number[] = [];
  const part: Pick<ClientHttp2Session, 'destroyed'> & { ping(answer: () => void): boolean } = {
    destroyed: false,
    ping: (answer) => {
      asked.push(performance.now());
      if (isAlive) answer();
      return true;
    },
  };
  return { asked, session: part as unknown as ClientHttp2Session };
}

test('sessions that began at different moments are asked at the same ones, each once an interval', () => {
  const all = [session(true), session(true), session(true)];
  const pings = all.map(({ session: each }) => {
    jest.advanceTimersByTime(370);
    return new Pings({
      session: () => each,
      intervalMs: 1000,
      msMax: 2000,
      silent: () => undefined,
    });
  });
  jest.advanceTimersByTime(3000);
  for (const each of pings) each.stop();
  jest.advanceTimersByTime(5000);

  const [first, ...others] = all.map(({ asked }) => asked.slice(-3));
  expect(first).toHaveLength(3);
  for (const other of others) expect(other).toEqual(first);
  const [one = 0, two = 0, three = 0] = first ?? [];
  expect(two - one).toBeGreaterThan(990);
  expect(three - two).toBeLessThan(1010);
});

test('a far end that answers no PING in time is silent, and is asked no second time before', () => {
  const { asked, session: only } = session(false);
  const silent: unknown[] = [];
  const pings = new Pings({
    session: () => only,
    intervalMs: 1000,
    msMax: 2500,
    silent: (which) => silent.push(which),
  });
  jest.advanceTimersByTime(1000);
  expect(asked).toHaveLength(1);
  jest.advanceTimersByTime(2400);
  expect([asked.length, silent.length]).toEqual([1, 0]);
  jest.advanceTimersByTime(200);
  pings.stop();
  expect(silent).toEqual([only]);
});
