import { status } from '@grpc/grpc-js';
import { gzipSync } from 'node:zlib';
import { concat, utf8 } from '../../src/common/index.js';
import { CLIENT_MESSAGE_BYTES_MAX } from '../../src/rpc/limits.js';
import { encode, GenerateKeyRequest, GetKeyRequest, SignRequest } from '../../src/wire/index.js';
import type { Hash } from '../../src/wire/index.js';
import type { Case, Expected } from './case.js';

/*
 * The bad inputs that a client can send, each with the exact code of its answer. A row added here is sent over every
 * transport that can say it, at every place that it names.
 */

/** What a row is sent to. */
export type Place =
  /** One client port, whose backend only counts what is asked of it. */
  | 'port'
  /** Three whole nodes, with a key `demo` that the app made. */
  | 'cluster'
  /** The same, when only the node that is called is left. */
  | 'minority'
  /** A port that lets nobody call at any pace. */
  | 'no pace'
  /** A port whose backend has a mistake. */
  | 'mistake';

export type Row = {
  /** Its number in docs/errors.md, “What bad inputs get”; 0 for more of the same kind. */
  readonly number: number;
  readonly name: string;
  readonly places: readonly Place[];
  /** `run` differs with every run of the row, for ids that must be new. */
  readonly call: (run: string) => Case;
  /** What is called before, and must succeed. */
  readonly first?: (run: string) => Case;
  readonly expected: Expected;
};

export const METHODS = {
  generate: '/quorate.v1.KeyService/GenerateKey',
  getKey: '/quorate.v1.KeyService/GetKey',
  listKeys: '/quorate.v1.KeyService/ListKeys',
  sign: '/quorate.v1.SigningService/Sign',
  getTask: '/quorate.v1.TaskService/GetTask',
  listTasks: '/quorate.v1.TaskService/ListTasks',
  getCluster: '/quorate.v1.ClusterService/GetCluster',
} as const;

const ANYWHERE: readonly Place[] = ['port', 'cluster'];
const INVALID: Expected = { code: status.INVALID_ARGUMENT };

export const ROWS: readonly Row[] = [
  ...noMessages(),
  ...sizes(),
  ...keyGenerations(),
  ...ids(),
  ...paths(),
  ...payloads(),
  ...calls(),
  ...connections(),
  ...onTheCluster(),
  ...signatures(),
  row(
    52,
    'a caller above its pace',
    getKey('demo'),
    { code: status.RESOURCE_EXHAUSTED, reason: 'TOO_MANY_CALLS', retry: true },
    ['no pace'],
  ),
  row(
    60,
    'a mistake of ours',
    sign('r', 'demo'),
    { code: status.INTERNAL, reason: 'INTERNAL', enters: true },
    ['mistake'],
  ),
];

/** Bytes that are no request, or not the one spelling of one, at every method. */
function noMessages(): Row[] {
  const bytes: [number, string, Uint8Array][] = [
    [1, 'wire type 7', Uint8Array.of(0x0f, 0xff, 0x01)],
    [1, 'noise', Uint8Array.from({ length: 64 }, (_, at) => (at * 167 + 91) % 256)],
    [2, 'a text that is shorter than it says', concat(Uint8Array.of(0x0a, 50), utf8('a'))],
    [3, 'a field of another wire type', Uint8Array.of(0x09, 1, 2, 3, 4, 5, 6, 7, 8)],
    [4, '101 messages in one another', nested(101)],
    [4, '5,000 messages in one another', nested(5_000)],
    [5, '20,000 groups in one another', new Uint8Array(20_000).fill(0x7b)],
    [11, 'bytes that are no UTF-8', Uint8Array.of(0x0a, 2, 0xc3, 0x28)],
    [11, 'U+FFFD, which stands for such bytes', concat(Uint8Array.of(0x0a, 3), utf8('\uFFFD'))],
    [39, 'a map with a key __proto__', concat(Uint8Array.of(0x7a, 11, 0x0a, 9), utf8('__proto__'))],
    [47, 'a field twice', Uint8Array.of(0x0a, 1, 0x61, 0x0a, 1, 0x62)],
    [0, 'a field that nobody knows', Uint8Array.of(0x78, 0x01)],
    [0, 'a default that is spelled out', Uint8Array.of(0x0a, 0x00)],
    [0, 'a length with a longer spelling', Uint8Array.of(0x0a, 0x81, 0x00, 0x61)],
    [0, 'fields out of order', Uint8Array.of(0x12, 1, 0x61, 0x0a, 1, 0x62)],
  ];
  return bytes.flatMap(([number, name, message]) =>
    Object.entries(METHODS).map(([method, path]) =>
      row(number, `${name}, to ${method}`, { path, messages: [message] }, INVALID),
    ),
  );
}

