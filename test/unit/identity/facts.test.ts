import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { clusterId, concat, toHex, u32be, u64be, utf8 } from '../../../src/common/index.js';
import {
  algorithmName,
  installedBytes,
  parseSpiffe,
  readyBytes,
  requestBytes,
  requestHash,
  sessionIdOf,
  taskIdOf,
  decisionHash,
  voucherBytes,
} from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import type { Sharing } from '../../../src/wire/index.js';

const CLUSTER = clusterId('0123456789abcdef0123456789abcdef');
const SHARING: Sharing = {
  sessionId: new Uint8Array(32).fill(1),
  requestHash: new Uint8Array(32).fill(2),
  keyId: 'key-1',
  algorithm: Algorithm.FROST_ED25519_SHA512,
  threshold: 2,
  participants: [
    { nodeId: 'node-1', identityKey: new Uint8Array(32).fill(3) },
    { nodeId: 'node-2', identityKey: new Uint8Array(32).fill(4) },
  ],
  baseVersion: 0,
  version: 1,
  publicPolynomial: [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)],
  publicKey: new Uint8Array(32).fill(5),
  chainCode: new Uint8Array(32).fill(7),
  digest: new Uint8Array(32).fill(8),
};

// The page's own words, spelled out a second time.
const LP = (x: Uint8Array) => concat(u64be(x.length), x);
const item = (tag: number, x: Uint8Array) => concat(Uint8Array.of(tag), LP(x));
const bytes = (x: Uint8Array) => item(1, x);
const number = (width: number, x: number) => item(2, u64be(x).subarray(8 - width));
const point = (x: Uint8Array) => item(3, x);
const list = (...x: Uint8Array[]) => item(4, concat(u32be(x.length), ...x));
const text = (x: string) => item(5, utf8(x));
const T = (label: string, ...items: Uint8Array[]) =>
  concat(LP(utf8('quorate/1')), LP(utf8(label)), u32be(items.length), ...items);

test('a ready statement signs cluster, session, request, key and the whole sharing, in the order of the page', () => {
  const expected = T(
    'fact/ready',
    text(CLUSTER),
    bytes(SHARING.sessionId),
    bytes(SHARING.requestHash),
    text('key-1'),
    text('FROST_ED25519_SHA512'),
    number(2, 2),
    list(...SHARING.participants.map((each) => list(text(each.nodeId), bytes(each.identityKey)))),
    number(4, 0),
    number(4, 1),
    list(...SHARING.publicPolynomial.map(point)),
    bytes(SHARING.publicKey),
    bytes(SHARING.chainCode),
    bytes(SHARING.digest),
  );
  expect(toHex(readyBytes(CLUSTER, SHARING))).toBe(toHex(expected));
});

test('a ready statement signs every field of the sharing', () => {
  const changes: Partial<Sharing>[] = [
    { sessionId: new Uint8Array(32) },
    { requestHash: new Uint8Array(32) },
    { keyId: 'key-2' },
    { algorithm: Algorithm.UNSPECIFIED },
    { threshold: 3 },
    { participants: SHARING.participants.slice(1) },
    { baseVersion: 1 },
    { version: 2 },
    { publicPolynomial: SHARING.publicPolynomial.slice(1) },
    { publicKey: new Uint8Array(32) },
    { chainCode: new Uint8Array(32) },
    { digest: new Uint8Array(32) },
  ];
  const all = changes.map((change) => toHex(readyBytes(CLUSTER, { ...SHARING, ...change })));
  const good = toHex(readyBytes(CLUSTER, SHARING));

  expect(new Set([good, ...all]).size).toBe(changes.length + 1);
});

test('installed statements and vouchers have the bytes of the page', () => {
  const installed = {
    sessionId: SHARING.sessionId,
    keyId: 'key-1',
    version: 1,
    digest: SHARING.digest,
  };
  const expected = T(
    'fact/installed',
    text(CLUSTER),
    bytes(SHARING.sessionId),
    text('key-1'),
    number(4, 1),
    bytes(SHARING.digest),
  );
  expect(toHex(installedBytes(CLUSTER, installed))).toBe(toHex(expected));

  const request = utf8('request');
  const spiffe = 'spiffe://quorate/app/wallet';
  const voucher = T(
    'voucher',
    text(CLUSTER),
    text('/m'),
    text(spiffe),
    number(8, 1_700_000_000_000),
    bytes(request),
  );
  expect(toHex(voucherBytes(CLUSTER, '/m', spiffe, 1_700_000_000_000, request))).toBe(
    toHex(voucher),
  );
});

