import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import {
  ClusterError,
  nodeId,
  sessionId,
  taskId as taskIdNamed,
  utf8,
} from '../../../src/common/index.js';
import { BUILD_LEVEL, taskIdOf } from '../../../src/identity/index.js';
import {
  encode,
  GenerateKeyRequest,
  GenerateKeyResponse,
  GetClusterResponse,
  GetKeyRequest,
  GetKeyResponse,
  GetTaskRequest,
  GetTaskResponse,
  KeyState,
  ListKeysRequest,
  ListKeysResponse,
  ListTasksRequest,
  ListTasksResponse,
  SignRequest,
  SignResponse,
  TaskState,
} from '../../../src/wire/index.js';
import type { MessageType } from '../../../src/wire/index.js';
import {
  generatedKeyResult,
  keyRecord,
  signatureResult,
  Fixture,
  taskRecord,
  until,
} from './server-fixture.js';
import type { Seen } from './server-fixture.js';

const GENERATE = '/quorate.v1.KeyService/GenerateKey';
const SIGN = '/quorate.v1.SigningService/Sign';
const GET_TASK = '/quorate.v1.TaskService/GetTask';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.open();
});
afterAll(() => fixture.close());
afterEach(() => {
  fixture.backend.keys.clear();
  fixture.backend.tasks.clear();
  fixture.backend.submissions.length = 0;
  fixture.backend.onRead = () => Promise.resolve();
  fixture.backend.onSubmit = () => Promise.reject(new ClusterError('no-quorum', 'Nobody leads'));
});

const generate = encode(
  GenerateKeyRequest,
  GenerateKeyRequest.fromPartial({ requestId: 'r-1', keyId: 'demo', algorithm: 1, threshold: 2 }),
);
const sign = encode(SignRequest, {
  requestId: 'r-1',
  keyId: 'demo',
  payload: { $case: 'message', value: utf8('hello') },
  derivationPath: [],
  hash: 0,
});
const never = (): Promise<never> => new Promise(() => undefined);

function answerOf<T>(type: MessageType<T>, seen: Seen): T {
  expect(seen).toMatchObject({ code: status.OK });
  return type.decode(seen.response ?? new Uint8Array());
}

describe('GenerateKey', () => {
  test('GenerateKey answers with the key when its task is done', async () => {
    const app = await fixture.as('app');
    fixture.backend.onSubmit = () => {
      fixture.backend.keys.set('demo', keyRecord('demo', { taskId: 't' }));
      const value = { publicKey: new Uint8Array(32).fill(7), keyVersion: 1 };
      return Promise.resolve(taskRecord('t', generatedKeyResult(value)));
    };

    const { key, taskId } = answerOf(GenerateKeyResponse, await app.call(GENERATE, generate));

    expect(taskId).toBe('t');
    expect(key).toMatchObject({
      keyId: 'demo',
      state: KeyState.PENDING,
      participants: ['node-1', 'node-2', 'node-3'],
      createTime: { seconds: 1_700_000_000n, nanos: 123_000_000 },
      certificate: {
        clusterId: fixture.genesis.clusterId,
        sharing: { baseVersion: 0, version: 1 },
      },
    });
    expect(fixture.backend.submissions[0]).toMatchObject({
      method: GENERATE,
      request: generate,
      requester: 'spiffe://quorate/app/app',
      expiresInMs: 600_000,
    });
  });

  test('GenerateKey answers with its task alone when most of the time has passed', async () => {
    const app = await fixture.as('app');
    const taskId = taskIdOf('spiffe://quorate/app/app', 'r-1');
    fixture.backend.onSubmit = never;
    fixture.backend.tasks.set(taskId, taskRecord(taskId));

    const answer = await app.call(GENERATE, generate, { timeoutMs: 2_000 });

    expect(answerOf(GenerateKeyResponse, answer)).toEqual({ key: undefined, taskId });
    expect(fixture.backend.submissions[0]?.signal.aborted).toBe(true);
  });

  test('GenerateKey runs out of time when its task is not known on this node', async () => {
    const app = await fixture.as('app');
    fixture.backend.onSubmit = never;

    const answer = await app.call(GENERATE, generate, { timeoutMs: 200 });

    expect(answer.code).toBe(status.DEADLINE_EXCEEDED);
  });

  test('GenerateKey fails as its task failed', async () => {
    const app = await fixture.as('app');
    fixture.backend.onSubmit = failed('CULPRIT_PROVED');
    expect(await app.call(GENERATE, generate)).toMatchObject({
      code: status.ABORTED,
      reason: 'CULPRIT_PROVED',
      facts: { task_id: 't' },
    });
    fixture.backend.onSubmit = failed('REQUEST_EXPIRED');
    expect(await app.call(GENERATE, generate)).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      reason: 'REQUEST_EXPIRED',
    });
  });
});

