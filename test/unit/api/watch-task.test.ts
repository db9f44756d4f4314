import { expect, test } from '@jest/globals';
import { STREAMS } from '../../../src/api/index.js';
import type { ApiContext, Backend, Call, NodeStatus, Watched } from '../../../src/api/index.js';
import { LEADERLESS_MS_MAX } from '../../../src/api/limits.js';
import { utf8 } from '../../../src/common/index.js';
import { parseSpiffe } from '../../../src/identity/index.js';
import type { Identity } from '../../../src/identity/index.js';
import type { Queries } from '../../../src/state/index.js';
import { encode, TaskRecord, TaskState, WatchTaskRequest } from '../../../src/wire/index.js';
import type { AttemptRecord, Ready, WatchTaskResponse } from '../../../src/wire/index.js';

const WATCH = STREAMS['/quorate.v1.TaskService/WatchTask'];
const ID = 'a'.repeat(26);
const APP = 'spiffe://quorate/app/app';

/** A node's state with one task in it, and whether the node follows a leader. */
class Node {
  task: TaskRecord = {
    ...TaskRecord.fromPartial({}),
    taskId: ID,
    kind: 'generate-key',
    keyId: 'demo',
    requester: APP,
  };
  caughtUp = true;

  attempt(...nodes: readonly string[]): void {
    const number = this.task.attempts.length + 1;
    const assignment = { $case: 'boots', value: { nodes: named(nodes) } };
    const attempt = { attempt: { number, assignment }, timeMs: 0n, correctionMs: 0n };
    // Of the record of an attempt, what is shown of it.
    const attempts = [...this.task.attempts, attempt as unknown as AttemptRecord];
    this.task = { ...this.task, attempts, ready: [] };
  }

  ready(...nodes: readonly string[]): void {
    this.task = { ...this.task, ready: named(nodes) };
  }

  fail(reason: string): void {
    const outcome: TaskRecord['outcome'] = { $case: 'failed', value: { reason, evidence: [] } };
    this.task = { ...this.task, outcome, endTimeMs: 5n };
  }

  watch(caller = APP, afterRevision = 0n, taskId = ID): Promise<Watched> {
    const queries: Partial<Queries> = { task: (id) => (id === ID ? this.task : undefined) };
    const backend: Partial<Backend> = {
      read: () => Promise.resolve(queries as Queries),
      local: () => queries as Queries,
      status: () => ({ caughtUp: this.caughtUp }) as NodeStatus,
    };
    const context: Partial<ApiContext> = { backend: () => backend as Backend };
    const call: Partial<Call> = {
      method: '/quorate.v1.TaskService/WatchTask',
      bytes: encode(WatchTaskRequest, { taskId, afterRevision }),
      caller: parseSpiffe(caller) as Identity,
      time: { signal: new AbortController().signal } as Call['time'],
    };
    return WATCH.watch(context as ApiContext, call as Call);
  }
}

const named = (nodes: readonly string[]): Ready[] =>
  nodes.map((nodeId) => ({ nodeId, sharing: undefined, signature: new Uint8Array(0) }));

function told(watched: Watched, nowMs = 0): WatchTaskResponse | undefined {
  return watched.next(nowMs).message as WatchTaskResponse | undefined;
}

test('a watch shows the task at once, then each step, and nothing while nothing changes', async () => {
  const node = new Node();
  const watched = await node.watch();

  expect(told(watched)).toMatchObject({
    task: { taskId: ID, state: TaskState.OPEN },
    finished: [],
  });
  expect(told(watched)).toBeUndefined();
  node.attempt('node-1', 'node-2');
  expect(told(watched)?.task?.attempts).toMatchObject([{ participants: ['node-1', 'node-2'] }]);
  node.ready('node-2');
  expect(told(watched)?.finished).toEqual(['node-2']);
  node.fail('REQUEST_EXPIRED');
  expect(watched.next(0)).toMatchObject({
    message: { task: { state: TaskState.FAILED } },
    isLast: true,
  });
});

test('revisions grow with every step, also where the next attempt begins without a word of its nodes', async () => {
  const node = new Node();
  const watched = await node.watch();
  const revisions: bigint[] = [];
  const step = (change: () => void): void => {
    change();
    revisions.push(told(watched)?.revision ?? -1n);
  };

  step(() => undefined);
  step(() => node.attempt('node-1', 'node-2', 'node-3'));
  step(() => node.ready('node-1', 'node-2'));
  step(() => node.attempt('node-1', 'node-2'));
  step(() => node.ready('node-1'));
  step(() => node.fail('SESSION_FAILED'));

  expect(revisions).toEqual([...revisions].sort((a, b) => Number(a - b)));
  expect(new Set(revisions).size).toBe(6);
  expect(revisions[0]).toBeGreaterThan(0n);
});

test('a watch that goes on at another node begins behind the revision that was told', async () => {
  const node = new Node();
  node.attempt('node-1');
  const revision = told(await node.watch())?.revision ?? 0n;

  const again = await node.watch(APP, revision);
  expect(told(again)).toBeUndefined();
  node.ready('node-1');
  expect(told(again)?.finished).toEqual(['node-1']);
});

test('a watch of a task whose outcome was told ends without a message', async () => {
  const node = new Node();
  node.fail('REQUEST_EXPIRED');
  const revision = told(await node.watch())?.revision ?? 0n;

  expect((await node.watch(APP, revision)).next(0)).toEqual({ message: undefined, isLast: true });
});

test('a caller watches no task that it may not see, and learns of none', async () => {
  const node = new Node();
  const other = 'spiffe://quorate/app/other';

  const ofAnother = node.watch(other);
  await expect(ofAnother).rejects.toMatchObject({ reason: 'TASK_NOT_YOURS' });
  await expect(node.watch(other, 0n, 'b'.repeat(26))).rejects.toMatchObject({
    reason: 'TASK_NOT_YOURS',
  });
  await expect(node.watch('spiffe://quorate/auditor/a')).resolves.toBeDefined();
  await expect(node.watch('spiffe://quorate/auditor/a', 0n, 'b'.repeat(26))).rejects.toMatchObject({
    reason: 'TASK_NOT_FOUND',
  });
  await expect(node.watch(APP, 0n, 'x')).rejects.toMatchObject({ reason: 'INVALID_ID' });
});

test('a node that follows no leader for longer than an election takes ends a watch', async () => {
  const node = new Node();
  const watched = await node.watch();
  told(watched, 0);
  node.caughtUp = false;

  expect(told(watched, LEADERLESS_MS_MAX)).toBeUndefined();
  node.caughtUp = true;
  told(watched, LEADERLESS_MS_MAX + 1);
  node.caughtUp = false;
  expect(told(watched, 2 * LEADERLESS_MS_MAX)).toBeUndefined();
  expect(() => watched.next(2 * LEADERLESS_MS_MAX + 2)).toThrow(
    expect.objectContaining({ code: 'no-quorum', reason: 'WATCH_LEADERLESS' }),
  );
});

test('bytes that are no request are refused', async () => {
  const call = { bytes: utf8('no request') } as unknown as Call;
  await expect(WATCH.watch({} as ApiContext, call)).rejects.toMatchObject({
    reason: 'INVALID_ENCODING',
  });
});
