import { beforeEach, describe, expect, test } from '@jest/globals';
import { presignatureReadyBytes } from '../../../src/identity/index.js';
import { readyBytes } from '../../../src/gg20/index.js';
import { bodyDigest, digestBytes, TO_ALL } from '../../../src/mpc/index.js';
import {
  dueUpkeep,
  METHODS,
  presignatureOf,
  readKey,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import { PRESIGN_WAIT_MS, PRESIGN_WAIT_MS_MAX } from '../../../src/state/limits.js';
import {
  encode,
  Hash,
  PresignatureMade,
  PresignRequest,
  SignRequest,
} from '../../../src/wire/index.js';
import type { Attempt, TaskRecord } from '../../../src/wire/index.js';
import { identityKeyOf, Ledger, sealOf } from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { activeGg20Key, sessionAttempt, upkeep } from '../../support/builders/participant-sets.js';

const KEY = 'ether';
const ID = new Uint8Array(32).fill(7);
const SIGNERS = ['node-1', 'node-2'];

let ledger: Ledger;
let serial = 0n;

beforeEach(() => {
  ledger = new Ledger();
  serial = 0n;
  activeGg20Key(ledger, KEY);
});

function presign(more: Partial<PresignRequest> = {}): AppliedEntry {
  const request = encode(PresignRequest, { keyId: KEY, version: 1, serial: ++serial, ...more });
  return upkeep(ledger, request, UPKEEP_METHODS.presign);
}

/** Opens a presign with one attempt among the signers. */
function attempted(): TaskRecord {
  const [id = ''] = presign().changedTasks;
  const value = sessionAttempt(ledger, KEY, id, 1, SIGNERS);
  expect(ledger.command({ $case: 'attempt', value }).alarm).toBeUndefined();
  return ledger.task(id);
}

/** The signature of READY that a signer at a place says, in a session. */
function ready(task: TaskRecord, node: string, at: number, id = ID): Uint8Array {
  const session = task.attempts[0]?.sessionId ?? new Uint8Array(32);
  const digest = bodyDigest(presignatureReadyBytes(id));
  const bytes = digestBytes(session, 'gg20-presign/ready', at + 1, TO_ALL, digest);
  return sealOf(identityKeyOf(node), bytes);
}

function done(task: TaskRecord, made: PresignatureMade): AppliedEntry {
  const material = encode(PresignatureMade, made);
  return ledger.command({ $case: 'done', value: { taskId: task.taskId, attempt: 1, material } });
}

function fail(task: string): AppliedEntry {
  return ledger.command({ $case: 'failed', value: { taskId: task, reason: 'NO', evidence: [] } });
}

describe('when one is due', () => {
  test('of a key in use, in its active version, and the rules propose none', () => {
    expect(dueUpkeep(ledger.state, ledger.rules, ledger.timeMs)).toEqual([]);
    const opened = presign();
    expect(opened.events.map(({ type }) => type)).toEqual(['upkeep-opened']);
    expect(opened.changedTasks).toHaveLength(1);
  });

  test('an entry for a key or a version that there is not is void with an alarm', () => {
    ledger.generate('frost-key');
    for (const more of [{ keyId: 'other' }, { version: 2 }, { keyId: 'frost-key' }]) {
      const { changedTasks, alarm } = presign(more);
      expect([changedTasks, alarm]).toEqual([[], 'upkeep that is not due']);
    }
  });

  test('four are open at most', () => {
    const opened = [1, 2, 3, 4, 5].map(() => presign());
    expect(opened.map(({ changedTasks }) => changedTasks.length)).toEqual([1, 1, 1, 1, 0]);
    // Its leader may not have applied the others yet.
    expect(opened.at(-1)?.alarm).toBeUndefined();
  });

  test('after one that came to nothing the next waits, for twice as long each time, up to an hour', () => {
    let waitMs = PRESIGN_WAIT_MS;
    for (let failures = 1; failures <= 12; failures++) {
      const [id = ''] = presign().changedTasks;
      fail(id);
      ledger.timeMs += waitMs - 1;
      expect(presign().changedTasks).toEqual([]);
      ledger.timeMs += 1;
      waitMs = Math.min(2 * waitMs, PRESIGN_WAIT_MS_MAX);
    }
  });

  test('a success ends the wait', () => {
    const [id = ''] = presign().changedTasks;
    const task = attempted();
    fail(id);
    expect(presign().changedTasks).toEqual([]);
    done(task, { presignature: ID, ready: SIGNERS.map((node, at) => ready(task, node, at)) });
    expect(presign().changedTasks).toHaveLength(1);
  });
});

describe('the log takes of one', () => {
  test('the READY of every signer, and the result names the presignature and them', () => {
    const task = attempted();
    const said = SIGNERS.map((node, at) => ready(task, node, at));
    expect(done(task, { presignature: ID, ready: said }).alarm).toBeUndefined();
    expect(presignatureOf(ledger.task(task.taskId))).toEqual({
      presignature: ID,
      keyVersion: 1,
      signers: SIGNERS,
      attempt: 1,
    });
  });

  test.each<[string, (task: TaskRecord) => PresignatureMade]>([
    [
      'lacks the READY of a signer',
      (task) => ({ presignature: ID, ready: [ready(task, 'node-1', 0)] }),
    ],
    [
      'has the READY of one signer twice',
      (task) => ({ presignature: ID, ready: [ready(task, 'node-1', 0), ready(task, 'node-1', 1)] }),
    ],
    [
      'has the READY of a node that is no signer',
      (task) => ({ presignature: ID, ready: [ready(task, 'node-1', 0), ready(task, 'node-3', 1)] }),
    ],
    [
      'names another presignature than its signers',
      (task) => ({
        presignature: new Uint8Array(32).fill(8),
        ready: SIGNERS.map((node, at) => ready(task, node, at)),
      }),
    ],
    [
      'names something that is no presignature',
      (task) => ({
        presignature: ID.slice(1),
        ready: SIGNERS.map((node, at) => ready(task, node, at, ID.slice(1))),
      }),
    ],
    ['has nothing', () => ({ presignature: ID, ready: [] })],
  ])('a done that %s is void with an alarm', (_, made) => {
    const task = attempted();
    const { alarm } = done(task, made(task));
    expect(alarm).toBe('a done entry that breaks the rules');
    expect(ledger.task(task.taskId).outcome).toBeUndefined();
  });

  test('the READY of another session counts for nothing', () => {
    const [one, other] = [attempted(), attempted()];
    const said = SIGNERS.map((node, at) => ready(other, node, at));
    expect(done(one, { presignature: ID, ready: said }).alarm).toBe(
      'a done entry that breaks the rules',
    );
  });

  test('an attempt names no presignature, and exactly as many members as it takes to sign', () => {
    const [id = ''] = presign().changedTasks;
    const value = sessionAttempt(ledger, KEY, id, 1, SIGNERS);
    const wrong: readonly Attempt[] = [
      { ...value, presignature: ID },
      { ...value, version: 2 },
      sessionAttempt(ledger, KEY, id, 1, ['node-1']),
      sessionAttempt(ledger, KEY, id, 1, ['node-1', 'node-2', 'node-3']),
    ];
    for (const each of wrong) {
      const { alarm } = ledger.command({ $case: 'attempt', value: each });
      expect(alarm).toBe('an attempt that breaks the rules');
    }
  });
});

/** An attempt at a Sign that names a presignature. */
function sign(payload: 'message' | 'digest', presignature: Uint8Array): AppliedEntry {
  const request = encode(SignRequest, {
    requestId: `sign-${payload}-${presignature.length}`,
    keyId: KEY,
    payload: { $case: payload, value: new Uint8Array(32) },
    derivationPath: [],
    hash: payload === 'message' ? Hash.SHA256 : Hash.UNSPECIFIED,
  });
  const entry = ledger.command(
    { $case: 'request', value: ledger.request(METHODS.sign, request) },
    3,
  );
  const [id = ''] = entry.changedTasks;
  const value = { ...sessionAttempt(ledger, KEY, id, 1, SIGNERS), presignature };
  return ledger.command({ $case: 'attempt', value });
}

describe('an attempt at a Sign', () => {
  test('may name a presignature, which pools and holders forget by it', () => {
    const { alarm, events } = sign('message', ID);
    expect(alarm).toBeUndefined();
    expect(events).toContainEqual({ type: 'presignature-named', presignature: ID });
  });

  test('names none for a bare digest, and none of another length', () => {
    for (const { alarm, events } of [sign('digest', ID), sign('message', ID.slice(1))]) {
      expect(alarm).toBe('an attempt that breaks the rules');
      // It is forgotten all the same: a leader that lies wastes it, and no more.
      expect(events.map(({ type }) => type)).toContain('presignature-named');
    }
  });
});

test('READY is of the bytes that the session signs', () => {
  expect(presignatureReadyBytes(ID)).toEqual(readyBytes(ID));
  expect(readKey(ledger.state, KEY)?.version).toBe(1);
});
