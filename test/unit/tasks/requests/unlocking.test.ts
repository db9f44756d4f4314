import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SessionFailures } from '../../../../src/tasks/kinds/sign/session-failures.js';
import { unlock } from '../../../../src/tasks/requests/unlocking.js';
import type { UnlockOrder } from '../../../../src/tasks/index.js';
import { encode, UnlockSigningRequest } from '../../../../src/wire/index.js';
import { GENESIS_MS, Ledger, testGenesis } from '../../../support/builders/ledger.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import type { Requester } from '../../../support/builders/requester.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const METHOD = '/quorate.v1.ClusterService/UnlockSigning';
const KEY = { keyId: 'treasury', version: 1 };
const MINUTE_MS = 60_000;

let authority: RequesterAuthority;
let operator: Requester;
let app: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
  app = await authority.requester('app', 'payments');
});

let room: TaskRoom;
let failures: SessionFailures;
beforeEach(() => {
  const requesterCa = authority.credential.certificate;
  room = new TaskRoom('node-1', new Ledger(testGenesis({ unsigned: true, requesterCa })));
  room.clock.nowMs = GENESIS_MS + MINUTE_MS;
  failures = new SessionFailures(room.keys.failures, room.context);
  for (let at = 0; at < 32; at++) failures.failed(KEY);
});

/** An order to clear the key's count, signed for the next minute. */
function order(by: Requester, expireTimeMs = room.clock.nowMs + MINUTE_MS): UnlockOrder {
  const sinceMs = failures.all()[0]?.sinceMs ?? 0;
  const fields = { ...KEY, nodeId: 'node-1', silentNodeId: '', sinceTimeMs: BigInt(sinceMs) };
  const request = encode(UnlockSigningRequest, fields);
  const { clusterId } = room.context.judging.genesis;
  const authorization = by.sign({ clusterId, method: METHOD, expireTimeMs, request });
  const subject = { kind: 'version', ...KEY } as const;
  return { method: METHOD, request, authorization, subject, sinceMs };
}

test('an operator clears a count at a node, and by the same word no later one', async () => {
  const signed = order(operator);
  expect(await unlock(room.context, failures, signed)).toBe(32);
  expect(failures.standing(KEY)).toBe('free');
  room.clock.pass(1);
  for (let at = 0; at < 32; at++) failures.failed(KEY);
  expect(await unlock(room.context, failures, signed)).toBeUndefined();
  expect(failures.standing(KEY)).toBe('ended');
});

test('a word of another role, or one that is old, altered, or not of its signer, clears no count', async () => {
  const signed = order(operator);
  const altered = { ...signed, request: Uint8Array.of(...signed.request, 0) };
  const refused: readonly (readonly [UnlockOrder, string])[] = [
    [order(app), 'ROLE_FORBIDDEN'],
    [altered, 'INVALID_SIGNATURE'],
    [{ ...signed, method: '/quorate.v1.ClusterService/RaiseLevel' }, 'INVALID_SIGNATURE'],
    [order(operator, room.clock.nowMs), 'REQUEST_EXPIRED'],
    [order(operator, room.clock.nowMs + 11 * MINUTE_MS), 'EXPIRY_TOO_FAR'],
  ];
  for (const [each, reason] of refused) {
    await expect(unlock(room.context, failures, each)).rejects.toMatchObject({ reason });
  }
  expect(failures.standing(KEY)).toBe('ended');
});

test('a word whose certificate is revoked clears no count', async () => {
  const context = { ...room.context, isRevoked: () => true };
  await expect(unlock(context, failures, order(operator))).rejects.toMatchObject({
    reason: 'CERTIFICATE_REVOKED',
  });
  expect(failures.standing(KEY)).toBe('ended');
});
