import { expect, test } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { sharedLookup } from '../../../src/rpc/http2/lookup.js';
import { LOOKUP_CALLERS_MAX, LOOKUP_SLOW_MS } from '../../../src/rpc/limits.js';

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** A resolver that answers when the test says so, after as long as it says. */
function resolver() {
  const asked: { host: string; answer: Answer }[] = [];
  let nowMs = 0;
  const lookup = sharedLookup(
    (host, _, answer) => asked.push({ host, answer }),
    () => nowMs,
  );
  const names = (): readonly string[] => asked.map(({ host }) => host);
  const answer = (host: string, afterMs: number): void => {
    nowMs += afterMs;
    const at = asked.findIndex((each) => each.host === host);
    asked.splice(at, 1)[0]?.answer(new Error('no answer'), '');
  };
  return { asked, lookup, names, answer };
}

function ask(lookup: LookupFunction, host: string, options = {}): Promise<unknown> {
  return new Promise((resolve) => lookup(host, options, (...answer) => resolve(answer)));
}

test('a name is asked for once at a time, and whoever dials it meanwhile gets the answer', async () => {
  const { asked, lookup } = resolver();
  const dials = [ask(lookup, 'node-2'), ask(lookup, 'node-2'), ask(lookup, 'node-3')];

  expect(asked.map(({ host }) => host)).toEqual(['node-2', 'node-3']);
  asked[0]?.answer(null, '10.0.0.2', 4);
  const error = new Error('no such name');
  asked[1]?.answer(error, '');
  expect(await Promise.all(dials)).toEqual([
    [null, '10.0.0.2', 4],
    [null, '10.0.0.2', 4],
    [error, ''],
  ]);

  void ask(lookup, 'node-2');
  expect(asked.length).toBe(3);
});

test('a caller gets the answer in the form that it has asked for', () => {
  const { asked, lookup } = resolver();
  for (const options of [{}, { all: true }, { family: 6 }, { all: true }])
    void ask(lookup, 'node-2', options);
  expect(asked.length).toBe(3);
});

test('a resolver that never answers costs one question, and a bounded number of callers is kept', () => {
  const { asked, lookup } = resolver();
  const called: number[] = [];
  const dials = LOOKUP_CALLERS_MAX + 10;
  for (let at = 0; at < dials; at++) lookup('node-2', {}, () => called.push(at));

  expect(asked.length).toBe(1);
  asked[0]?.answer(null, '10.0.0.2', 4);
  expect(called).toEqual(Array.from({ length: LOOKUP_CALLERS_MAX }, (_, at) => at + 10));
});

test('of names that were slow one is asked for at a time, and others are asked for at once', () => {
  const { lookup, names, answer } = resolver();
  const dial = (...hosts: string[]): void => {
    for (const host of hosts) lookup(host, {}, () => undefined);
  };
  dial('node-2', 'node-3');
  answer('node-2', LOOKUP_SLOW_MS + 1);
  answer('node-3', 0);

  // Both hang once more, and would hold all there is.
  dial('node-2', 'node-3', 'node-4', 'node-3');
  expect(names()).toEqual(['node-2', 'node-4']);

  answer('node-2', LOOKUP_SLOW_MS + 1);
  expect(names()).toEqual(['node-4', 'node-3']);

  // A name that is quick again waits for none.
  answer('node-3', 1);
  dial('node-2', 'node-3');
  expect(names()).toEqual(['node-4', 'node-2', 'node-3']);
});
