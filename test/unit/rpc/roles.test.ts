import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials, status } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { createSecureContext } from 'node:tls';
import { Bug } from '../../../src/common/index.js';
import type { Role } from '../../../src/identity/index.js';
import { issueCertificate } from '../../../src/pki/index.js';
import { identityOf } from '../../../src/rpc/index.js';
import { Listener } from '../../../src/rpc/listener.js';
import { serverCredentials } from '../../../src/rpc/tls.js';
import {
  CancelTaskRequest,
  CorrectTimeRequest,
  TransferLeadershipRequest,
  UnlockSigningRequest,
  DestroyKeyRequest,
  GenerateKeyRequest,
  RaiseLevelRequest,
  RequireSignaturesRequest,
  ReshareKeyRequest,
  RestoreKeyRequest,
  RetireKeyRequest,
  RevokeCertificateRequest,
  SignRequest,
  WatchClusterRequest,
} from '../../../src/wire/index.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../../../src/wire/services.js';
import { certificateNaming } from './naming.js';
import { rawCall } from './raw.js';
import { Caller, channelFor, MemoryLogger, Fixture, tlsFor } from './server-fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.open();
});
afterAll(() => fixture.close());

const ROLES: readonly Role[] = ['auditor', 'app', 'operator', 'tee', 'mesh'];
const generate = GenerateKeyRequest.encode(
  GenerateKeyRequest.fromPartial({ requestId: 'r', keyId: 'k', algorithm: 1, threshold: 2 }),
).finish();
const sign = SignRequest.encode(
  SignRequest.fromPartial({
    requestId: 'r',
    keyId: 'k',
    payload: { $case: 'message', value: new Uint8Array(1) },
  }),
).finish();
const lock = RequireSignaturesRequest.encode({ requestId: 'r' }).finish();
const unlock = UnlockSigningRequest.encode(
  UnlockSigningRequest.fromPartial({ nodeId: 'node-1', keyId: 'treasury', version: 1 }),
).finish();
const transfer = TransferLeadershipRequest.encode({ term: 5n, targetNodeId: '' }).finish();
const correct = CorrectTimeRequest.encode(
  CorrectTimeRequest.fromPartial({ requestId: 'c', number: 1, seenTimeMs: 2n, timeMs: 1n }),
).finish();
const revoke = RevokeCertificateRequest.encode(
  RevokeCertificateRequest.fromPartial({ requestId: 'c', serial: Uint8Array.of(7) }),
).finish();
const raise = RaiseLevelRequest.encode(
  RaiseLevelRequest.fromPartial({ requestId: 'r', level: 2 }),
).finish();
const retire = RetireKeyRequest.encode(
  RetireKeyRequest.fromPartial({ requestId: 'r', keyId: 'k' }),
).finish();
const restore = RestoreKeyRequest.encode({ requestId: 'r', keyId: 'k' }).finish();
const destroy = DestroyKeyRequest.encode({
  requestId: 'r',
  keyId: 'k',
  confirmKeyId: 'k',
}).finish();
const reshare = ReshareKeyRequest.encode(
  ReshareKeyRequest.fromPartial({ requestId: 'r', keyId: 'k' }),
).finish();
const cancel = CancelTaskRequest.encode({ requestId: 'r', taskId: 'a'.repeat(26) }).finish();
const nothing = new Uint8Array(0);
/** More often than a cluster may be watched. */
const often = WatchClusterRequest.encode({ intervalMs: 1 }).finish();
const same = (bytes: Buffer): Buffer => bytes;

const REQUESTERS: readonly Role[] = ['app', 'operator'];
const READERS: readonly Role[] = ['auditor', 'app', 'operator'];

