import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { ClusterError, utf8 } from '../../../src/common/index.js';
import { REQUEST_METADATA, taskIdOf } from '../../../src/identity/index.js';
import type { Role } from '../../../src/identity/index.js';
import { issueCertificate } from '../../../src/pki/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  encode,
  GenerateKeyRequest,
  GenerateKeyResponse,
  RaiseLevelRequest,
  RequireSignaturesRequest,
  SignRequest,
} from '../../../src/wire/index.js';
import type { Authorization } from '../../../src/wire/index.js';
import { metadataOf, Requester } from '../../support/builders/requester.js';
import { tlv } from '../../support/builders/x509.js';
import { Fixture, taskRecord } from './server-fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.open();
});
afterAll(() => fixture.close());
afterEach(() => {
  fixture.backend.tasks.clear();
  fixture.backend.submissions.length = 0;
  fixture.backend.onSubmit = () => Promise.reject(new ClusterError('no-quorum', 'Nobody leads'));
});

const GENERATE = METHODS.generateKey;
const SIGN = METHODS.sign;
const expiry = Date.now() + 60_000;
const generate = encode(
  GenerateKeyRequest,
  GenerateKeyRequest.fromPartial({ requestId: 'r-1', keyId: 'demo', algorithm: 1, threshold: 2 }),
);
const sign = encode(SignRequest, {
  requestId: 'r-1',
  keyId: 'demo',
  payload: { $case: 'message', value: utf8('hello') },
  derivationPath: [],
  hash: 0,
});

async function signedBy(
  role: Role,
  name: string,
  method: string,
  request: Uint8Array,
): Promise<{ readonly authorization: Authorization; readonly metadata: Metadata }> {
  const { ours } = fixture.authorities;
  const subject = { role, name, dns: [], ips: [], days: 1 };
  const spiffeId = `spiffe://quorate/${role}/${name}`;
  const requester = new Requester(await issueCertificate(ours, subject), spiffeId);
  const { clusterId } = fixture.genesis;
  const authorization = requester.sign({ clusterId, method, expireTimeMs: expiry, request });
  return { authorization, metadata: metadataOf(authorization) };
}

describe('signed requests', () => {
  const paths = [
    [GENERATE, generate],
    [SIGN, sign],
  ] as const;

  test.each(paths)(
    'a signed request reaches the backend with its signature: %s',
    async (path, request) => {
      const { authorization, metadata } = await signedBy('app', 'wallet', path, request);

      await (await fixture.as('app')).call(path, request, { metadata });

      expect(fixture.backend.submissions).toHaveLength(1);
      expect(fixture.backend.submissions[0]).toMatchObject({
        request: new Uint8Array(request),
        requester: 'spiffe://quorate/app/app',
        authorization,
      });
    },
  );

  test('a signed request belongs to its signer: a late answer names the signer’s task, not the caller’s', async () => {
    const { metadata } = await signedBy('app', 'wallet', GENERATE, generate);
    const id = taskIdOf('spiffe://quorate/app/wallet', 'r-1');
    fixture.backend.tasks.set(id, taskRecord(id));
    fixture.backend.onSubmit = () => new Promise(() => {});

    const answer = await (
      await fixture.as('app')
    ).call(GENERATE, generate, { metadata, timeoutMs: 900 });

    expect(answer.code).toBe(status.OK);
    expect(GenerateKeyResponse.decode(answer.response ?? new Uint8Array()).taskId).toBe(id);
  });

  test.each(Object.values(REQUEST_METADATA))(
    'a signed request without %s is INVALID_ARGUMENT, and not taken as unsigned',
    async (name) => {
      for (const [path, request] of paths) {
        const { metadata } = await signedBy('app', 'app', path, request);
        metadata.remove(name);
        expect(await (await fixture.as('app')).call(path, request, { metadata })).toMatchObject({
          code: status.INVALID_ARGUMENT,
          reason: 'SIGNATURE_INCOMPLETE',
          field: name,
        });
      }
      expect(fixture.backend.submissions).toEqual([]);
    },
  );

  test.each(Object.values(REQUEST_METADATA))(
    'a signed request with two of %s is INVALID_ARGUMENT',
    async (name) => {
      const { metadata } = await signedBy('app', 'app', SIGN, sign);
      metadata.add(name, metadata.get(name)[0] ?? '');

      const answer = await (await fixture.as('app')).call(SIGN, sign, { metadata });

      expect(answer).toMatchObject({ code: status.INVALID_ARGUMENT, field: name });
      expect(fixture.backend.submissions).toEqual([]);
    },
  );

  test.each(['', '-1', '+1', '01', '1e9', '1.0', '1 1', '0x1', '99999999999999999', 'soon'])(
    'a signed request with the expiry "%s" is INVALID_ARGUMENT',
    async (text) => {
      const { metadata } = await signedBy('app', 'app', SIGN, sign);
      metadata.set(REQUEST_METADATA.expiry, text);

      const answer = await (await fixture.as('app')).call(SIGN, sign, { metadata });

      expect(answer).toMatchObject({
        code: status.INVALID_ARGUMENT,
        reason: 'INVALID_METADATA',
        field: REQUEST_METADATA.expiry,
      });
    },
  );

  test('a signed request with the longest permitted chain is taken', async () => {
    const { authorization, metadata } = await signedBy('app', 'app', SIGN, sign);
    const [leaf = new Uint8Array()] = authorization.certificates;
    const middle = tlv(0x30, new Uint8Array(2_000));
    const rest = 4_096 - leaf.length - middle.length;
    // Tag and length take four bytes.
    const chain = [leaf, middle, tlv(0x30, new Uint8Array(rest - 4))];
    metadata.set(REQUEST_METADATA.certificate, Buffer.concat(chain));
    expect(Buffer.concat(chain)).toHaveLength(4_096);

    await (await fixture.as('app')).call(SIGN, sign, { metadata });

    expect(fixture.backend.submissions[0]?.authorization?.certificates).toEqual(chain);
  });

  test.each([
    ['bytes that are no DER', Buffer.from('certificate')],
    [
      'four certificates',
      Buffer.concat(Array.from({ length: 4 }, () => Buffer.from('3000', 'hex'))),
    ],
    ['one that is cut off', Buffer.from('3005', 'hex')],
    ['more than 4 KiB', Buffer.concat([Buffer.from('30821000', 'hex'), Buffer.alloc(4096)])],
  ])('are UNAUTHENTICATED with a chain of %s', async (_, chain) => {
    const { metadata } = await signedBy('app', 'app', SIGN, sign);
    metadata.set(REQUEST_METADATA.certificate, chain);

    const answer = await (await fixture.as('app')).call(SIGN, sign, { metadata });

    expect(answer).toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: 'INVALID_CERTIFICATE',
    });
    expect(fixture.backend.submissions).toEqual([]);
  });

  test('signed requests are the only ones where the genesis does not permit others', async () => {
    const strict = await Fixture.open({ unsigned: false });
    const answer = await (await strict.as('app')).call(SIGN, sign);
    expect(answer).toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: 'SIGNATURE_REQUIRED',
    });
    expect(strict.backend.submissions).toEqual([]);
    await strict.close();
  });
});

