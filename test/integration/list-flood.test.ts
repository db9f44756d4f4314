import { afterEach, expect, test } from '@jest/globals';
import { TaskState } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { LISTS_OPEN_PER_CALLER_MAX } from '../../src/rpc/limits.js';
import { LIST_RECORD_WORK, LIST_SLICE_WORK, LISTED_RECORD_WORK } from '../../src/state/limits.js';
import { encode, TaskRecord, TaskSummary } from '../../src/wire/index.js';
import { startCluster } from '../support/clusters/cluster.js';

const TASKS = 10_000;
const LISTS = 60;
const SUMMARIES_PER_SLICE = LIST_SLICE_WORK / LISTED_RECORD_WORK;
const RECORDS_PER_SLICE = Math.ceil(LIST_SLICE_WORK / LIST_RECORD_WORK);
const SLICES_PER_TURN_MAX = 8;

const restore: (() => void)[] = [];
afterEach(() => {
  for (const each of restore.splice(0)) each();
});

/** Counts what a message's decoder reads, in all and between two turns of the loop. */
function watch(type: { decode: (bytes: Uint8Array) => unknown }): {
  count: number;
  perTurnMax: number;
} {
  const seen = { count: 0, perTurnMax: 0 };
  let thisTurn = 0;
  const { decode } = type;
  type.decode = (bytes) => {
    seen.count += 1;
    thisTurn += 1;
    seen.perTurnMax = Math.max(seen.perTurnMax, thisTurn);
    return decode.call(type, bytes);
  };
  let turning = true;
  const turn = (): void => {
    thisTurn = 0;
    if (turning) setImmediate(turn);
  };
  turn();
  restore.push(() => {
    type.decode = decode;
    turning = false;
  });
  return seen;
}

function taskOf(number: number, requester: string): TaskRecord {
  return TaskRecord.fromPartial({
    taskId: number.toString(26).replace(/./g, letterOf).padStart(26, 'a'),
    kind: 'sign',
    keyId: `key-${number % 10}`,
    requestId: `request-${number}`,
    requester,
    createTimeMs: BigInt(1_700_000_000_000 + number),
    endTimeMs: BigInt(1_700_000_000_005 + number),
    outcome: { $case: 'failed', value: { reason: 'X', evidence: [] } },
  });
}

function letterOf(digit: string): string {
  return String.fromCharCode(97 + Number.parseInt(digit, 26));
}

test('a caller that may see no task, and lists the tasks again and again, makes a node read none', async () => {
  await using cluster = await startCluster({ nodes: 1 });
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('no node');
  await cluster.stop(node);
  await cluster.writeState(
    node,
    Array.from({ length: TASKS }, (_, at) => {
      const task = taskOf(at, 'spiffe://quorate/app/busy');
      return [utf8(`task/${task.taskId}`), encode(TaskRecord, task)];
    }),
  );
  await cluster.restart(node);
  const stranger = await cluster.client('app', { name: 'stranger' });
  const busy = await cluster.client('app', { name: 'busy' });
  const records = watch(TaskRecord);
  const summaries = watch(TaskSummary);
  await cluster.leader();

  for (let done = 0; done < LISTS; done += LISTS_OPEN_PER_CALLER_MAX) {
    const lists = Array.from({ length: LISTS_OPEN_PER_CALLER_MAX }, () =>
      stranger.listTasks({ limit: 1_000 }),
    );
    for (const { items, moreCount } of await Promise.all(lists))
      expect([items, moreCount]).toEqual([[], 0]);
  }
  expect(records.count).toBe(0);
  // The index is made once, and the loop turns meanwhile. (Timers that fall due together share a turn.)
  expect(summaries.count).toBe(TASKS);
  expect(summaries.perTurnMax).toBeLessThanOrEqual(SLICES_PER_TURN_MAX * SUMMARIES_PER_SLICE);

  // A page reads the records that it shows, in slices.
  const page = await busy.listTasks({ limit: 500, state: TaskState.FAILED, keyId: 'key-3' });
  expect(page.items.map(({ requestId }) => requestId).slice(0, 2)).toEqual([
    `request-${TASKS - 7}`,
    `request-${TASKS - 17}`,
  ]);
  expect([page.items.length, page.moreCount]).toEqual([500, 500]);
  expect(records.count).toBe(500);
  expect(records.perTurnMax).toBeLessThanOrEqual(SLICES_PER_TURN_MAX * RECORDS_PER_SLICE);
});