test('a requester signs method, cluster, expiry and the bytes as sent, each in its own place', () => {
  const request = utf8('request');
  const method = '/quorate.v1.SigningService/Sign';
  const expected = concat(
    utf8('quorate-request-v1'),
    LP(utf8(method)),
    LP(utf8(CLUSTER)),
    u64be(1_700_000_000_000),
    LP(request),
  );

  expect(toHex(requestBytes(CLUSTER, method, 1_700_000_000_000, request))).toBe(toHex(expected));
  expect(toHex(requestBytes(CLUSTER, method, 1_700_000_000_000n, request))).toBe(toHex(expected));
  expect(toHex(requestBytes(CLUSTER, `${method}r`, 1_700_000_000_000, utf8('equest')))).not.toBe(
    toHex(expected),
  );
});

test('an unknown algorithm is named by its number', () => {
  expect(algorithmName(Algorithm.FROST_ED25519_SHA512)).toBe('FROST_ED25519_SHA512');
  expect(algorithmName(77 as Algorithm)).toBe('77');
});

test('hashes of requests and verdicts are over length-prefixed parts', () => {
  const [method, request, authorization] = ['/m', utf8('abc'), utf8('voucher')];
  const content = concat(LP(utf8(method)), LP(request));

  expect(toHex(requestHash(method, request))).toBe(
    createHash('sha256').update(content).digest('hex'),
  );
  expect(toHex(decisionHash(method, request, authorization))).toBe(
    createHash('sha256')
      .update(concat(content, LP(authorization)))
      .digest('hex'),
  );
  expect(toHex(requestHash('/ma', utf8('bc')))).not.toBe(toHex(requestHash(method, request)));
});

test('a task id is 26 base32 characters of the hash of requester and request id', () => {
  const digest = createHash('sha256')
    .update(concat(LP(utf8('spiffe://quorate/app/a')), LP(utf8('r-1'))))
    .digest('hex');
  const bits = BigInt(`0x${digest}`).toString(2).padStart(256, '0');
  const expected = Array.from({ length: 26 }, (_, at) =>
    'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)),
  ).join('');

  expect(taskIdOf('spiffe://quorate/app/a', 'r-1')).toBe(expected);
  expect(taskIdOf('spiffe://quorate/app/ar', '-1')).not.toBe(expected);
});

test('a session id depends on the cluster and on the entry', () => {
  const expected = createHash('shake256', { outputLength: 32 })
    .update(T('ssid', text(CLUSTER), bytes(SHARING.digest)))
    .digest('hex');

  expect(sessionIdOf(CLUSTER, SHARING.digest)).toBe(expected);
  expect(sessionIdOf(clusterId('f'.repeat(32)), SHARING.digest)).not.toBe(expected);
  expect(sessionIdOf(CLUSTER, SHARING.sessionId)).not.toBe(expected);
});

test('a SPIFFE id has one spelling', () => {
  expect(parseSpiffe('spiffe://quorate/tee/node-1')).toEqual({
    spiffeId: 'spiffe://quorate/tee/node-1',
    role: 'tee',
    name: 'node-1',
  });
  for (const wrong of [
    '',
    'spiffe://quorate/tee/',
    'spiffe://quorate/tee/node-1/',
    'spiffe://quorate/tee/node-1?x',
    'spiffe://Quorate/tee/node-1',
    'spiffe://other/tee/node-1',
    'spiffe://quorate/root/node-1',
    'spiffe://quorate/constructor/node-1',
    'spiffe://quorate/tee/node 1',
    ' spiffe://quorate/tee/node-1',
    'spiffe://quorate/tee/node-1\n',
    `spiffe://quorate/tee/${'a'.repeat(64)}`,
  ])
    expect(parseSpiffe(wrong)).toBeUndefined();
});
