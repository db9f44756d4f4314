import { beforeEach, expect, test } from '@jest/globals';
import { nodeId, taskId } from '../../../../src/common/index.js';
import type { NodeId } from '../../../../src/common/index.js';
import type { DeclineMeaning } from '../../../../src/tasks/kinds/driver.js';
import { blamedByAborted } from '../../../../src/tasks/leader/aborted.js';
import { PROOF_LOOK_MS, PROOF_WAIT_MS } from '../../../../src/tasks/limits.js';
import { openGenerate } from '../../../support/builders/accusation.js';
import { TaskRoom } from '../../../support/builders/task-room.js';

const THREE = nodeId('node-3');
const WAIT_MS = 4 * PROOF_LOOK_MS;

let proved: Set<NodeId>;
let waiting: { readonly ms: number; readonly run: () => void }[];
beforeEach(() => {
  proved = new Set();
  waiting = [];
});

const open = openGenerate();
const [attempt] =
  new TaskRoom('node-1', open.ledger).liveTasks().refresh(taskId(open.task))?.attempts ?? [];

function blamed(index: number): DeclineMeaning | Promise<DeclineMeaning> {
  if (attempt === undefined) throw new Error('the attempt is open');
  const clock = {
    after: (ms: number, run: () => void) => {
      waiting.push({ ms, run });
      return () => undefined;
    },
  };
  const culprits = { has: (node: NodeId) => proved.has(node) };
  return blamedByAborted(
    { clock } as never,
    culprits,
    attempt,
    { reason: 'aborted', index },
    WAIT_MS,
  );
}

/** Lets as much time pass as the next look waits for. */
function look(): void {
  for (const { ms, run } of waiting.splice(0)) {
    expect(ms).toBe(PROOF_LOOK_MS);
    run();
  }
}

test('a participant that is proved already is blamed at once, and a word about nobody blames nobody', () => {
  proved.add(THREE);
  expect(blamed(3)).toEqual({ blamed: THREE });
  expect([0, 4].map(blamed)).toEqual([{}, {}]);
});

test('a participant is blamed as soon as there is proof', async () => {
  const meaning = blamed(3);
  look();
  proved.add(THREE);
  look();
  expect(await meaning).toEqual({ blamed: THREE });
  expect(waiting).toEqual([]);
});

test('a word without proof blames nobody else when the wait is over', async () => {
  const meaning = blamed(3);
  for (let passed = 0; passed < WAIT_MS; passed += PROOF_LOOK_MS) look();
  expect(await meaning).toEqual({});
  expect(waiting).toEqual([]);
  expect(WAIT_MS).toBeLessThan(PROOF_WAIT_MS);
});