function sizes(): Row[] {
  const exhausted: Expected = { code: status.RESOURCE_EXHAUSTED };
  const metadata = { ...exhausted, reason: 'METADATA_TOO_LARGE', retry: false };
  return [
    row(
      6,
      'one byte above the limit',
      { path: METHODS.sign, messages: [new Uint8Array(CLIENT_MESSAGE_BYTES_MAX + 1)] },
      exhausted,
    ),
    row(
      7,
      'a length prefix of 4 GiB',
      { path: METHODS.sign, bytes: Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 1, 2) },
      exhausted,
    ),
    row(
      8,
      '16 MiB of zeros, packed',
      { path: METHODS.sign, messages: [new Uint8Array(16 * 1024 * 1024)], packed: true },
      exhausted,
    ),
    row(
      0,
      'a request that is larger than the log takes',
      {
        path: METHODS.sign,
        messages: [signBytes('r', 'demo', new Uint8Array(64 * 1024))],
      },
      { ...INVALID, reason: 'REQUEST_TOO_LARGE' },
    ),
    row(32, '33 headers', { ...getKey('demo'), metadata: pairs(33) }, metadata),
    row(
      32,
      'a header of 9 KB',
      { ...getKey('demo'), metadata: [['x-long', 'a'.repeat(9_000)]] },
      metadata,
    ),
    row(32, '200 headers', { ...getKey('demo'), metadata: pairs(200) }, metadata),
    row(
      32,
      'a header of 60 KB',
      { ...getKey('demo'), metadata: [['x-long', 'a'.repeat(60_000)]] },
      metadata,
    ),
    row(
      32,
      'a header of 70 KB',
      { ...getKey('demo'), metadata: [['x-long', 'a'.repeat(70_000)]] },
      metadata,
    ),
  ];
}

function keyGenerations(): Row[] {
  const changes: [number, string, Partial<GenerateKeyRequest>, string][] = [
    [9, 'no algorithm', { algorithm: 0 }, 'algorithm'],
    [9, 'an unknown algorithm', { algorithm: 99 as 1 }, 'algorithm'],
    [13, 'threshold 0', { threshold: 0 }, 'threshold'],
    [14, 'threshold 1', { threshold: 1 }, 'threshold'],
    [15, 'threshold above the participants', { threshold: 4 }, 'threshold'],
    [15, 'a threshold of 2^32 - 1', { threshold: 2 ** 32 - 1 }, 'threshold'],
    [
      15,
      '256 participants',
      { participants: Array.from({ length: 256 }, (_, at) => `node-${at}`) },
      'participants',
    ],
    [16, 'a participant twice', { participants: ['node-1', 'node-2', 'node-2'] }, 'participants'],
    [
      17,
      'a participant without a name',
      { participants: ['node-1', '', 'node-3'] },
      'participants',
    ],
    [
      17,
      'a participant that is a number too large',
      { participants: ['node-1', '9'.repeat(80)] },
      'participants',
    ],
    [39, 'a label __proto__', { labels: [{ key: '__proto__', value: '' }] }, 'labels'],
    [48, 'threshold of all without saying so', { threshold: 3 }, 'allow_no_redundancy'],
    [57, 'no key id', { keyId: '' }, 'key_id'],
    [57, 'no request id', { requestId: '' }, 'request_id'],
    [57, 'a key id of 10 kB', { keyId: 'a'.repeat(10_000) }, 'key_id'],
    [
      57,
      '10,000 labels',
      { labels: Array.from({ length: 10_000 }, () => ({ key: 'a', value: '' })) },
      'labels',
    ],
  ];
  // 2^32 + 2, which a decoder of 32 bits reads as 2.
  const wrapped = concat(
    encode(
      GenerateKeyRequest,
      GenerateKeyRequest.fromPartial({ requestId: 'r', keyId: 'demo', algorithm: 1 }),
    ),
    Uint8Array.of(0x20, 0x82, 0x80, 0x80, 0x80, 0x10),
  );
  return [
    ...changes.map(([number, name, change, field]) =>
      row(number, name, generate('r', 'new', change), { ...INVALID, field }),
    ),
    row(15, 'a threshold of 2^32 + 2', { path: METHODS.generate, messages: [wrapped] }, INVALID),
  ];
}