describe('Sign', () => {
  const value = {
    signature: new Uint8Array(64).fill(3),
    publicKey: new Uint8Array(32).fill(4),
    keyVersion: 1,
    signers: ['node-1', 'node-3'],
    derivationPath: [],
    hash: 0,
  };

  test('Sign answers with the signature of its task', async () => {
    const app = await fixture.as('app');
    fixture.backend.onSubmit = () => Promise.resolve(taskRecord('t', signatureResult(value)));

    const answer = answerOf(SignResponse, await app.call(SIGN, sign, { timeoutMs: 3_000 }));

    expect({ ...answer, signature: new Uint8Array(answer.signature) }).toMatchObject({
      signature: value.signature,
      signers: ['node-1', 'node-3'],
      taskId: 't',
    });
    const expiresInMs = fixture.backend.submissions[0]?.expiresInMs ?? 0;
    expect(expiresInMs).toBeGreaterThan(1_000);
    expect(expiresInMs).toBeLessThanOrEqual(3_000);
  });

  test('Sign gives a request 30 s without a client deadline, and 120 s at most', async () => {
    const app = await fixture.as('app');
    const ask = async (timeoutMs: number): Promise<number> => {
      await app.call(SIGN, sign, { timeoutMs });
      return fixture.backend.submissions.at(-1)?.expiresInMs ?? 0;
    };

    expect(await ask(Number.POSITIVE_INFINITY)).toBeGreaterThan(29_000);
    expect(await ask(Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(30_000);
    expect(await ask(3_600_000)).toBeGreaterThan(119_000);
    expect(await ask(3_600_000)).toBeLessThanOrEqual(120_000);
  });

  test('Sign stops waiting when its client cancels', async () => {
    fixture.backend.onSubmit = never;
    const app = await fixture.as('app');
    const call = app.client.makeUnaryRequest(
      SIGN,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => bytes,
      sign,
      () => undefined,
    );
    await until(() => fixture.backend.submissions.length === 1);

    call.cancel();

    await until(() => fixture.backend.submissions[0]?.signal.aborted === true);
    expect(fixture.backend.submissions[0]?.signal.reason).toMatchObject({ code: 'cancelled' });
  });
});

const held = (text: string): string => Buffer.from(text).toString('base64url');

describe('lists', () => {
  test('the pages of a list together leave no item out', async () => {
    for (let at = 0; at < 25; at++) {
      const id = `key-${String(at).padStart(2, '0')}`;
      fixture.backend.keys.set(id, keyRecord(id));
    }
    const ids: string[] = [];
    let pageToken = '';
    do {
      const page = answerOf(ListKeysResponse, await listKeys(10, pageToken));
      ids.push(...page.keys.map(({ keyId }) => keyId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    expect(ids).toEqual([...fixture.backend.keys.keys()]);
  });

  test('a page of a list stays below the size that clients take, except for a single item', async () => {
    for (const id of ['a', 'b', 'c'])
      fixture.backend.keys.set(id, keyRecord(id, { request: new Uint8Array(1_200_000) }));

    const page = answerOf(ListKeysResponse, await listKeys(0));

    expect(page.keys.map(({ keyId }) => keyId)).toEqual(['a']);
    expect(page.nextPageToken).not.toBe('');
  });

  test.each(['!', 'a', 'YQ==', held('../x'), held('1/../x'), held('a'), held('2/a'), 'é'])(
    'a list refuses the page token %p, which no list gave',
    async (pageToken) => {
      expect(await listKeys(0, pageToken)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        field: 'page_token',
      });
    },
  );

  test('a page token is of one list with one filter, and any other refuses it', async () => {
    for (const id of ['a-1', 'a-2', 'b-1'])
      fixture.backend.keys.set(id, keyRecord(id, { labels: [{ key: 'team', value: 'shop' }] }));
    const page = answerOf(ListKeysResponse, await listKeys(1, '', { prefix: 'a' }));
    expect(page).toMatchObject({ keys: [{ keyId: 'a-1' }], moreCount: 1 });

    const more = await listKeys(2, page.nextPageToken, { prefix: 'a' });
    expect(answerOf(ListKeysResponse, more)).toMatchObject({
      keys: [{ keyId: 'a-2' }],
      nextPageToken: '',
      moreCount: 0,
    });
    for (const filter of [{}, { prefix: 'b' }, { prefix: 'a', owner: 'a' }])
      expect(await listKeys(1, page.nextPageToken, filter)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        reason: 'INVALID_PAGE_TOKEN',
        field: 'page_token',
      });
    const all = answerOf(ListKeysResponse, await listKeys(1));
    const request = encode(
      ListTasksRequest,
      ListTasksRequest.fromPartial({ pageToken: all.nextPageToken }),
    );
    const app = await fixture.as('app');
    expect(await app.call('/quorate.v1.TaskService/ListTasks', request)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_PAGE_TOKEN',
    });
  });

  test('keys are listed by the beginning of their id, owner, algorithm and labels', async () => {
    const shop = { key: 'team', value: 'shop' };
    const other = 'spiffe://quorate/app/other';
    fixture.backend.keys.set('a-1', keyRecord('a-1', { labels: [shop] }));
    fixture.backend.keys.set('a-2', keyRecord('a-2', { owner: other, labels: [shop] }));
    fixture.backend.keys.set('b', keyRecord('b', { algorithm: 2 }));
    expect(await keyIdsOf({ prefix: 'a-' })).toEqual(['a-1', 'a-2']);
    expect(await keyIdsOf({ owner: other })).toEqual(['a-2']);
    expect(await keyIdsOf({ algorithm: 2 })).toEqual(['b']);
    expect(await keyIdsOf({ labels: [shop] })).toEqual(['a-1', 'a-2']);
    expect(await keyIdsOf({ labels: [shop], owner: other, prefix: 'a' })).toEqual(['a-2']);
    expect(await keyIdsOf({ labels: [{ key: 'team', value: '' }] })).toEqual([]);
  });

  test('a filter that nothing can fit is refused with its field', async () => {
    const labels = Array.from({ length: 33 }, (_, at) => ({ key: `l-${at}`, value: '' }));
    expect(await listKeys(0, '', { labels })).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'TOO_MANY_LABELS',
    });
    expect(await listKeys(0, '', { prefix: 'a b' })).toMatchObject({ reason: 'INVALID_ID' });
    const app = await fixture.as('app');
    for (const [field, filter] of Object.entries({
      state: { state: 9 },
      kind: { kind: 99 },
      key_id: { keyId: 'sign a' },
    })) {
      const request = encode(
        ListTasksRequest,
        Object.assign(ListTasksRequest.fromPartial({}), filter),
      );
      expect(await app.call('/quorate.v1.TaskService/ListTasks', request)).toMatchObject({
        code: status.INVALID_ARGUMENT,
        field,
      });
    }
  });

  test('a list refuses a page size above 1000', async () => {
    expect(await listKeys(1001)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      field: 'page_size',
    });
  });
});