describe('RaiseLevel', () => {
  const path = METHODS.raiseLevel;
  const fields = RaiseLevelRequest.fromPartial({ requestId: 'r-1', level: 2 });
  const request = encode(RaiseLevelRequest, fields);

  test('RaiseLevel goes to the backend when an operator has signed it, and answers with its task', async () => {
    const { authorization, metadata } = await signedBy('operator', 'alice', path, request);
    fixture.backend.onSubmit = () => Promise.resolve(taskRecord('t'.repeat(26)));

    const answer = await (await fixture.as('operator')).call(path, request, { metadata });

    expect(answer.code).toBe(status.OK);
    expect(fixture.backend.submissions[0]).toMatchObject({ method: path, authorization });
  });

  test('RaiseLevel without a signature is UNAUTHENTICATED, though other methods need none', async () => {
    const answer = await (await fixture.as('operator')).call(path, request);

    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'SIGNATURE_REQUIRED' });
    expect(fixture.backend.submissions).toEqual([]);
  });
});

describe('RequireSignatures', () => {
  const path = METHODS.requireSignatures;
  const request = encode(RequireSignaturesRequest, { requestId: 'r-1' });

  test('RequireSignatures goes to the backend when an operator has signed it, and answers with its task', async () => {
    const { authorization, metadata } = await signedBy('operator', 'alice', path, request);
    fixture.backend.onSubmit = () => Promise.resolve(taskRecord('t'.repeat(26)));

    const answer = await (await fixture.as('operator')).call(path, request, { metadata });

    expect(answer.code).toBe(status.OK);
    expect(fixture.backend.submissions[0]).toMatchObject({ method: path, authorization });
  });

  test('RequireSignatures without a signature is UNAUTHENTICATED, though other methods need none', async () => {
    expect(fixture.backend.local().takesUnsigned()).toBe(true);

    const answer = await (await fixture.as('operator')).call(path, request);

    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'SIGNATURE_REQUIRED' });
    expect(fixture.backend.submissions).toEqual([]);
  });

  test('a node refuses unsigned requests as soon as its state says so', async () => {
    fixture.backend.takesUnsigned = false;

    const answer = await (await fixture.as('app')).call(SIGN, sign);
    fixture.backend.takesUnsigned = true;

    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'SIGNATURE_REQUIRED' });
    expect(fixture.backend.submissions).toEqual([]);
  });
});
