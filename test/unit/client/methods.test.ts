import { expect, test } from '@jest/globals';
import { CALLS } from '../../../src/client/methods.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../../../src/wire/services.js';
import { GenerateKeyRequest } from '../../../src/wire/index.js';

test('the client calls every method of the public services, by its name there', () => {
  const services = {
    ...KeyServiceService,
    ...SigningServiceService,
    ...TaskServiceService,
    ...ClusterServiceService,
  };
  expect(pathsOf(CALLS)).toEqual(pathsOf(services));
});

test('a value of another type than its field is refused by an error of ours', () => {
  expect(() =>
    CALLS.generateKey.encode(GenerateKeyRequest.fromPartial({ threshold: 1.5 })),
  ).toThrow(expect.objectContaining({ code: 'invalid-request' }));
});

test('an answer that cannot be read is refused by an error of ours', () => {
  expect(() => CALLS.getTask.decode(Uint8Array.of(0x0a, 0xff))).toThrow(
    expect.objectContaining({ code: 'protocol-abort', reason: 'RESULT_INVALID' }),
  );
});

function pathsOf(
  methods: Readonly<Record<string, { readonly path: string }>>,
): Map<string, string> {
  return new Map(Object.entries(methods).map(([name, { path }]) => [name, path]));
}
