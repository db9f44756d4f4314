import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { clipDeadline } from '../../../src/rpc/deadline-header.js';
import { encode, GetKeyRequest } from '../../../src/wire/index.js';
import { framed, rawCall } from './raw.js';
import { Fixture, keyRecord, tlsFor } from './server-fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.open();
  fixture.backend.keys.set('demo', keyRecord('demo'));
});
afterAll(() => fixture.close());

async function callWithin(timeout: string): Promise<string | string[] | undefined> {
  const tls = await tlsFor(fixture.authorities, 'app', 'app');
  const path = '/quorate.v1.KeyService/GetKey';
  const body = framed(encode(GetKeyRequest, { keyId: 'demo' }));
  const headers = { 'grpc-timeout': timeout };
  return (await rawCall(fixture.address, tls, path, body, headers))['grpc-status'];
}

test.each([
  ['25 days', '600H'],
  ['40 days', '960H'],
  ['50 days', '72000M'],
  ['100 years', '876600H'],
  ['the longest that can be said', '99999999H'],
])('case 7: a deadline in %s counts as the longest', async (_, timeout) => {
  expect(await callWithin(timeout)).toBe(String(status.OK));
});

test('a deadline in the past is still one', async () => {
  expect(await callWithin('0m')).toBe(String(status.DEADLINE_EXCEEDED));
});

test.each([
  ['86400S', '86400S'],
  ['86401S', '86400S'],
  ['24H', '24H'],
  ['99999999m', '86400S'],
  ['99999999u', '99999999u'],
  ['1n', '1n'],
  ['abc', 'abc'],
  ['', ''],
])('the header %j is read as %j', (given, read) => {
  const headers = { 'grpc-timeout': given };
  clipDeadline(headers);
  expect(headers['grpc-timeout']).toBe(read);
});
