import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { ClusterError, utf8 } from '../../../src/common/index.js';
import { issueCertificate } from '../../../src/pki/index.js';
import { callHeaders, framed, statusWords } from '../../../src/rpc/index.js';
import { STREAMED_OPEN_MAX } from '../../../src/rpc/limits.js';
import { METHODS } from '../../../src/state/index.js';
import {
  Authorization,
  encode,
  ErrorInfo,
  SignRequest,
  SignStreamRequest,
  SignStreamResponse,
} from '../../../src/wire/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import { Requester } from '../../support/builders/requester.js';
import {
  Fixture,
  seen,
  signatureResult,
  taskRecord,
  tlsFor,
  until as soon,
} from './server-fixture.js';
import type { Caller, MemoryLogger, Seen } from './server-fixture.js';

const PATH = '/quorate.v1.SigningService/SignStream';

/** Whether a claim holds in time is not what is tested here: a slow machine has as long as it takes. */
const until = (claim: () => boolean): Promise<void> => soon(claim, 20_000);

let fixture: Fixture;
afterEach(() => fixture.close());

type Streaming = {
  readonly call: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly told: SignStreamResponse[];
  readonly end: Promise<Seen>;
};

function stream(caller: Caller): Streaming {
  const call = caller.client.makeBidiStreamRequest(
    PATH,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => new Uint8Array(bytes),
    { deadline: Date.now() + 60_000 },
  );
  const told: SignStreamResponse[] = [];
  call.on('data', (bytes: Uint8Array) => told.push(SignStreamResponse.decode(bytes)));
  const end = new Promise<Seen>((resolve) => {
    let failure: ServiceError | null = null;
    call.on('error', (error: ServiceError) => (failure = error));
    call.on('status', () => setImmediate(() => resolve(seen(failure))));
  });
  return { call, told, end };
}

function signRequest(requestId: string, keyId = 'demo'): Uint8Array {
  return encode(SignRequest, {
    requestId,
    keyId,
    payload: { $case: 'message', value: utf8('hello') },
    derivationPath: [],
    hash: 0,
  });
}

function item(requestId: string, changes: Partial<SignStreamRequest> = {}): Uint8Array {
  const request = signRequest(requestId);
  return encode(SignStreamRequest, { request, authorization: undefined, timeoutMs: 0, ...changes });
}

const done = (request: Uint8Array): TaskRecord => {
  const { requestId } = SignRequest.decode(request);
  return taskRecord(
    requestId,
    signatureResult({
      signature: utf8(requestId),
      publicKey: new Uint8Array(32),
      keyVersion: 1,
      signers: [],
      derivationPath: [],
      recoveryId: undefined,
    }),
  );
};

/** Holds every submission until a test lets it go, by its request id. */
function hold(): Map<string, () => void> {
  const held = new Map<string, () => void>();
  fixture.backend.onSubmit = ({ request, signal }) =>
    new Promise((resolve, reject) => {
      held.set(SignRequest.decode(request).requestId, () => resolve(done(request)));
      signal.addEventListener('abort', () => reject(new ClusterError('cancelled', 'gone')));
    });
  return held;
}

function reasonOf({ outcome }: SignStreamResponse): string | undefined {
  if (outcome?.$case !== 'error') return undefined;
  const info = outcome.value.details.find(({ typeUrl }) => typeUrl.endsWith('.ErrorInfo'));
  return info && ErrorInfo.decode(info.value).reason;
}

const idsOf = ({ told }: Streaming): string[] => told.map(({ requestId }) => requestId);

test('each request of a stream is answered by its id and its place, as soon as it is done', async () => {
  fixture = await Fixture.open();
  const held = hold();
  const streaming = stream(await fixture.as('app'));
  for (const id of ['one', 'two', 'three']) streaming.call.write(item(id));
  await until(() => held.size === 3);

  held.get('three')?.();
  await until(() => streaming.told.length === 1);
  held.get('one')?.();
  await until(() => streaming.told.length === 2);
  streaming.call.end();
  held.get('two')?.();

  expect((await streaming.end).code).toBe(status.OK);
  expect(streaming.told.map(({ requestId, number }) => [requestId, number])).toEqual([
    ['three', 3n],
    ['one', 1n],
    ['two', 2n],
  ]);
  const signatures = streaming.told.map(({ outcome }) =>
    outcome?.$case === 'response' ? Buffer.from(outcome.value.signature).toString() : '',
  );
  expect(signatures).toEqual(['three', 'one', 'two']);
});

