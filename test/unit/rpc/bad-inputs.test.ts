import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { concat, utf8 } from '../../../src/common/index.js';
import { encode, SignRequest } from '../../../src/wire/index.js';
import { METHODS } from '../../inputs/table.js';
import { Stage } from './stage.js';
import type { Caller } from './stage.js';

/* What test/inputs/table.ts cannot hold: noise, and what a node's log says. */

let stage: Stage;
let app: Caller;
beforeAll(async () => {
  stage = await Stage.open();
  app = await stage.as('app');
});
afterAll(() => stage.close());

test('1: whatever the bytes', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
  let state = seed;
  const next = (): number => (state = (state * 48_271 + 11) % 2_147_483_647);
  const paths = Object.values(METHODS);
  const codes = new Set<string>();
  for (let round = 0; round < 100; round++) {
    const bytes = Uint8Array.from({ length: 1 + (next() % 40) }, () => next() % 256);
    const method = paths[next() % paths.length] ?? METHODS.sign;
    const { code } = await app.call(method, bytes);
    if (code !== status.INVALID_ARGUMENT) codes.add(`${status[code]} seed ${seed}`);
  }
  expect([...codes]).toEqual([]);
});

test('attack 20: a scalar to add to the key is a field that nobody knows', async () => {
  const signRequest = encode(
    SignRequest,
    SignRequest.fromPartial({ requestId: 'r', keyId: 'demo' }),
  );
  for (const field of [5, 6, 7, 15]) {
    const scalar = Uint8Array.of((field << 3) | 2, 32, ...new Uint8Array(32).fill(1));
    expect(await app.call(METHODS.sign, concat(signRequest, scalar))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_ENCODING',
    });
  }
  expect(stage.backend.submissions).toEqual([]);
});

test('60: a mistake of ours is INTERNAL with an id, and its words stay in the log', async () => {
  const payload = { $case: 'message' as const, value: utf8('hello') };
  const signRequest = encode(
    SignRequest,
    SignRequest.fromPartial({ requestId: 'request-1', keyId: 'demo', payload }),
  );
  stage.backend.onSubmit = () => Promise.reject(new TypeError('canary in the cause'));

  const answer = await app.call(METHODS.sign, signRequest);

  expect(answer).toMatchObject({
    code: status.INTERNAL,
    message: 'internal error',
    reason: 'INTERNAL',
  });
  const sent = Object.values(answer.trailers.getMap()).map((value) =>
    Buffer.from(value).toString('latin1'),
  );
  expect(sent.join()).toContain('internal error');
  expect(sent.join()).not.toContain('canary');
  const line = stage.logger.lines.find(({ level }) => level === 'error');
  expect(line?.fields).toMatchObject({
    errorId: answer.facts['error_id'],
    error: expect.stringContaining('canary in the cause'),
  });
});
