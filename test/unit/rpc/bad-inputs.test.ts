import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { concat, toHex, utf8 } from '../../../src/common/index.js';
import {
  decode,
  encode,
  GenerateKeyRequest,
  GetClusterRequest,
  GetKeyRequest,
  GetTaskRequest,
  ListKeysRequest,
  ListTasksRequest,
  SignRequest,
} from '../../../src/wire/index.js';
import { METHODS } from '../../inputs/table.js';
import { Fixture } from './server-fixture.js';
import type { Caller } from './server-fixture.js';

/* What test/inputs/table.ts cannot hold: noise, and what a node's log says. */

let fixture: Fixture;
let app: Caller;
beforeAll(async () => {
  fixture = await Fixture.open();
  app = await fixture.as('app');
});
afterAll(() => fixture.close());

/** The request of each method. */
const REQUESTS = {
  generate: GenerateKeyRequest,
  getKey: GetKeyRequest,
  listKeys: ListKeysRequest,
  sign: SignRequest,
  getTask: GetTaskRequest,
  listTasks: ListTasksRequest,
  getCluster: GetClusterRequest,
} as const satisfies Record<keyof typeof METHODS, object>;

test('1: a service refuses any bytes that spell no request of the method', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
  let state = seed;
  const next = (): number => (state = (state * 48_271 + 11) % 2_147_483_647);
  const names = Object.keys(METHODS) as (keyof typeof METHODS)[];
  const wrong: string[] = [];
  for (let round = 0; round < 100; round++) {
    const bytes = Uint8Array.from({ length: 1 + (next() % 40) }, () => next() % 256);
    const name = names[next() % names.length] ?? 'sign';
    const { code } = await app.call(METHODS[name], bytes);
    const isRequest = decode<object>(REQUESTS[name], bytes) !== undefined;
    // A request that can be read may be answered, refused for what it says, or about nothing that there is.
    const isRight = isRequest ? code !== status.INTERNAL : code === status.INVALID_ARGUMENT;
    if (!isRight) wrong.push(`${name} ${toHex(bytes)}: ${status[code]}, SEED=${seed}`);
  }
  expect(wrong).toEqual([]);
});

test('attack 20: a scalar to add to the key is an unknown field', async () => {
  const signRequest = encode(
    SignRequest,
    SignRequest.fromPartial({ requestId: 'r', keyId: 'demo' }),
  );
  // Field 5 is a digest, which is signed with the key itself.
  for (const field of [6, 7, 8, 15]) {
    const scalar = Uint8Array.of((field << 3) | 2, 32, ...new Uint8Array(32).fill(1));
    expect(await app.call(METHODS.sign, concat(signRequest, scalar))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_ENCODING',
    });
  }
  expect(fixture.backend.submissions).toEqual([]);
});

test('60: an internal error is INTERNAL with an id, and its words stay in the log', async () => {
  const payload = { $case: 'message' as const, value: utf8('hello') };
  const signRequest = encode(
    SignRequest,
    SignRequest.fromPartial({ requestId: 'request-1', keyId: 'demo', payload }),
  );
  fixture.backend.onSubmit = () => Promise.reject(new TypeError('canary in the cause'));

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
  const line = fixture.logger.lines.find(({ level }) => level === 'error');
  expect(line?.fields).toMatchObject({
    errorId: answer.facts['error_id'],
    error: expect.stringContaining('canary in the cause'),
  });
});
