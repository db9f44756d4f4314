import { expect, test } from '@jest/globals';
import { operationOf, OPERATIONS } from '../../../src/api/index.js';
import { compareText } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../../../src/wire/services.js';

test('the table of operations has a line for every method of the public services, and no other', () => {
  const services = [
    KeyServiceService,
    SigningServiceService,
    TaskServiceService,
    ClusterServiceService,
  ];
  const paths = services.flatMap((service) => Object.values(service).map(({ path }) => path));

  expect(Object.keys(OPERATIONS).toSorted(compareText)).toEqual(paths.toSorted(compareText));
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
  const lines = Object.values(OPERATIONS);
  const changers = lines
    .filter(({ effect }) => effect === 'mutation')
    .flatMap(({ roles }) => roles);
  const callers = lines.flatMap(({ roles }) => roles);

  expect([...new Set(changers)].toSorted(compareText)).toEqual(['app', 'operator']);
  expect([...new Set(callers)].toSorted(compareText)).toEqual(['app', 'auditor', 'operator']);
});

test('a name that every object has is no operation', () => {
  expect(operationOf('constructor')).toBeUndefined();
  expect(operationOf('/quorate.v1.KeyService/ExportKey')).toBeUndefined();
});
