import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { ClusterError, concat, utf8 } from '../../../src/common/index.js';
import { encode, GenerateKeyRequest, GetKeyRequest, SignRequest } from '../../../src/wire/index.js';
import { framed, rawCall } from './raw.js';
import { Stage, taskRecord, tlsFor } from './stage.js';
import type { Caller, Seen } from './stage.js';

/*
 * The bad inputs that a public port can meet, each with its exact code. Numbers in names are rows of the list that
 * docs/errors.md keeps.
 */

const GENERATE = '/quorate.v1.KeyService/GenerateKey';
const GET_KEY = '/quorate.v1.KeyService/GetKey';
const SIGN = '/quorate.v1.SigningService/Sign';
const METHODS = [
  GENERATE,
  GET_KEY,
  SIGN,
  '/quorate.v1.KeyService/ListKeys',
  '/quorate.v1.TaskService/GetTask',
  '/quorate.v1.TaskService/ListTasks',
  '/quorate.v1.ClusterService/GetCluster',
];

let stage: Stage;
let app: Caller;
beforeAll(async () => {
  stage = await Stage.open();
  app = await stage.as('app');
});
afterAll(() => stage.close());
let submitted = 0;
beforeEach(() => {
  submitted = stage.backend.submissions.length;
});

const generateKey = (changes: Partial<GenerateKeyRequest>): Promise<Seen> =>
  app.call(
    GENERATE,
    encode(GenerateKeyRequest, {
      ...GenerateKeyRequest.fromPartial({
        requestId: 'request-1',
        keyId: 'demo',
        algorithm: 1,
        threshold: 2,
        participants: ['node-1', 'node-2', 'node-3'],
      }),
      ...changes,
    }),
  );
const getKey = (keyId: string): Promise<Seen> =>
  app.call(GET_KEY, encode(GetKeyRequest, { keyId }));
const signRequest = encode(SignRequest, {
  requestId: 'request-1',
  keyId: 'demo',
  payload: { $case: 'message', value: utf8('hello') },
  derivationPath: [],
});

/** What a client saw, and how much of it the backend was asked to do. */
async function judged(answer: Promise<Seen>): Promise<Seen & { submitted: number }> {
  return { ...(await answer), submitted: stage.backend.submissions.length - submitted };
}
const REFUSED = { code: status.INVALID_ARGUMENT, submitted: 0 };

/** Messages in one another, in a field that no request knows. */
function deep(levels: number): Uint8Array {
  let inner = new Uint8Array(0);
  for (let level = 0; level < levels && inner.length < 60_000; level++)
    inner = new Uint8Array(concat(Uint8Array.of(0x7a), varint(inner.length), inner));
  return inner;
}

describe('bytes that are no message are INVALID_ARGUMENT', () => {
  test.each([
    ['1: wire type 7', Uint8Array.of(0x0f, 0xff, 0x01)],
    ['2: a text that is shorter than it says', concat(Uint8Array.of(0x0a, 50), utf8('a'))],
    ['3: a field of another wire type', Uint8Array.of(0x09, 1, 2, 3, 4, 5, 6, 7, 8)],
    ['4: 101 messages in one another', deep(101)],
    ['4: 5,000 messages in one another', deep(5_000)],
    ['5: 20,000 groups in one another', new Uint8Array(20_000).fill(0x7b)],
    ['11: bytes that are no UTF-8', concat(Uint8Array.of(0x0a, 2), Uint8Array.of(0xc3, 0x28))],
    ['11: U+FFFD, which stands for such bytes', concat(Uint8Array.of(0x0a, 3), utf8('\uFFFD'))],
    [
      '47: a field twice',
      concat(Uint8Array.of(0x0a, 1), utf8('a'), Uint8Array.of(0x0a, 1), utf8('b')),
    ],
    ['a field that nobody knows', Uint8Array.of(0x78, 0x01)],
    ['a default that is spelled out', Uint8Array.of(0x0a, 0x00)],
    ['a length with a longer spelling', concat(Uint8Array.of(0x0a, 0x81, 0x00), utf8('a'))],
  ])('%s', async (_, bytes) => {
    for (const method of METHODS)
      expect(await judged(app.call(method, bytes))).toMatchObject(REFUSED);
  });

  test('1: whatever the bytes', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
    let state = seed;
    const next = (): number => (state = (state * 48_271 + 11) % 2_147_483_647);
    const codes = new Set<string>();
    for (let round = 0; round < 100; round++) {
      const bytes = Uint8Array.from({ length: 1 + (next() % 40) }, () => next() % 256);
      const method = METHODS[next() % METHODS.length] ?? GENERATE;
      const { code } = await app.call(method, bytes);
      if (code !== status.INVALID_ARGUMENT) codes.add(`${status[code]} seed ${seed}`);
    }
    expect([...codes]).toEqual([]);
  });
});