describe('tasks', () => {
  const mine = 'a'.repeat(26);
  const theirs = 'b'.repeat(26);
  const nobodys = 'c'.repeat(26);
  const put = (): void => {
    fixture.backend.tasks.set(mine, taskRecord(mine));
    fixture.backend.tasks.set(
      theirs,
      taskRecord(theirs, {
        requester: 'spiffe://quorate/app/other',
        outcome: { $case: 'failed', value: { reason: 'X', evidence: [utf8('proof')] } },
      }),
    );
  };
  test('a task names its culprits with evidence one by one, and no culprit without', async () => {
    put();
    const culprit = {
      nodeId: nodeId('node-3'),
      reason: 'WRONG_SHARE',
      taskId: taskIdNamed(theirs),
      sessionId: sessionId('ab'.repeat(32)),
    } as const;
    fixture.backend.proven.set(theirs, [{ culprit, evidence: utf8('judged') }]);

    const { task } = answerOf(GetTaskResponse, await getTask('auditor', theirs));
    expect(task?.culprits).toEqual([
      {
        nodeId: 'node-3',
        reason: 'WRONG_SHARE',
        sessionId: new Uint8Array(32).fill(0xab),
        evidence: utf8('judged'),
      },
    ]);
    const other = answerOf(GetTaskResponse, await getTask('auditor', mine));
    expect(other.task?.culprits).toEqual([]);
  });

  test('a task is shown to its requester, to operators and to auditors', async () => {
    put();
    for (const role of ['app', 'operator', 'auditor'] as const) {
      const { task } = answerOf(GetTaskResponse, await getTask(role, mine));
      expect(task).toMatchObject({ taskId: mine, state: TaskState.OPEN });
    }
    const { task } = answerOf(GetTaskResponse, await getTask('auditor', theirs));
    expect(task).toMatchObject({
      state: TaskState.FAILED,
      outcome: { $case: 'failure', value: { reason: 'X' } },
    });
  });

  test('other callers do not learn whether a task exists', async () => {
    put();
    const [existing, missing] = [await getTask('app', theirs), await getTask('app', nobodys)];

    for (const answer of [existing, missing])
      expect(answer).toMatchObject({
        code: status.PERMISSION_DENIED,
        reason: 'TASK_NOT_YOURS',
      });
    expect(existing.message.replace(theirs, '')).toBe(missing.message.replace(nobodys, ''));
    expect((await getTask('operator', nobodys)).code).toBe(status.NOT_FOUND);
  });

  test('ListTasks shows tasks as GetTask does', async () => {
    put();
    expect(await listTasks('app')).toEqual([mine]);
    expect(await listTasks('auditor')).toEqual([theirs, mine]);
    expect(await listTasks('auditor', { state: TaskState.OPEN })).toEqual([mine]);
  });

  test('a malformed task id is refused', async () => {
    for (const id of ['', 'x', 'A'.repeat(26), '1'.repeat(26)])
      expect((await getTask('operator', id)).code).toBe(status.INVALID_ARGUMENT);
  });
});