test('a request that fails is told so alone, and the stream goes on', async () => {
  fixture = await Fixture.open();
  fixture.backend.onSubmit = ({ request }) =>
    SignRequest.decode(request).requestId === 'bad'
      ? Promise.reject(new ClusterError('forbidden', 'not yours', { reason: 'KEY_FORBIDDEN' }))
      : Promise.resolve(done(request));
  const streaming = stream(await fixture.as('app'));
  const { call, told } = streaming;

  call.write(Uint8Array.of(0x0a, 50, 1));
  call.write(item('noise', { request: utf8('no request at all') }));
  call.write(item('bad'));
  call.write(item('late', { timeoutMs: 120_001 }));
  call.write(item('good'));
  call.end();

  expect((await streaming.end).code).toBe(status.OK);
  const outcomes = told
    .toSorted((a, b) => Number(a.number - b.number))
    .map((each) => [each.requestId, reasonOf(each)]);
  expect(outcomes).toEqual([
    ['', 'INVALID_ENCODING'],
    ['', 'INVALID_ENCODING'],
    ['bad', 'KEY_FORBIDDEN'],
    ['', 'INVALID_TIMEOUT'],
    ['good', undefined],
  ]);
});

test('a request has the time that it names, and the stream lives on when it is over', async () => {
  fixture = await Fixture.open();
  const held = hold();
  const streaming = stream(await fixture.as('app'));
  streaming.call.write(item('short', { timeoutMs: 50 }));
  streaming.call.write(item('long'));
  await until(() => streaming.told.length === 1);

  expect(streaming.told[0]).toMatchObject({ requestId: 'short' });
  expect(fixture.backend.submissions.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  held.get('long')?.();
  await until(() => streaming.told.length === 2);
  streaming.call.cancel();
  await streaming.end;
});

test('a client that gives up gives up all its requests', async () => {
  fixture = await Fixture.open();
  const held = hold();
  const streaming = stream(await fixture.as('app'));
  for (const id of ['one', 'two']) streaming.call.write(item(id));
  await until(() => held.size === 2);

  streaming.call.cancel();

  await until(() => fixture.backend.submissions.every(({ signal }) => signal.aborted));
  expect(streaming.told).toEqual([]);
});

test('no more requests are read than may be open, until one is answered', async () => {
  fixture = await Fixture.open();
  const held = hold();
  const streaming = stream(await fixture.as('app'));
  const count = STREAMED_OPEN_MAX + 40;
  for (let at = 0; at < count; at++) streaming.call.write(item(`r-${at}`));
  await until(() => held.size === STREAMED_OPEN_MAX);
  // A call of the same connection comes behind them, and is answered: what is read has been read by then.
  const app = await fixture.as('app');
  await app.call('/quorate.v1.ClusterService/GetCluster', new Uint8Array(0));
  expect(held.size).toBe(STREAMED_OPEN_MAX);

  held.get('r-0')?.();
  await until(() => held.has(`r-${STREAMED_OPEN_MAX}`));
  for (let at = 1; at < count; at++) {
    await until(() => held.has(`r-${at}`));
    held.get(`r-${at}`)?.();
  }
  await until(() => streaming.told.length === count);
  streaming.call.end();
  expect((await streaming.end).code).toBe(status.OK);
});

test('requests of a stream count as calls: those above a caller’s limits are refused, each alone', async () => {
  fixture = await Fixture.open({ bounds: { pace: { callsOpenPerCallerMax: 3 } } });
  const held = hold();
  const streaming = stream(await fixture.as('app'));
  // The stream itself is one.
  for (const id of ['one', 'two', 'three']) streaming.call.write(item(id));
  await until(() => streaming.told.length === 1);

  expect(streaming.told.map(reasonOf)).toEqual(['TOO_MANY_CALLS']);
  expect([...held.keys()]).toEqual(['one', 'two']);
  held.get('one')?.();
  await until(() => streaming.told.length === 2);
  streaming.call.write(item('four'));
  await until(() => held.has('four'));
  for (const each of held.values()) each();
  streaming.call.end();
  expect((await streaming.end).code).toBe(status.OK);
});

test('a caller that goes on when its requests are refused loses its connection', async () => {
  fixture = await Fixture.open({
    bounds: {
      pace: { callsPerSecond: 1e-3, callsBurst: 3, refusalsBurst: 5, refusalsPerSecond: 1e-3 },
    },
  });
  const streaming = stream(await fixture.as('app'));
  for (let at = 0; at < 40; at++) streaming.call.write(item(`r-${at}`));

  expect((await streaming.end).code).toBe(status.UNAVAILABLE);
  expect(fixture.logger.lines.map(({ message }) => message)).toContain(
    'Cut a connection whose caller went on when it was refused',
  );
  expect(fixture.backend.submissions.length).toBeLessThanOrEqual(3);
});

test('a request of a stream is authorized as a Sign is', async () => {
  fixture = await Fixture.open({ unsigned: false });
  fixture.backend.onSubmit = ({ request }) => Promise.resolve(done(request));
  const subject = { role: 'app', name: 'payments', dns: [], ips: [], days: 1 } as const;
  const credential = await issueCertificate(fixture.authorities.ours, subject);
  const requester = new Requester(credential, 'spiffe://quorate/app/payments');
  const request = signRequest('signed');
  const authorization = requester.sign({
    clusterId: fixture.genesis.clusterId,
    method: METHODS.sign,
    expireTimeMs: Date.now() + 60_000,
    request,
  });
  const streaming = stream(await fixture.as('app'));
  const noise = Authorization.fromPartial({ ...authorization, certificates: [utf8('noise')] });

  streaming.call.write(item('signed', { request, authorization }));
  streaming.call.write(item('unsigned'));
  streaming.call.write(item('noise', { authorization: noise }));
  streaming.call.end();
  await streaming.end;

  const reasons = Object.fromEntries(
    streaming.told.map((each) => [each.requestId, reasonOf(each)]),
  );
  expect(reasons).toEqual({
    signed: undefined,
    unsigned: 'SIGNATURE_REQUIRED',
    noise: 'INVALID_CERTIFICATE',
  });
  expect(fixture.backend.submissions).toMatchObject([
    { method: METHODS.sign, request, authorization, requester: 'spiffe://quorate/app/app' },
  ]);
});

test('roles that may not sign open no stream', async () => {
  fixture = await Fixture.open();
  const { end, call } = stream(await fixture.as('auditor'));
  call.write(item('one'));

  expect(await end).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'ROLE_NOT_PERMITTED' });
});