describe('sizes', () => {
  test('6: one byte above the limit of a message is RESOURCE_EXHAUSTED', async () => {
    const answer = await app.call(SIGN, new Uint8Array(65 * 1024 + 1));
    expect(answer.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('7: a length prefix of 4 GiB is RESOURCE_EXHAUSTED at once', async () => {
    const tls = await tlsFor(stage.authorities, 'app', 'app');
    const body = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2]);
    expect(await rawCall(stage.address, tls, SIGN, body)).toMatchObject({
      'grpc-status': String(status.RESOURCE_EXHAUSTED),
    });
  });

  test('a request above what the log takes is INVALID_ARGUMENT', async () => {
    const payload = { $case: 'message' as const, value: new Uint8Array(64 * 1024) };
    const bytes = encode(SignRequest, {
      requestId: 'a',
      keyId: 'demo',
      payload,
      derivationPath: [],
    });
    expect(await judged(app.call(SIGN, bytes))).toMatchObject(REFUSED);
  });

  test('32: 200 headers, or one of 70 KB, never reach a method', async () => {
    const many = new Metadata();
    for (let at = 0; at < 200; at++) many.set(`x-header-${at}`, 'a');
    const long = new Metadata();
    long.set('x-long', 'a'.repeat(70_000));
    const before = stage.backend.entered;
    for (const metadata of [many, long]) {
      const answer = await app.call(GET_KEY, encode(GetKeyRequest, { keyId: 'demo' }), {
        metadata,
      });
      expect(answer.code).toBe(status.RESOURCE_EXHAUSTED);
    }
    expect(stage.backend.entered).toBe(before);
  });
});

const signAlong = (derivationPath: number[]): Promise<Seen> =>
  app.call(SIGN, encode(SignRequest, { ...SignRequest.decode(signRequest), derivationPath }));

describe('requests to sign along a path', () => {
  test.each([
    ['a hardened number', [2 ** 31]],
    ['a number of 2^32 − 1', [0, 2 ** 32 - 1]],
    ['17 numbers', Array.from({ length: 17 }, () => 0)],
    ['10,000 numbers', Array.from({ length: 10_000 }, () => 0)],
  ])('%s is INVALID_ARGUMENT with the field', async (_, path) => {
    expect(await judged(signAlong(path))).toMatchObject({
      ...REFUSED,
      reason: 'INVALID_DERIVATION_PATH',
      field: 'derivation_path',
    });
  });

  test('attack 20: a scalar to add to the key is a field that nobody knows', async () => {
    for (const field of [5, 6, 7, 15]) {
      const scalar = Uint8Array.of((field << 3) | 2, 32, ...new Uint8Array(32).fill(1));
      const answer = await judged(app.call(SIGN, concat(signRequest, scalar)));
      expect(answer).toMatchObject({ ...REFUSED, reason: 'INVALID_ENCODING' });
    }
  });
});

describe('requests to generate a key', () => {
  test.each([
    ['9: no algorithm', { algorithm: 0 as const }, 'algorithm'],
    ['9: an unknown algorithm', { algorithm: 99 as 1 }, 'algorithm'],
    ['13: threshold 0', { threshold: 0 }, 'threshold'],
    ['14: threshold 1', { threshold: 1 }, 'threshold'],
    ['15: threshold above the participants', { threshold: 4 }, 'threshold'],
    [
      '15: more participants than any key has',
      { participants: Array.from({ length: 256 }, (_, at) => `node-${at}`) },
      'participants',
    ],
    ['16: a participant twice', { participants: ['node-1', 'node-2', 'node-2'] }, 'participants'],
    ['17: a participant that is no id', { participants: ['node-1', '', 'node-3'] }, 'participants'],
    ['48: threshold of all without saying so', { threshold: 3 }, 'allow_no_redundancy'],
    ['57: an empty id', { keyId: '' }, 'key_id'],
    ['57: an empty request id', { requestId: '' }, 'request_id'],
    ['57: an id of 10 kB', { keyId: 'a'.repeat(10_000) }, 'key_id'],
    [
      '57: 10,000 labels',
      { labels: Array.from({ length: 10_000 }, () => ({ key: 'a', value: '' })) },
      'labels',
    ],
    ['39: a label called __proto__', { labels: [{ key: '__proto__', value: '' }] }, 'labels'],
  ])('%s is INVALID_ARGUMENT with the field', async (_, changes, field) => {
    expect(await judged(generateKey(changes))).toMatchObject({ ...REFUSED, field });
  });

  test('15: a threshold of 2^32 + 2 is not read as 2', async () => {
    const good = encode(
      GenerateKeyRequest,
      GenerateKeyRequest.fromPartial({ requestId: 'r', keyId: 'demo', algorithm: 1 }),
    );
    const tooLarge = concat(good, Uint8Array.of(0x20, 0x82, 0x80, 0x80, 0x80, 0x10));
    expect(await judged(app.call(GENERATE, tooLarge))).toMatchObject(REFUSED);
  });

  test('18: a participant that is no member is what the state says of it', async () => {
    stage.backend.onSubmit = () =>
      Promise.reject(
        new ClusterError('wrong-state', 'node-9 is not a member', {
          reason: 'UNKNOWN_PARTICIPANT',
        }),
      );
    expect(await generateKey({ participants: ['node-1', 'node-2', 'node-9'] })).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: 'UNKNOWN_PARTICIPANT',
    });
  });
});