function ids(): Row[] {
  const bad: [number, string, string][] = [
    [36, 'a homoglyph', 'dem\u043e'],
    [36, 'a zero-width space', 'de\u200bmo'],
    [36, 'a right-to-left mark', 'demo\u200f'],
    [36, 'a letter and its accent', 'e\u0301'],
    [36, 'an emoji', '\u{1f600}'],
    [37, 'a path upwards', '../../x'],
    [37, 'an escaped path', '..%2f'],
    [37, 'a NUL', 'demo\0'],
    [37, 'an absolute path', '/etc/passwd'],
    [38, 'an operator of a query', '{"$ne":null}'],
    [38, 'a where clause', '$where'],
    [38, 'a dot', 'a.b'],
    [38, 'brackets', '[$gt]'],
    [39, '__proto__', '__proto__'],
    [0, 'upper case', 'Demo'],
    [0, 'a line break at the end', 'demo\n'],
    [0, '64 characters', 'a'.repeat(64)],
  ];
  const rejected = { ...INVALID, reason: 'INVALID_ID' };
  return bad.flatMap(([number, name, id]) => [
    row(number, `${name} as the key to show`, getKey(id), { ...rejected, field: 'key_id' }),
    row(number, `${name} as the key to make`, generate('r', id), { ...rejected, field: 'key_id' }),
    row(number, `${name} as the key to sign with`, sign('r', id), { ...rejected, field: 'key_id' }),
    row(number, `${name} as a request id`, sign(id, 'demo'), { ...rejected, field: 'request_id' }),
  ]);
}

function paths(): Row[] {
  const bad: [string, number[]][] = [
    ['a hardened number', [2 ** 31]],
    ['a number of 2^32 − 1', [0, 2 ** 32 - 1]],
    ['17 numbers', Array.from({ length: 17 }, () => 0)],
    ['10,000 numbers', Array.from({ length: 10_000 }, () => 0)],
  ];
  const rejected = { ...INVALID, reason: 'INVALID_DERIVATION_PATH', field: 'derivation_path' };
  return bad.map(([name, derivationPath]) => {
    const request = SignRequest.fromPartial({
      requestId: 'r',
      keyId: 'demo',
      payload: { $case: 'message', value: utf8('hello') },
      derivationPath,
    });
    const call = { path: METHODS.sign, messages: [encode(SignRequest, request)] };
    return row(0, `a path of ${name}`, call, rejected);
  });
}

