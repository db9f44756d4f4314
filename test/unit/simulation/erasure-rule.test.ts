import { expect, test } from '@jest/globals';
import { keyId, nodeId, sessionId, toHex } from '../../../src/common/index.js';
import { resharingOf } from '../../../src/state/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { watchedErasures } from '../../simulation/crash-points/erasure-rule.js';
import { fill, Ledger, NODES } from '../../support/builders/ledger.js';
import {
  keyAmong,
  keyOf,
  makeVersion,
  refresh,
  sayInstalled,
} from '../../support/builders/resharing.js';

const ID = 'treasury';

/** What is told when a node deletes its share of a session. */
async function told(ledger: Ledger, session: Uint8Array): Promise<readonly string[]> {
  const reports: string[] = [];
  const report = (checker: string, detail: string): void =>
    void reports.push(`${checker}: ${detail}`);
  const store = watchedErasures(nodeId('node-1'), memoryShareStore(), () => ledger.ask, report);
  await store.delete({ keyId: keyId(ID), sessionId: sessionId(toHex(session)) });
  return reports;
}

test('the checker of erasures tells of a share in use, and of the one before it until all have installed the next', async () => {
  const ledger = new Ledger();
  const before = keyAmong(ledger, ID, { reshareInterval: { seconds: 3600n, nanos: 0 } });
  expect(await told(ledger, before.sessionId)).toHaveLength(1);
  expect(await told(ledger, fill(9))).toEqual([]);

  ledger.timeMs = Number(resharingOf(before).dueMs);
  const [id = ''] = refresh(ledger, ID).changedTasks;
  makeVersion(ledger, id, false);
  const after = keyOf(ledger, ID);
  for (const node of NODES.slice(1)) sayInstalled(ledger, ID, node);
  expect(await told(ledger, before.sessionId)).toEqual([
    expect.stringMatching(/^Erasure: node-1 deletes its share of treasury .* installed by 2$/),
  ]);

  sayInstalled(ledger, ID, 'node-1');
  expect(await told(ledger, before.sessionId)).toEqual([]);
  expect(await told(ledger, after.sessionId)).toHaveLength(1);
});