describe('ids', () => {
  test.each([
    ['36: a homoglyph', 'dem\u043e'],
    ['36: a zero-width space', 'de\u200bmo'],
    ['36: a right-to-left mark', 'demo\u200f'],
    ['36: a letter and its accent', 'e\u0301'],
    ['36: an emoji', '\u{1f600}'],
    ['37: a path upwards', '../../x'],
    ['37: an escaped path', '..%2f'],
    ['37: a NUL', 'demo\0'],
    ['37: an absolute path', '/etc/passwd'],
    ['38: an operator of a query', '{"$ne":null}'],
    ['38: a where clause', '$where'],
    ['38: a dot', 'a.b'],
    ['38: brackets', '[$gt]'],
    ['upper case', 'Demo'],
    ['a line break at the end', 'demo\n'],
    ['64 characters', 'a'.repeat(64)],
  ])('%s is INVALID_ARGUMENT', async (_, id) => {
    expect(await judged(getKey(id))).toMatchObject({ ...REFUSED, field: 'key_id' });
    expect(await judged(generateKey({ keyId: id }))).toMatchObject({ ...REFUSED, field: 'key_id' });
  });
});

describe('known and unknown', () => {
  test('29: the same request again is handed on, byte for byte, and gets the same answer', async () => {
    const outcome = {
      $case: 'signature' as const,
      value: {
        signature: new Uint8Array(64),
        publicKey: new Uint8Array(32),
        keyVersion: 1,
        signers: ['node-1'],
        derivationPath: [],
      },
    };
    stage.backend.onSubmit = () => Promise.resolve(taskRecord('a'.repeat(26), { outcome }));

    const [first, second] = [await app.call(SIGN, signRequest), await app.call(SIGN, signRequest)];

    expect(first.code).toBe(status.OK);
    expect(second.response).toEqual(first.response);
    const [one, two] = stage.backend.submissions.slice(submitted);
    expect(one?.request).toEqual(signRequest);
    expect(two?.request).toEqual(signRequest);
    expect(one?.requester).toBe('spiffe://quorate/app/app');
  });

  test('30: the same request id with other content is ALREADY_EXISTS', async () => {
    stage.backend.onSubmit = () =>
      Promise.reject(
        new ClusterError('already-exists', 'Request request-1 asked for something else'),
      );
    expect(await app.call(SIGN, signRequest)).toMatchObject({
      code: status.ALREADY_EXISTS,
      reason: 'ALREADY_EXISTS',
    });
  });

  test('31: an unknown key is NOT_FOUND', async () => {
    expect(await getKey('unknown')).toMatchObject({
      code: status.NOT_FOUND,
      reason: 'KEY_NOT_FOUND',
    });
  });

  test('42: an unknown method is UNIMPLEMENTED, whatever its path', async () => {
    for (const path of ['/quorate.v1.KeyService/ExportKey', '/../../etc/passwd', '/x'])
      expect((await app.call(path, new Uint8Array())).code).toBe(status.UNIMPLEMENTED);
  });
});

describe('calls that are no calls', () => {
  test.each(['0m', '0S', '0n'])('34: a deadline of %s is DEADLINE_EXCEEDED', async (timeout) => {
    const tls = await tlsFor(stage.authorities, 'app', 'app');
    const headers = { 'grpc-timeout': timeout };
    const answer = await rawCall(stage.address, tls, SIGN, framed(signRequest), headers);
    expect(answer).toMatchObject({ 'grpc-status': String(status.DEADLINE_EXCEEDED) });
    expect(stage.backend.submissions).toHaveLength(submitted);
  });

  test('41: no message, or two, is UNIMPLEMENTED', async () => {
    const tls = await tlsFor(stage.authorities, 'app', 'app');
    const two = Buffer.concat([framed(signRequest), framed(signRequest)]);
    for (const body of [Buffer.alloc(0), two])
      expect(await rawCall(stage.address, tls, SIGN, body)).toMatchObject({
        'grpc-status': String(status.UNIMPLEMENTED),
      });
    expect(stage.backend.submissions).toHaveLength(submitted);
  });

  test('45: another content type is 415', async () => {
    const tls = await tlsFor(stage.authorities, 'app', 'app');
    const headers = { 'content-type': 'application/json' };
    const answer = await rawCall(stage.address, tls, SIGN, utf8('{}'), headers);
    expect(answer[':status']).toBe(415);
  });
});

test('60: a mistake of ours is INTERNAL with an id, and its words stay in the log', async () => {
  stage.backend.onSubmit = () => Promise.reject(new TypeError('canary in the cause'));

  const answer = await app.call(SIGN, signRequest);

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

function varint(value: number): Uint8Array {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.from([...bytes, rest]);
}
