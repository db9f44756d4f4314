import { expect, test } from '@jest/globals';

import { bootId, nodeId, utf8 } from '../../../../src/common/index.js';
import { requestHash, taskIdOf } from '../../../../src/identity/index.js';
import { METHODS, judgingContext } from '../../../../src/state/index.js';
import type { Queries } from '../../../../src/state/index.js';
import { PendingCalls } from '../../../../src/tasks/requests/pending-calls.js';
import { Submissions } from '../../../../src/tasks/requests/submissions.js';
import { Connections } from '../../../../src/tasks/connections.js';
import type { AppliedState, TaskContext } from '../../../../src/tasks/context.js';
import { encode, SignRequest, TaskRecord } from '../../../../src/wire/index.js';
import { APP, testGenesis, verify } from '../../../support/builders/ledger.js';

const SELF = nodeId('node-1');
const BOOT = bootId('00'.repeat(16));

function signRequest(message: string): Uint8Array {
  const payload = { $case: 'message', value: utf8(message) } as const;
  return encode(SignRequest, {
    requestId: 'one',
    keyId: 'key',
    payload,
    derivationPath: [],
    hash: 0,
  });
}

test('a request whose id another request took meanwhile is refused, not answered with the other outcome', async () => {
  const tasks = new Map<string, TaskRecord>();
  const queries = {
    task: (id: string) => tasks.get(id),
    totals: () => ({ timeMs: 0n }),
  } as unknown as Queries;
  const context = {
    self: { id: SELF, boot: BOOT, signer: { sign: () => new Uint8Array(64) } },
    judging: judgingContext(testGenesis(), verify),
    clock: { now: () => 0, elapsed: () => 0 },
    consensus: { status: () => ({ leader: undefined }) },
    logger: { debug: () => undefined },
  } as unknown as TaskContext;
  const state = { queries } as AppliedState;
  const connections = new Connections(SELF, BOOT);
  const submissions = new Submissions(
    context,
    state,
    connections,
    new Map(),
    new PendingCalls(),
    () => {},
  );

  const answer = submissions.submit({
    method: METHODS.sign,
    request: signRequest('mine'),
    requester: APP,
    expiresInMs: 1000,
    signal: new AbortController().signal,
  });
  const taskId = taskIdOf(APP, 'one');
  const content = requestHash(METHODS.sign, signRequest('another'));
  const outcome = { $case: 'failed', value: { reason: 'REQUEST_EXPIRED' } } as const;
  tasks.set(taskId, TaskRecord.fromPartial({ taskId, requestHash: content, outcome }));
  submissions.settled(undefined);

  await expect(answer).rejects.toMatchObject({
    code: 'already-exists',
    reason: 'REQUEST_ID_REUSED',
  });
});
