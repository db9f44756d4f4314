import { expect, test } from '@jest/globals';
import { whenReady } from '../../../src/client/await-key.js';
import { untilOf } from '../../../src/client/until.js';
import { GenerateKeyResponse, Key } from '../../../src/wire/index.js';

const LATER = GenerateKeyResponse.fromPartial({ taskId: 't' });
const READY = GenerateKeyResponse.fromPartial({ taskId: 't', key: Key.fromPartial({}) });

/** Answers in turn, the last one for good. */
function node(...answers: readonly GenerateKeyResponse[]) {
  let asked = 0;
  const ask = () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? LATER);
  return { ask, asked: () => asked };
}

test('a key that is not ready is asked for again while there is time', async () => {
  const { ask, asked } = node(LATER, LATER, READY);
  expect(await whenReady(ask, untilOf({ timeoutMs: 600_000 }), 1)).toBe(READY);
  expect(asked()).toBe(3);
});

test('a caller whose time is nearly over gets the answer that the key is not ready', async () => {
  const { ask, asked } = node(LATER);
  expect(await whenReady(ask, untilOf({ timeoutMs: 1_000 }), 1_000)).toBe(LATER);
  expect(asked()).toBe(1);
});

test('a caller that stops the call is not kept', async () => {
  const stop = new AbortController();
  const { ask } = node(LATER);
  const call = whenReady(ask, untilOf({ timeoutMs: 600_000, signal: stop.signal }), 60_000);
  stop.abort();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
});