test('a node that drains answers what it has read, and ends the stream with a status that sends its client elsewhere', async () => {
  fixture = await Fixture.open();
  const held = hold();
  const app = await fixture.as('app');
  const [streaming, idle] = [stream(app), stream(app)];
  streaming.call.write(item('one'));
  idle.call.write(item('idle'));
  await until(() => held.size === 2);
  held.get('idle')?.();
  await until(() => idle.told.length === 1);

  fixture.server.drain();
  expect((await idle.end).reason).toBe('NODE_STOPPING');
  streaming.call.write(item('two'));
  held.get('one')?.();

  expect(await streaming.end).toMatchObject({ code: status.UNAVAILABLE, reason: 'NODE_STOPPING' });
  expect(idsOf(streaming)).toEqual(['one']);
  expect(held.has('two')).toBe(false);
  expect((await stream(app).end).reason).toBe('NODE_STOPPING');
});

test('a client that takes no answers is dropped, and none of its requests is open any more', async () => {
  fixture = await Fixture.open({ bounds: { slowReaderMs: 300 } });
  // Larger than what flow control lets through unread.
  fixture.backend.onSubmit = ({ request }) => {
    const record = done(request);
    const outcome = signatureResult({
      signature: new Uint8Array(1024 * 1024),
      publicKey: new Uint8Array(32),
      keyVersion: 1,
      signers: [],
      derivationPath: [],
      recoveryId: undefined,
    });
    return Promise.resolve({ ...record, ...outcome });
  };
  // A stream of HTTP/2 that nothing is read of: what gRPC libraries read ahead differs.
  const session = connect(`https://${fixture.address}`, {
    ...(await tlsFor(fixture.authorities, 'app', 'app')),
    checkServerIdentity: () => undefined,
  });
  const slow = session.request(callHeaders('localhost', PATH));
  for (const id of ['one', 'two', 'three']) slow.write(framed(item(id)));
  await until(() => fixture.logger.lines.some(isOfSlowReader));
  const trailers = once(slow, 'trailers') as Promise<IncomingHttpHeaders[]>;
  slow.resume();

  const [last] = await trailers;
  expect(last?.['grpc-status']).toBe(String(status.RESOURCE_EXHAUSTED));
  expect(statusWords(last ?? {})).toBe('The client has taken no message for too long');
  session.destroy();
});

function isOfSlowReader({ fields }: MemoryLogger['lines'][number]): boolean {
  return JSON.stringify(fields ?? {}).includes('taken no message');
}
