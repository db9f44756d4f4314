import { expect, test } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { sharedLookup } from '../../../src/rpc/http2/lookup.js';
import { LOOKUP_CALLERS_MAX } from '../../../src/rpc/limits.js';

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** A resolver that answers when the test says so. */
function resolver() {
  const asked: { host: string; answer: Answer }[] = [];
  const lookup = sharedLookup((host, _, answer) => asked.push({ host, answer }));
  return { asked, lookup };
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
