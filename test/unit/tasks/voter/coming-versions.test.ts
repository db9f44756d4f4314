import { beforeAll, expect, test } from '@jest/globals';
import { taskId } from '../../../../src/common/index.js';
import { comingVersion } from '../../../../src/tasks/voter/coming-versions.js';
import { GENESIS_MS } from '../../../support/builders/ledger.js';
import { RequesterAuthority } from '../../../support/builders/requester.js';
import type { Requester } from '../../../support/builders/requester.js';
import {
  keyAmong,
  keyOf,
  makeVersion,
  reshare,
  reshareLedger,
} from '../../../support/builders/resharing.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const ID = 'treasury';

let authority: RequesterAuthority;
let operator: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  operator = await authority.requester('operator', 'alice');
});

test('the coming version of a key has the participants that its open task names, until that has its outcome', () => {
  const ledger = reshareLedger(authority);
  const tasks = new TaskRoom('node-1', ledger).liveTasks();
  const key = keyAmong(ledger, ID);
  expect(comingVersion(tasks, key)).toBeUndefined();

  const participants = ['node-2', 'node-3', 'node-4'];
  const [id = ''] = reshare(ledger, operator, ID, { participants }).changedTasks;
  const resharing = keyOf(ledger, ID);
  // A task that was not read yet is known to nobody.
  expect(comingVersion(tasks, resharing)).toBeUndefined();
  tasks.refresh(taskId(id));

  const coming = comingVersion(tasks, resharing);
  expect(coming).toMatchObject({ keyId: ID, version: 2, publicKey: key.publicKey });
  expect(coming?.participants.map(({ nodeId }) => nodeId)).toEqual(participants);
  expect(resharing.version).toBe(1);

  makeVersion(ledger, id);
  tasks.refresh(taskId(id));
  expect(comingVersion(tasks, keyOf(ledger, ID))).toBeUndefined();
  // The task that made a version is over, whoever still has the key as it was.
  expect(comingVersion(tasks, resharing)).toBeUndefined();
});
