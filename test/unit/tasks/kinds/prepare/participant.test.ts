import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../../src/common/index.js';
import type { NodeId } from '../../../../../src/common/index.js';
import { Preparing } from '../../../../../src/tasks/kinds/prepare/participant.js';
import { fill, Ledger } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';

const LIAR = nodeId('node-2');
const EVIDENCE = fill(1, 100);

/** What a member answers that is asked for material for a culprit, by whom it judges the evidence to prove. */
async function answer(proved: NodeId | undefined): Promise<string | undefined> {
  const room = new TaskRoom('node-1', new Ledger());
  const parts = room.participating();
  const judged: Uint8Array[] = [];
  const take = (evidence: Uint8Array) => {
    judged.push(evidence);
    return Promise.resolve(proved && { nodeId: proved });
  };
  const preparing = new Preparing({ ...parts, culprits: { ...parts.culprits, take } as never });
  const culprit = { nodeId: LIAR, evidence: EVIDENCE };
  const refusal = await preparing.refusal({
    task: { asked: { culprit, setId: 'ab'.repeat(16) } },
  } as never);
  expect(judged).toEqual([EVIDENCE]);
  return refusal?.reason;
}

test('a member makes no material for a culprit whose evidence it has not judged to prove that', async () => {
  expect([await answer(undefined), await answer(nodeId('node-3')), await answer(LIAR)]).toEqual([
    'culprit-unproved',
    'culprit-unproved',
    undefined,
  ]);
});