/** Who may call what, and how far these get with these bytes: written down a second time on purpose. */
const MATRIX: readonly (readonly [
  path: string,
  request: Uint8Array,
  may: readonly Role[],
  then: status,
])[] = [
  ['/quorate.v1.KeyService/GenerateKey', generate, REQUESTERS, status.UNAVAILABLE],
  ['/quorate.v1.KeyService/GetKey', nothing, READERS, status.INVALID_ARGUMENT],
  ['/quorate.v1.KeyService/ListKeys', nothing, READERS, status.OK],
  ['/quorate.v1.KeyService/ReshareKey', reshare, REQUESTERS, status.UNAUTHENTICATED],
  ['/quorate.v1.KeyService/RetireKey', retire, REQUESTERS, status.UNAUTHENTICATED],
  ['/quorate.v1.KeyService/RestoreKey', restore, REQUESTERS, status.UNAUTHENTICATED],
  ['/quorate.v1.KeyService/DestroyKey', destroy, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.SigningService/Sign', sign, REQUESTERS, status.UNAVAILABLE],
  // A stream of requests: the first one fails alone, and the stream ends well with its answer.
  ['/quorate.v1.SigningService/SignStream', nothing, REQUESTERS, status.OK],
  ['/quorate.v1.TaskService/GetTask', nothing, READERS, status.INVALID_ARGUMENT],
  ['/quorate.v1.TaskService/WatchTask', nothing, READERS, status.INVALID_ARGUMENT],
  ['/quorate.v1.TaskService/ListTasks', nothing, READERS, status.OK],
  ['/quorate.v1.TaskService/CancelTask', cancel, REQUESTERS, status.UNAVAILABLE],
  ['/quorate.v1.ClusterService/GetCluster', nothing, READERS, status.OK],
  ['/quorate.v1.ClusterService/WatchCluster', often, READERS, status.INVALID_ARGUMENT],
  ['/quorate.v1.ClusterService/RequireSignatures', lock, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.ClusterService/RaiseLevel', raise, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.ClusterService/CorrectTime', correct, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.ClusterService/RevokeCertificate', revoke, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.ClusterService/ListRevocations', nothing, ['auditor', 'operator'], status.OK],
  ['/quorate.v1.ClusterService/TransferLeadership', transfer, ['operator'], status.UNAUTHENTICATED],
  ['/quorate.v1.ClusterService/UnlockSigning', unlock, ['operator'], status.UNAUTHENTICATED],
  ['/grpc.health.v1.Health/Check', nothing, ROLES, status.OK],
  ['/grpc.health.v1.Health/List', nothing, ROLES, status.OK],
];

test('every method of every service has a line in this test’s table', () => {
  const services = [
    KeyServiceService,
    SigningServiceService,
    TaskServiceService,
    ClusterServiceService,
  ];
  const paths = services.flatMap((service) => Object.values(service).map(({ path }) => path));

  expect(MATRIX.map(([path]) => path)).toEqual(expect.arrayContaining(paths));
});

describe.each(ROLES)('the role %s', (role) => {
  const permitted = MATRIX.filter(([, , may]) => may.includes(role));
  const forbidden = MATRIX.filter(([, , may]) => !may.includes(role));

  test.each(permitted)('this role may call %s', async (path, request, _, then) => {
    const { code } = await (await fixture.as(role)).call(path, request);

    expect(code).toBe(then);
  });

  if (forbidden.length > 0)
    test.each(forbidden)('this role may not call %s', async (path, request) => {
      const before = fixture.backend.entered;

      const answer = await (await fixture.as(role)).call(path, request);

      expect(answer).toMatchObject({
        code: status.PERMISSION_DENIED,
        reason: 'ROLE_NOT_PERMITTED',
        facts: { role },
      });
      expect(fixture.backend.entered).toBe(before);
    });

  test('a role finds no method of the peer port on the public port', async () => {
    const answer = await (
      await fixture.as(role)
    ).call('/quorate.peer.v1.PeerService/Raft', nothing);

    expect(answer.code).toBe(status.UNIMPLEMENTED);
  });
});

/** The code that a call gets, and -1 if a handler was entered for it. */
async function enter(channel: ChannelCredentials): Promise<number> {
  const before = fixture.backend.entered;
  const caller = new Caller(fixture.address, channel);
  const answer = await caller.call('/quorate.v1.ClusterService/GetCluster', nothing);
  caller.close();
  return fixture.backend.entered === before ? answer.code : -1;
}

describe('connections that the public port refuses', () => {
  test('the public port refuses a certificate of a foreign authority', async () => {
    const tls = await tlsFor(fixture.authorities, 'operator', 'eve', fixture.authorities.foreign);

    expect(await enter(channelFor(tls))).toBe(status.UNAVAILABLE);
  });

  test('the public port refuses an expired certificate', async () => {
    const request = { role: 'app', name: 'app', dns: [], ips: [], days: 1 } as const;
    const yesterday = Date.now() - 2 * 86_400_000;
    const late = await issueCertificate(fixture.authorities.ours, request, yesterday);

    const tls = {
      ca: fixture.authorities.ours.certificate,
      cert: late.certificate,
      key: late.privateKey,
    };

    expect(await enter(channelFor(tls))).toBe(status.UNAVAILABLE);
  });

  test('the public port refuses a client without a certificate', async () => {
    const context = createSecureContext({ ca: fixture.authorities.ours.certificate });

    expect(await enter(credentials.createFromSecureContext(context))).toBe(status.UNAVAILABLE);
  });

  test('the public port refuses plain text', async () => {
    expect(await enter(credentials.createInsecure())).toBe(status.UNAVAILABLE);
  });

  test('the public port refuses TLS 1.2', async () => {
    const tls = await tlsFor(fixture.authorities, 'operator', 'old');
    const old = channelFor(tls, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });

    expect(await enter(old)).toBe(status.UNAVAILABLE);
  });

  test.each([
    ['no URI', []],
    ['another trust domain', ['spiffe://elsewhere/operator/eve']],
    ['an unknown role', ['spiffe://quorate/root/eve']],
    ['two SPIFFE ids', ['spiffe://quorate/app/a', 'spiffe://quorate/operator/b']],
  ])('the public port refuses a certificate that names %s', async (_, uris) => {
    const tls = await certificateNaming(fixture.authorities.ours, uris);

    expect(await enter(channelFor(tls))).toBe(status.UNAUTHENTICATED);
  });
});