test('a read without a quorum is UNAVAILABLE, with a time to retry and the leader’s name', async () => {
  fixture.backend.onRead = () =>
    Promise.reject(new ClusterError('no-quorum', 'No majority answers'));

  const answer = await (
    await fixture.as('auditor')
  ).call('/quorate.v1.KeyService/GetKey', encode(GetKeyRequest, { keyId: 'demo' }));

  expect(answer).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'NO_QUORUM',
    retryMs: 500,
  });
  expect(answer.trailers.get('leader-hint')).toEqual(['node-2']);
});

test('GetKey shows a key with its certificate', async () => {
  fixture.backend.keys.set('demo', keyRecord('demo'));
  const request = encode(GetKeyRequest, { keyId: 'demo' });
  const seen = await (await fixture.as('auditor')).call('/quorate.v1.KeyService/GetKey', request);
  expect(answerOf(GetKeyResponse, seen).key?.keyId).toBe('demo');
});

test('GetCluster shows the answering node’s view, without a quorum too', async () => {
  const auditor = await fixture.as('auditor');
  fixture.backend.onRead = never;

  const seen = await auditor.call('/quorate.v1.ClusterService/GetCluster', new Uint8Array());

  expect(answerOf(GetClusterResponse, seen).cluster).toMatchObject({
    clusterId: fixture.genesis.clusterId,
    nodeId: 'node-1',
    leaderId: 'node-2',
    term: 7n,
    commitIndex: 41n,
    appliedIndex: 40n,
    unsignedRequests: true,
    keyCount: 3n,
    softwareVersion: '0.1.0',
    level: 1,
    members: [
      { nodeId: 'node-1', leader: false, reachable: true, build: undefined },
      {
        nodeId: 'node-2',
        leader: true,
        reachable: true,
        build: { nodeId: 'node-2', level: BUILD_LEVEL },
      },
      { nodeId: 'node-3', leader: false, reachable: false, build: undefined },
    ],
  });
  fixture.backend.onRead = () => Promise.resolve();
});

