import { beforeEach, describe, expect, test } from '@jest/globals';
import { nodeId } from '../../../../../src/common/index.js';
import { ShareStoreError } from '../../../../../src/ports/index.js';
import { memoryShareStore } from '../../../../../src/store/index.js';
import { SessionFailures } from '../../../../../src/tasks/kinds/sign/session-failures.js';
import { Ledger } from '../../../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../../../support/builders/task-room.js';

const KEY = { keyId: 'key', version: 1 };
const QUIET = nodeId('node-2');

let records: Map<string, Uint8Array>;
let room: TaskRoom;
let failures: SessionFailures;

beforeEach(async () => {
  records = new Map();
  await boot();
});

/** A run of the node's process, on the same store. */
async function boot(): Promise<void> {
  const store = memoryShareStore(records);
  room = new TaskRoom('node-1', new Ledger(), undefined, store);
  failures = new SessionFailures(room.keys.failures, room.context);
  await failures.load();
}

async function fail(times: number, key = KEY): Promise<void> {
  for (let at = 0; at < times; at++) {
    failures.failed(key);
    await settle();
  }
}

describe('failures of a version of a key', () => {
  test('after 8 unexplained failures a version signs one at a time, and after 32 not at all', () => {
    const seen: string[] = [];
    for (let at = 0; at < 33; at++) {
      seen.push(failures.standing(KEY));
      failures.failed(KEY);
    }
    expect(seen.slice(0, 8)).toEqual(Array<string>(8).fill('free'));
    expect(seen.slice(8, 32)).toEqual(Array<string>(24).fill('one-at-a-time'));
    expect(seen[32]).toBe('ended');
    expect(room.alarms).toEqual([
      'a version of a key signs in one session at a time',
      'a version of a key failed too often to be signed with',
    ]);
  });

  test('failures of one version are no other’s', async () => {
    await fail(40);
    expect(failures.standing({ ...KEY, version: 2 })).toBe('free');
    expect(failures.standing({ keyId: 'other', version: 1 })).toBe('free');
  });

  test('a restart forgets none', async () => {
    await fail(32);
    await boot();
    expect(failures.standing(KEY)).toBe('ended');
    expect(failures.all()).toMatchObject([{ subject: { kind: 'version', ...KEY }, count: 32 }]);
    // One record is left of all that were written.
    expect(records.size).toBe(1);
  });

  test('a crash between the new record and the deletion of the old one loses nothing', async () => {
    await fail(1);
    const before = new Map(records);
    await fail(1);
    for (const [name, bytes] of before) records.set(name, bytes);
    await boot();
    expect(failures.all()[0]?.count).toBe(2);
    expect(records.size).toBe(1);
  });

  test('a store that does not commit loses no count of this run', async () => {
    const store = memoryShareStore(records);
    store.putIfAbsent = () => Promise.reject(new ShareStoreError('unavailable', 'no'));
    room = new TaskRoom('node-1', new Ledger(), undefined, store);
    failures = new SessionFailures(room.keys.failures, room.context);
    await fail(32);
    expect(failures.standing(KEY)).toBe('ended');
  });
});

describe('a silent node', () => {
  test('signs where others are too few from the first time on, and not with this node after the third', async () => {
    const seen = [];
    for (let at = 0; at < 4; at++) {
      seen.push([failures.wasSilent(QUIET), failures.refuses(QUIET)]);
      failures.silent(QUIET);
    }
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ]);
    expect(room.alarms).toEqual(['this node signs with a silent node no more']);
    await settle();
    await boot();
    expect([failures.wasSilent(QUIET), failures.refuses(QUIET)]).toEqual([true, true]);
  });

  test('counts against no version of a key', async () => {
    for (let at = 0; at < 40; at++) failures.silent(QUIET);
    await settle();
    expect(failures.standing(KEY)).toBe('free');
  });
});

describe('an operator', () => {
  test('clears one count for good', async () => {
    await fail(32);
    failures.silent(QUIET);
    await settle();
    const sinceMs = failures.all()[0]?.sinceMs ?? 0;
    expect(await failures.clear({ kind: 'version', ...KEY }, sinceMs)).toBe(32);
    expect(failures.standing(KEY)).toBe('free');
    await boot();
    expect(failures.all().map(({ subject }) => subject)).toEqual([{ kind: 'node', nodeId: QUIET }]);
  });

  test('clears nothing by the word for an earlier count', async () => {
    await fail(32);
    const sinceMs = failures.all()[0]?.sinceMs ?? 0;
    const subject = { kind: 'version', ...KEY } as const;
    await failures.clear(subject, sinceMs);
    room.clock.pass(1);
    await fail(32);
    expect(await failures.clear(subject, sinceMs)).toBeUndefined();
    expect(failures.standing(KEY)).toBe('ended');
  });
});