test('a certificate name that quotes the syntax of names has no identity', () => {
  const subjectaltname = 'DNS:"a, URI:spiffe://quorate/operator/eve, b"';

  expect(identityOf({ subjectaltname })).toBeUndefined();
  expect(identityOf({ subjectaltname: 'DNS:a, URI:spiffe://quorate/app/a' })?.name).toBe('a');
});

test('a method without a line in the role table does not register', async () => {
  const listener = new Listener({
    listen: '127.0.0.1:0',
    credentials: serverCredentials(await tlsFor(fixture.authorities, 'tee', 'node-1'), {}),
    options: {},
    front: { connectionsPerAddressMax: 4, floods: 'cut' },
    logger: new MemoryLogger(),
  });
  const method = {
    path: '/quorate.v1.KeyService/ExportKey',
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };

  expect(() => listener.addService({ exportKey: method }, {})).toThrow(Bug);
});

test('33: a request that does not arrive in time is not waited for', async () => {
  const tls = await tlsFor(fixture.authorities, 'tee', 'node-1');
  const listener = new Listener({
    listen: '127.0.0.1:0',
    credentials: serverCredentials(tls, {}),
    options: {},
    front: { connectionsPerAddressMax: 4, floods: 'cut' },
    logger: new MemoryLogger(),
    arrivalMs: 20,
  });
  let entered = 0;
  listener.addService(KeyServiceService, { getKey: () => entered++ });
  const address = await listener.listen();
  const path = '/quorate.v1.KeyService/GetKey';
  const app = await tlsFor(fixture.authorities, 'app', 'app');

  // A message that says it has ten bytes and has one; and a whole one on a stream that is never ended.
  for (const body of [Uint8Array.of(0, 0, 0, 0, 10, 1), Uint8Array.of(0, 0, 0, 0, 0)])
    expect(await rawCall(address, app, path, body, {}, 'left open')).toMatchObject({
      'grpc-status': String(status.DEADLINE_EXCEEDED),
    });

  expect(entered).toBe(0);
  await listener.stop(0);
});
