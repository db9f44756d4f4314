import { expect, test } from '@jest/globals';
import { failureOf } from '../../../src/api/index.js';
import { ClusterError, nodeId } from '../../../src/common/index.js';

const LEADER = nodeId('node-2');
const newErrorId = (): string => 'error-1';

test('an expected failure keeps its words, and has both statuses', () => {
  const error = new ClusterError('overloaded', 'Too much', { reason: 'TOO_MANY', field: 'key_id' });

  expect(failureOf(error, newErrorId, LEADER)).toEqual({
    status: { grpc: 'RESOURCE_EXHAUSTED', http: 429 },
    message: 'Too much',
    reason: 'TOO_MANY',
    facts: {},
    field: 'key_id',
    retryAfterMs: 1000,
    leader: undefined,
    errorId: undefined,
  });
});

test('a failure after which another node may help names the leader', () => {
  const error = new ClusterError('not-leader', 'This node does not lead');

  expect(failureOf(error, newErrorId, LEADER)).toMatchObject({
    status: { grpc: 'UNAVAILABLE', http: 503 },
    leader: LEADER,
  });
});

test('a failure that never passes gives no time to retry', () => {
  const error = new ClusterError('overloaded', 'Too much metadata', { retryAfterMs: Infinity });

  expect(failureOf(error, newErrorId).retryAfterMs).toBeUndefined();
});

test('any other thrown value is an internal error with an id, and without its words', () => {
  const failure = failureOf(new TypeError('a secret'), newErrorId, LEADER);

  expect(failure).toMatchObject({
    status: { grpc: 'INTERNAL', http: 500 },
    message: 'internal error',
    facts: { error_id: 'error-1' },
    errorId: 'error-1',
  });
  expect(JSON.stringify(failure)).not.toContain('secret');
});
