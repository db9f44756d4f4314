import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import {
  encode,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../../src/wire/index.js';
import {
  ClusterServiceService,
  HealthService,
  KeyServiceService,
  ReflectionAlphaService,
  ReflectionService,
  SigningServiceService,
  TaskServiceService,
} from '../../../src/wire/services.js';
import { Caller, channelFor, Fixture, SOON_MS, tlsFor } from './server-fixture.js';

const VERSIONS = ['v1', 'v1alpha'] as const;

let fixture: Fixture;
let app: Caller;
beforeAll(async () => {
  fixture = await Fixture.open();
  app = await fixture.as('app');
});
afterAll(() => fixture.close());

type Asked = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];

/** The answers to requests on one stream, or the code of a stream that failed. */
function reflect(
  caller: Caller,
  version: (typeof VERSIONS)[number],
  requests: readonly Uint8Array[],
): Promise<readonly Answer[] | status> {
  return new Promise((resolve) => {
    const call = caller.client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => ServerReflectionResponse.decode(bytes).messageResponse,
      { deadline: Date.now() + SOON_MS },
    );
    const answers: Answer[] = [];
    call.on('data', (answer: Answer) => answers.push(answer));
    call.on('error', () => undefined);
    call.on('status', ({ code }) => resolve(code === status.OK ? answers : code));
    for (const request of requests) call.write(request);
    call.end();
  });
}

async function ask(asked: Asked, version: (typeof VERSIONS)[number] = 'v1'): Promise<Answer> {
  const request = encode(ServerReflectionRequest, { host: '', messageRequest: asked });
  const answers = await reflect(app, version, [request]);
  return typeof answers === 'number' ? undefined : answers[0];
}

async function listed(version: (typeof VERSIONS)[number] = 'v1'): Promise<readonly string[]> {
  const answer = await ask({ $case: 'listServices', value: '*' }, version);
  return answer?.$case === 'listServicesResponse'
    ? answer.value.service.map(({ name }) => name)
    : [];
}

function filesIn(answer: Answer): readonly FileDescriptorProto[] {
  return answer?.$case === 'fileDescriptorResponse'
    ? answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
    : [];
}

/** Descriptors built of one answer alone, as clients build them. @throws For an answer that lacks an import. */
function registryOf(answer: Answer) {
  const [first, ...imports] = filesIn(answer);
  if (first === undefined) throw new Error('There is no file');
  return createFileRegistry(first, (name) => imports.find((each) => each.name === name));
}

/** The services of the port, as they are registered. */
const SERVED = [
  ClusterServiceService,
  HealthService,
  KeyServiceService,
  ReflectionAlphaService,
  ReflectionService,
  SigningServiceService,
  TaskServiceService,
].map((service) =>
  Object.values(service).map(({ path }) => {
    const [, name = '', method = ''] = path.split('/');
    return { name, method };
  }),
);

describe.each(VERSIONS)('reflection %s', (version) => {
  test('reflection lists the services of the public port, and none of the peer port', async () => {
    const names = new Set(SERVED.flat().map(({ name }) => name));
    expect(new Set(await listed(version))).toEqual(names);
  });

  test('descriptors build from the answer about each service, and have each of its methods', async () => {
    for (const service of SERVED) {
      const [{ name } = { name: '' }] = service;
      const registry = registryOf(
        await ask({ $case: 'fileContainingSymbol', value: name }, version),
      );
      const methods = registry.getService(name)?.methods.map((each) => each.name);
      expect(new Set(methods)).toEqual(new Set(service.map(({ method }) => method)));
    }
  });

  test('reflection is refused to nodes', async () => {
    const tls = await tlsFor(fixture.authorities, 'tee', 'node-2');
    const node = new Caller(fixture.address, channelFor(tls));
    expect(await reflect(node, version, [])).toBe(status.PERMISSION_DENIED);
    node.close();
  });
});

test('a file comes first and with its imports, which can be asked for by name, too', async () => {
  const files = filesIn(await ask({ $case: 'fileContainingSymbol', value: 'quorate.v1.Key' }));
  expect(files[0]?.name).toBe('quorate/v1/key.proto');
  expect(files.map(({ name }) => name)).toContain('google/protobuf/timestamp.proto');
  for (const { name, dependency } of files)
    for (const file of [name, ...dependency])
      expect(filesIn(await ask({ $case: 'fileByFilename', value: file }))[0]?.name).toBe(file);
});

test.each([
  'quorate.v1.Key',
  'quorate.v1.Key.create_time',
  'quorate.v1.KeyState',
  'quorate.v1.KeyService.ListKeys',
  'grpc.health.v1.HealthCheckResponse.ServingStatus',
  'grpc.health.v1.HealthListResponse.StatusesEntry',
  'google.rpc.ErrorInfo',
])('the file of %s is found', async (value) => {
  expect(filesIn(await ask({ $case: 'fileContainingSymbol', value }))).not.toEqual([]);
});

test.each<readonly [Asked, status]>([
  [{ $case: 'fileContainingSymbol', value: 'quorate.peer.v1.PeerService' }, status.NOT_FOUND],
  [{ $case: 'fileContainingSymbol', value: '__proto__' }, status.NOT_FOUND],
  [{ $case: 'fileByFilename', value: '../../../etc/passwd' }, status.NOT_FOUND],
  [{ $case: 'allExtensionNumbersOfType', value: 'quorate.v1.Key' }, status.NOT_FOUND],
])('reflection has no answer to %j', async (asked, errorCode) => {
  expect(await ask(asked)).toMatchObject({ $case: 'errorResponse', value: { errorCode } });
});

test('requests of one stream are answered in their order, and bytes that are none end it', async () => {
  const names = ['a', 'quorate/v1/key.proto', 'b'];
  const requests = names.map((value) =>
    encode(ServerReflectionRequest, {
      host: '',
      messageRequest: { $case: 'fileByFilename', value },
    }),
  );
  const answers = await reflect(app, 'v1', requests);
  expect(Array.isArray(answers) && answers.map((each: Answer) => each?.$case)).toEqual([
    'errorResponse',
    'fileDescriptorResponse',
    'errorResponse',
  ]);
  expect(await reflect(app, 'v1', [Uint8Array.of(0x22, 50, 1)])).toBe(status.INVALID_ARGUMENT);
});
