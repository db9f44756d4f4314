import { afterEach, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { ClusterError } from '../../../src/common/index.js';
import { RETRY_MS_MIN } from '../../../src/rpc/limits.js';
import { encode, GetKeyRequest, SignRequest } from '../../../src/wire/index.js';
import { keyRecord, Fixture, until } from './server-fixture.js';
import type { Caller } from './server-fixture.js';

const GET_KEY = '/quorate.v1.KeyService/GetKey';
const SIGN = '/quorate.v1.SigningService/Sign';
const LIST_TASKS = '/quorate.v1.TaskService/ListTasks';
const LIST_KEYS = '/quorate.v1.KeyService/ListKeys';
/** Of either: every field has its default. */
const list = new Uint8Array(0);
const getKey = encode(GetKeyRequest, { keyId: 'demo' });
const sign = encode(
  SignRequest,
  SignRequest.fromPartial({
    requestId: 'a',
    keyId: 'demo',
    payload: { $case: 'message', value: new Uint8Array(1) },
  }),
);

let fixture: Fixture;
afterEach(() => fixture.close());

async function open(pace: NonNullable<Parameters<typeof Fixture.open>[0]>['bounds'] = {}) {
  fixture = await Fixture.open({ bounds: pace });
  fixture.backend.keys.set('demo', keyRecord('demo'));
}

async function isServed(name = 'other'): Promise<boolean> {
  return (await (await fixture.as('operator', name)).call(GET_KEY, getKey)).code === status.OK;
}

function linesOf(words: string): readonly object[] {
  return fixture.logger.lines.filter(({ message }) => message === words);
}

test('a call that its role forbids pays its pace first', async () => {
  await open({ pace: { callsPerSecond: 0.01, callsBurst: 2 } });
  const auditor = await fixture.as('auditor');
  const codes: status[] = [];
  for (let call = 0; call < 4; call++) codes.push((await auditor.call(SIGN, sign)).code);

  const { PERMISSION_DENIED, RESOURCE_EXHAUSTED } = status;
  expect(codes).toEqual([
    PERMISSION_DENIED,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    RESOURCE_EXHAUSTED,
  ]);
});

test('attack: calls that a role forbids are one line of the log, not one for each', async () => {
  await open();
  const auditor = await fixture.as('auditor');
  const calls = Array.from({ length: 300 }, () => auditor.call(SIGN, sign));
  const seen = await Promise.all(calls);

  expect(new Set(seen.map(({ code }) => code))).toEqual(new Set([status.PERMISSION_DENIED]));
  expect(fixture.logger.lines.filter(({ level }) => level !== 'debug')).toMatchObject([
    {
      level: 'warn',
      message: 'Refused a call',
      fields: {
        peer: 'spiffe://quorate/auditor/auditor',
        called: SIGN,
        reason: 'ROLE_NOT_PERMITTED',
      },
    },
  ]);
});

test('a caller with too many lists is told to come again, and other callers are served', async () => {
  await open({ pace: { listsOpenPerCallerMax: 2 } });
  const answers: (() => void)[] = [];
  fixture.backend.onRead = () => new Promise((resolve) => answers.push(resolve));
  const flood = await fixture.as('app', 'flood');
  const own = [flood.call(LIST_TASKS, list), flood.call(LIST_KEYS, list)];
  await until(() => answers.length === 2);

  const refused = await flood.call(LIST_TASKS, list);
  expect([refused.code, refused.reason]).toEqual([status.RESOURCE_EXHAUSTED, 'TOO_MANY_LISTS']);
  const other = (await fixture.as('app', 'other')).call(LIST_TASKS, list);
  await until(() => answers.length === 3);
  for (const answer of answers) answer();

  for (const { code } of await Promise.all([...own, other])) expect(code).toBe(status.OK);
  fixture.backend.onRead = () => Promise.resolve();
  expect((await flood.call(LIST_TASKS, list)).code).toBe(status.OK);
});

test('attack: a caller that goes on when it is refused loses its connection, and no other does', async () => {
  await open({ pace: { refusalsPerSecond: 1, refusalsBurst: 20 } });
  expect(await isServed()).toBe(true);
  const auditor = await fixture.as('auditor');
  const codes = new Set<status>();
  await until(() => {
    void auditor.call(SIGN, sign).then(({ code }) => codes.add(code));
    return linesOf('Cut a connection whose caller went on when it was refused').length > 0;
  });

  await until(() => codes.has(status.UNAVAILABLE));
  expect(fixture.backend.entered).toBe(1);
  expect(await isServed()).toBe(true);
});

/** Has each call of Sign cost so much, and then be refused. */
function signCosts(ms: number): void {
  fixture.backend.onSubmit = () => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    return Promise.reject(new ClusterError('unauthenticated', 'The signature is wrong'));
  };
}

async function codesOf(caller: Caller, calls: number): Promise<readonly status[]> {
  const seen = await Promise.all(Array.from({ length: calls }, () => caller.call(SIGN, sign)));
  return seen.map(({ code }) => code);
}

test('attack: refused requests that cost much are paid for, and their caller waits for its share', async () => {
  await open({ pace: { workMsPerSecond: 1, workMsBurst: 30 } });
  signCosts(5);
  const mallory = await fixture.as('app', 'mallory');

  const codes = await codesOf(mallory, 50);

  const judged = codes.filter((code) => code === status.UNAUTHENTICATED);
  expect(judged.length).toBeGreaterThan(0);
  expect(judged.length).toBeLessThan(10);
  expect(fixture.backend.submissions).toHaveLength(judged.length);
  expect(codes.filter((code) => code === status.RESOURCE_EXHAUSTED)).toHaveLength(
    50 - judged.length,
  );
  const refused = await mallory.call(GET_KEY, getKey);
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'CALLS_TOO_COSTLY' });
  expect(refused.retryMs).toBeGreaterThanOrEqual(RETRY_MS_MIN);
  expect(await isServed()).toBe(true);
  expect(linesOf('A caller is kept to its pace')).toHaveLength(1);
});