/** Wrong combinations of message, hash and digest, and those that a FROST key does not sign. */
function payloads(): Row[] {
  const message = { $case: 'message', value: utf8('hello') } as const;
  const bad: [string, Uint8Array, string, string | undefined][] = [
    ['nothing to sign', signing({}), 'MISSING_MESSAGE', 'message'],
    ['a hash of nothing', signing({ hash: 1 }), 'MISSING_MESSAGE', 'message'],
    ...[0, 1, 31, 33, 64, 60_000].map((length): (typeof bad)[number] => [
      `a digest of ${length} bytes`,
      signing({ payload: digestOf(length) }),
      'INVALID_DIGEST',
      'digest',
    ]),
    [
      'a digest with a hash',
      signing({ payload: digestOf(32), hash: 1 }),
      'HASH_WITH_DIGEST',
      'hash',
    ],
    ...[4, 99, 2 ** 31 - 1, -1].map((hash): (typeof bad)[number] => [
      `hash ${hash}`,
      signing({ payload: message, hash: hash as Hash }),
      'UNKNOWN_HASH',
      'hash',
    ]),
    [
      'a message and a digest',
      concat(signing({ payload: message }), Uint8Array.of(0x2a, 32), new Uint8Array(32)),
      'INVALID_ENCODING',
      undefined,
    ],
    [
      'hash 0 spelled out',
      concat(signing({ payload: message }), Uint8Array.of(0x30, 0)),
      'INVALID_ENCODING',
      undefined,
    ],
    [
      'a hash above 64 bits',
      concat(signing({ payload: message }), Uint8Array.of(0x30), new Uint8Array(10).fill(0xff)),
      'INVALID_ENCODING',
      undefined,
    ],
  ];
  const unsuited: [string, Partial<SignRequest>, string, string][] = [
    ['a digest, with a FROST key', { payload: digestOf(32) }, 'DIGEST_UNSUPPORTED', 'digest'],
    ['a hash, with a FROST key', { payload: message, hash: 2 }, 'HASH_UNSUPPORTED', 'hash'],
  ];
  return [
    ...bad.map(([name, bytes, reason, field]) =>
      row(58, name, signCall(bytes), invalidField(reason, field)),
    ),
    ...unsuited.map(([name, fields, reason, field]) =>
      row(
        58,
        name,
        (run) => signCall(signing(fields, `${run}-${reason.toLowerCase()}`)),
        invalidField(reason, field),
        ['cluster'],
      ),
    ),
  ];
}

function digestOf(length: number): SignRequest['payload'] {
  return { $case: 'digest', value: new Uint8Array(length).fill(7) };
}

function signing(fields: Partial<SignRequest>, requestId = 'r'): Uint8Array {
  return encode(SignRequest, SignRequest.fromPartial({ requestId, keyId: 'demo', ...fields }));
}

function signCall(bytes: Uint8Array): Case {
  return { path: METHODS.sign, messages: [bytes] };
}

function invalidField(reason: string, field: string | undefined): Expected {
  return { ...INVALID, reason, ...(field !== undefined && { field }) };
}

/** What is wrong with the call, whatever is asked. */
function calls(): Row[] {
  const message = signBytes('r', 'demo');
  const unimplemented: Expected = { code: status.UNIMPLEMENTED };
  const broken = gzipSync(message).subarray(0, -9);
  return [
    row(
      39,
      'headers __proto__ and constructor',
      {
        ...getKey('unknown'),
        metadata: [
          ['__proto__', 'polluted'],
          ['constructor', 'polluted'],
        ],
      },
      { code: status.PERMISSION_DENIED, reason: 'KEY_FORBIDDEN', enters: true },
    ),
    row(
      33,
      'half a message',
      { path: METHODS.sign, bytes: Uint8Array.of(0, 0, 0, 0, 10, 1), leftOpen: true },
      { code: status.DEADLINE_EXCEEDED, reason: 'REQUEST_INCOMPLETE' },
      ['port'],
    ),
    row(
      33,
      'a message on a stream that does not end',
      { path: METHODS.sign, bytes: framed(message), leftOpen: true },
      { code: status.DEADLINE_EXCEEDED, reason: 'REQUEST_INCOMPLETE' },
      ['port'],
    ),
    // The clients' libraries do not even send it.
    row(
      34,
      'a deadline that is now',
      { path: METHODS.sign, messages: [message], timeoutMs: 0 },
      { code: status.DEADLINE_EXCEEDED, logged: 'perhaps' },
    ),
    row(
      34,
      'a deadline of 0 seconds',
      { path: METHODS.sign, messages: [message], headers: { 'grpc-timeout': '0S' } },
      { code: status.DEADLINE_EXCEEDED, logged: 'perhaps' },
    ),
    row(41, 'no message', { path: METHODS.sign, messages: [] }, unimplemented),
    row(41, 'two messages', { path: METHODS.sign, messages: [message, message] }, unimplemented),
    ...[
      '/quorate.v1.KeyService/ExportKey',
      '/../../etc/passwd',
      '/x',
      '/quorate.peer.v1.PeerService/Raft',
      '/__proto__/constructor',
    ].map((path) =>
      row(
        42,
        `a method ${path}`,
        { path, messages: [message] },
        { ...unimplemented, logged: false },
      ),
    ),
    row(
      43,
      'an unknown packing',
      { path: METHODS.sign, bytes: framed(message, 1), headers: { 'grpc-encoding': 'zstd' } },
      unimplemented,
    ),
    row(
      43,
      'a packed message that is broken',
      { path: METHODS.sign, bytes: framed(broken, 1), headers: { 'grpc-encoding': 'gzip' } },
      { code: status.INTERNAL },
    ),
    row(
      44,
      'a deadline that is no number',
      { path: METHODS.sign, messages: [message], headers: { 'grpc-timeout': 'abc' } },
      { code: status.INTERNAL },
    ),
    row(
      45,
      'JSON',
      { path: METHODS.sign, bytes: utf8('{}'), headers: { 'content-type': 'application/json' } },
      { http: 415, logged: false },
    ),
    row(
      26,
      'a role that may not',
      { ...sign('r', 'demo'), as: 'auditor' },
      { code: status.PERMISSION_DENIED, reason: 'ROLE_NOT_PERMITTED' },
    ),
    row(
      26,
      'a node as a client',
      { ...sign('r', 'demo'), as: 'node' },
      { code: status.PERMISSION_DENIED, reason: 'ROLE_NOT_PERMITTED' },
    ),
  ];
}

