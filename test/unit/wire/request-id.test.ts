import { expect, test } from '@jest/globals';
import { encode, GetClusterRequest, requestIdIn, SignRequest } from '../../../src/wire/index.js';

test('the id of a request is read from its bytes', () => {
  const request = encode(SignRequest, SignRequest.fromPartial({ requestId: 'a1', keyId: 'k' }));
  expect(requestIdIn(request)).toBe('a1');
});

test('a request without an id has an empty one', () => {
  expect(requestIdIn(encode(SignRequest, SignRequest.fromPartial({ keyId: 'k' })))).toBe('');
  expect(requestIdIn(encode(GetClusterRequest, {}))).toBe('');
});
