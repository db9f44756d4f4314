import { expect, test } from '@jest/globals';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { operationOf, OPERATIONS, streamOf, STREAMS } from '../../../src/api/index.js';
import { compareText } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../../../src/wire/services.js';

test('the tables of operations and streams have a line for every method of the public services, and no other', () => {
  const services = [
    KeyServiceService,
    SigningServiceService,
    TaskServiceService,
    ClusterServiceService,
  ];
  const paths = services.flatMap((service) => Object.values(service).map(({ path }) => path));

  const lines = [...Object.keys(OPERATIONS), ...Object.keys(STREAMS)];
  expect(lines.toSorted(compareText)).toEqual(paths.toSorted(compareText));
});

test('the methods whose answers are a stream are those of the table of streams', () => {
  const streams = [SigningServiceService, TaskServiceService, ClusterServiceService]
    .flatMap((service) => Object.values<ServiceDefinition[string]>(service))
    .filter(({ responseStream }) => responseStream);

  expect(streams.map(({ path }) => path)).toEqual(Object.keys(STREAMS));
});

test('the mutations are the methods that the log takes', () => {
  const mutations = Object.entries(OPERATIONS).filter(([, { effect }]) => effect === 'mutation');

  expect(mutations.map(([method]) => method).toSorted(compareText)).toEqual(
    Object.values(METHODS).toSorted(compareText),
  );
});

test('the methods that answer with pages are lists', () => {
  const lists = Object.entries(OPERATIONS).filter(([, { effect }]) => effect === 'list');

  expect(lists.map(([method]) => method)).toEqual([
    '/quorate.v1.KeyService/ListKeys',
    '/quorate.v1.TaskService/ListTasks',
  ]);
});

test('only operators and apps may change state, and no node may call the public API', () => {
  const lines = [...Object.values(OPERATIONS), ...Object.values(STREAMS)];
  const changers = Object.values(OPERATIONS)
    .filter(({ effect }) => effect === 'mutation')
    .flatMap(({ roles }) => roles);
  const callers = lines.flatMap(({ roles }) => roles);

  expect([...new Set(changers)].toSorted(compareText)).toEqual(['app', 'operator']);
  expect([...new Set(callers)].toSorted(compareText)).toEqual(['app', 'auditor', 'operator']);
});

test('a name that every object has is no operation', () => {
  expect(operationOf('constructor')).toBeUndefined();
  expect(streamOf('constructor')).toBeUndefined();
  expect(operationOf('/quorate.v1.KeyService/ExportKey')).toBeUndefined();
});