/** Who gets no connection, and so no answer: clients say UNAVAILABLE of it. */
function connections(): Row[] {
  const none: Expected = { code: status.UNAVAILABLE, logged: false };
  const from = (number: number, name: string, as: NonNullable<Case['as']>): Row =>
    row(number, name, { ...getKey('demo'), as }, none, ['port']);
  return [
    from(27, 'an expired certificate', 'expired'),
    from(27, 'a certificate of another authority', 'foreign'),
    from(27, 'no certificate', 'nobody'),
    from(27, 'plain text', 'plain text'),
    from(46, 'TLS 1.2', 'TLS 1.2'),
    from(46, 'HTTP/1.1', 'HTTP/1.1'),
  ];
}

/** What only the state of a cluster can judge. */
function onTheCluster(): Row[] {
  const denied: Expected = { code: status.PERMISSION_DENIED, reason: 'KEY_FORBIDDEN' };
  const alone: Expected = { code: status.UNAVAILABLE, retry: true };
  return [
    row(
      18,
      'a participant that is no member',
      (run) =>
        generate(`${run}-18`, `key-${run}`, { participants: ['node-1', 'node-2', 'node-9'] }),
      { code: status.FAILED_PRECONDITION, reason: 'NOT_A_MEMBER' },
      ['cluster'],
    ),
    {
      number: 29,
      name: 'the same request again',
      places: ['cluster'],
      first: (run) => sign(`${run}-29`, 'demo'),
      call: (run) => sign(`${run}-29`, 'demo'),
      expected: { code: status.OK, sameAsFirst: true, tasks: 1 },
    },
    {
      number: 30,
      name: 'another request under its id',
      places: ['cluster'],
      first: (run) => sign(`${run}-30`, 'demo'),
      call: (run) => sign(`${run}-30`, 'demo', utf8('something else')),
      expected: { code: status.ALREADY_EXISTS, reason: 'REQUEST_ID_REUSED', tasks: 1 },
    },
    row(
      31,
      'an unknown key to show',
      getKey('unknown'),
      { code: status.PERMISSION_DENIED, reason: 'KEY_FORBIDDEN' },
      ['cluster'],
    ),
    row(
      31,
      'an unknown key, by who may sign with any',
      (run) => ({ ...sign(`${run}-31`, 'unknown'), as: 'operator' }),
      { code: status.NOT_FOUND, reason: 'KEY_NOT_FOUND' },
      ['cluster'],
    ),
    row(
      31,
      'somebody else’s key',
      (run) => ({ ...sign(`${run}-31a`, 'demo'), as: 'other app' }),
      denied,
      ['cluster'],
    ),
    row(
      31,
      'an unknown key, by who may sign with none',
      (run) => ({ ...sign(`${run}-31b`, 'unknown'), as: 'other app' }),
      denied,
      ['cluster'],
    ),
    row(
      50,
      'a signature without a quorum',
      (run) => ({ ...sign(`${run}-50`, 'demo'), timeoutMs: 15_000 }),
      alone,
      ['minority'],
    ),
    row(50, 'a read without a quorum', { ...getKey('demo'), timeoutMs: 15_000 }, alone, [
      'minority',
    ]),
  ];
}