test('a server without a backend listens and answers UNAVAILABLE', async () => {
  const early = await Fixture.open({ attached: false });
  const app = await early.as('app');

  expect(await app.call(SIGN, sign)).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'NODE_STARTING',
  });
  early.server.attach(early.backend);
  expect(await app.call(SIGN, sign)).toMatchObject({ reason: 'NO_QUORUM' });
  await early.close();
});

test('a stopping server lets the call in flight end', async () => {
  const one = await Fixture.open();
  const app = await one.as('app');
  const finishing: (() => void)[] = [];
  one.backend.onRead = () => new Promise((resolve) => finishing.push(resolve));
  const call = app.call('/quorate.v1.KeyService/ListKeys', new Uint8Array());
  await until(() => one.backend.readCount === 1);

  const stopped = one.server.stop(5_000);
  for (const finish of finishing) finish();

  expect((await call).code).toBe(status.OK);
  await stopped;
  await one.close();
});

test('a stopping server cuts a call that does not end', async () => {
  const one = await Fixture.open();
  const app = await one.as('app');
  one.backend.onRead = never;
  const call = app.call('/quorate.v1.KeyService/ListKeys', new Uint8Array());
  await until(() => one.backend.readCount === 1);

  await one.server.stop(10);

  expect((await call).code).not.toBe(status.OK);
  await one.close();
});

/** A backend that has done the task, and failed. */
function failed(reason: string) {
  const outcome = { $case: 'failed' as const, value: { reason, evidence: [] } };
  return () => Promise.resolve(taskRecord('t', { outcome }));
}

async function listKeys(
  pageSize: number,
  pageToken = '',
  filter: Partial<ListKeysRequest> = {},
): Promise<Seen> {
  const fields = ListKeysRequest.fromPartial({ ...filter, pageSize, pageToken });
  const request = encode(ListKeysRequest, fields);
  return (await fixture.as('auditor')).call('/quorate.v1.KeyService/ListKeys', request);
}

async function keyIdsOf(filter: Partial<ListKeysRequest>): Promise<string[]> {
  return answerOf(ListKeysResponse, await listKeys(0, '', filter)).keys.map(({ keyId }) => keyId);
}

async function getTask(role: 'app' | 'operator' | 'auditor', taskId: string): Promise<Seen> {
  return (await fixture.as(role)).call(GET_TASK, encode(GetTaskRequest, { taskId }));
}

async function listTasks(
  role: 'app' | 'auditor',
  filter: Partial<ListTasksRequest> = {},
): Promise<string[]> {
  const request = encode(ListTasksRequest, ListTasksRequest.fromPartial(filter));
  const seen = await (await fixture.as(role)).call('/quorate.v1.TaskService/ListTasks', request);
  return answerOf(ListTasksResponse, seen).tasks.map(({ taskId }) => taskId);
}