function signatures(): Row[] {
  return [
    signed(
      55,
      'a request signed for another cluster',
      { clusterId: '0'.repeat(32) },
      unauthenticated('INVALID_SIGNATURE'),
    ),
    signed(
      55,
      'a request with a bad signature',
      { spoiled: true },
      unauthenticated('INVALID_SIGNATURE'),
    ),
    signed(
      55,
      'a request that has expired',
      { expiresInMs: -60_000 },
      unauthenticated('REQUEST_EXPIRED', { serverTime: true }),
    ),
    signed(
      56,
      'a request of a clock that is an hour ahead',
      { expiresInMs: 3_600_000 },
      unauthenticated('EXPIRY_TOO_FAR', { serverTime: true }),
    ),
  ];
}

function unauthenticated(reason: string, more: Partial<Expected> = {}): Expected {
  return { code: status.UNAUTHENTICATED, reason, ...more };
}

function signed(
  number: number,
  name: string,
  how: NonNullable<Case['signed']>,
  expected: Expected,
): Row {
  const call = (run: string): Case => ({ ...sign(`${run}-${number}`, 'demo'), signed: how });
  return row(number, name, call, expected, ['cluster']);
}

function pairs(count: number): [string, string][] {
  return Array.from({ length: count }, (_, at) => [`x-header-${at}`, 'a']);
}

function row(
  number: number,
  name: string,
  call: Case | ((run: string) => Case),
  expected: Expected,
  places: readonly Place[] = ANYWHERE,
): Row {
  return { number, name, places, call: typeof call === 'function' ? call : () => call, expected };
}

function generate(
  requestId: string,
  keyId: string,
  changes: Partial<GenerateKeyRequest> = {},
): Case {
  const request = GenerateKeyRequest.fromPartial({
    requestId,
    keyId,
    algorithm: 1,
    threshold: 2,
    participants: ['node-1', 'node-2', 'node-3'],
  });
  return {
    path: METHODS.generate,
    messages: [encode(GenerateKeyRequest, { ...request, ...changes })],
  };
}

function getKey(keyId: string): Case {
  return { path: METHODS.getKey, messages: [encode(GetKeyRequest, { keyId })] };
}

function sign(requestId: string, keyId: string, message?: Uint8Array): Case {
  return { path: METHODS.sign, messages: [signBytes(requestId, keyId, message)] };
}

function signBytes(requestId: string, keyId: string, message = utf8('hello')): Uint8Array {
  const payload = { $case: 'message' as const, value: message };
  return encode(SignRequest, SignRequest.fromPartial({ requestId, keyId, payload }));
}

/** gRPC's framing of one message: whether it is packed, length, bytes. */
export function framed(message: Uint8Array, packed = 0): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(packed, 0);
  head.writeUInt32BE(message.length, 1);
  return new Uint8Array(Buffer.concat([head, message]));
}

/** Messages in one another, in a field that no request knows, as deep as fits. */
function nested(levels: number): Uint8Array {
  let inner = new Uint8Array(0);
  for (let level = 0; level < levels && inner.length < 60_000; level++)
    inner = new Uint8Array(concat(Uint8Array.of(0x7a), varint(inner.length), inner));
  return inner;
}

function varint(value: number): Uint8Array {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.from([...bytes, rest]);
}
