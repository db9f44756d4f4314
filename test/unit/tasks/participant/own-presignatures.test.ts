import { beforeEach, expect, test } from '@jest/globals';
import { keyId, sessionId, taskId, toHex } from '../../../../src/common/index.js';
import type { Presigned } from '../../../../src/gg20/index.js';
import { presignatureReadyBytes } from '../../../../src/identity/index.js';
import { bodyDigest, digestBytes, TO_ALL } from '../../../../src/mpc/index.js';
import { UPKEEP_METHODS } from '../../../../src/state/index.js';
import { PRESIGNATURE_KEPT_MS, PRESIGNATURE_RENEWED_MS } from '../../../../src/tasks/limits.js';
import type { LiveAttempt } from '../../../../src/tasks/live-tasks.js';
import { OwnPresignatures } from '../../../../src/tasks/participant/own-presignatures.js';
import { encode, PresignatureMade, PresignRequest } from '../../../../src/wire/index.js';
import { identityKeyOf, Ledger, sealOf } from '../../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepare,
  sessionAttempt,
  upkeep,
} from '../../../support/builders/participant-sets.js';
import { NOTHING, TaskRoom } from '../../../support/builders/task-room.js';

const KEY = 'ether';
const SIGNERS = ['node-1', 'node-2'];
const DAY_MS = 24 * 60 * 60 * 1000;

let room: TaskRoom;
let own: OwnPresignatures;
let serial = 0n;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  activeGg20Key(room.ledger, KEY);
  own = new OwnPresignatures(room.context, room.state, 2);
});

function presigned(number: number): Presigned {
  return {
    presigId: new Uint8Array(32).fill(number),
    session: new Uint8Array(32),
    presignature: new Uint8Array(8),
    readies: [],
    secret: new Uint8Array(64).fill(number),
  };
}

/** Opens a presign with an attempt, as this node sees it. */
function opened(): LiveAttempt {
  const { ledger } = room;
  const request = encode(PresignRequest, { keyId: KEY, version: 1, serial: ++serial });
  const [id = ''] = upkeep(ledger, request, UPKEEP_METHODS.presign).changedTasks;
  ledger.command({ $case: 'attempt', value: sessionAttempt(ledger, KEY, id, 1, SIGNERS) });
  const attempt = room.liveTasks().refresh(taskId(id))?.attempts[0];
  if (attempt === undefined) throw new Error('there is no attempt');
  return attempt;
}

/** The log's word that all signers of an attempt have a presignature. */
function done({ task, record }: LiveAttempt, { presigId }: Presigned): void {
  const digest = bodyDigest(presignatureReadyBytes(presigId));
  const ready = SIGNERS.map((node, at) => {
    const bytes = digestBytes(record.sessionId, 'gg20-presign/ready', at + 1, TO_ALL, digest);
    return sealOf(identityKeyOf(node), bytes);
  });
  const material = encode(PresignatureMade, { presignature: presigId, ready });
  room.ledger.command({ $case: 'done', value: { taskId: task.id, attempt: 1, material } });
}

/** Makes a presignature that the log tells of. */
function held(number: number): Presigned {
  const made = presigned(number);
  const attempt = opened();
  own.made(attempt, made);
  done(attempt, made);
  own.taskClosed(attempt.task.id);
  return made;
}

/** An attempt at a Sign that names a presignature. */
function naming({ presigId }: Presigned, names: readonly string[] = SIGNERS): LiveAttempt {
  const attempt = {
    ...sessionAttempt(room.ledger, KEY, 'a'.repeat(26), 1, names),
    presignature: presigId,
  };
  return {
    session: sessionId(toHex(new Uint8Array(32))),
    record: { attempt },
    task: { record: { keyId: keyId(KEY) } },
  } as unknown as LiveAttempt;
}

test('a presignature is here from the log’s word on, and a second entry that names it does not get it', () => {
  const made = presigned(1);
  const attempt = opened();
  own.made(attempt, made);
  expect(own.take(naming(made))).toBeUndefined();
  done(attempt, made);
  own.taskClosed(attempt.task.id);
  expect(own.take(naming(made))).toBe(made);
  expect(own.take(naming(made))).toBeUndefined();
});

test('a presignature of a task that fails is wiped', () => {
  const made = presigned(1);
  const attempt = opened();
  own.made(attempt, made);
  const value = { taskId: attempt.task.id, reason: 'NO', evidence: [] };
  room.ledger.command({ $case: 'failed', value });
  own.taskClosed(attempt.task.id);
  expect([made.secret[0], own.size]).toEqual([0, 0]);
});

test('an entry that names it drops it, when every session has had its chance', () => {
  const made = held(1);
  own.applied({ ...NOTHING, presignatures: [made.presigId] });
  expect(own.size).toBe(1);
  own.settled();
  expect([made.secret[0], own.size]).toEqual([0, 0]);
});

test('other signers, or one of them in another run, do not get it', () => {
  const made = held(1);
  expect(own.take(naming(made, ['node-1', 'node-3']))).toBeUndefined();
  expect(own.take(naming(made))).toBe(made);
});

test('a full pool has no room, until its oldest is some minutes old', () => {
  const oldest = held(1);
  held(2);
  const attempt = opened();
  expect(own.hasRoom(attempt)).toBe(false);
  room.clock.pass(PRESIGNATURE_RENEWED_MS);
  expect(own.hasRoom(attempt)).toBe(true);
  expect([oldest.secret[0], own.size]).toEqual([0, 1]);
});

test('an hour ends it, and so does the next generation of the set', () => {
  const old = held(1);
  room.clock.pass(PRESIGNATURE_KEPT_MS);
  own.sweep();
  expect([old.secret[0], own.size]).toEqual([0, 0]);

  const other = held(2);
  own.sweep();
  expect(own.size).toBe(1);
  room.ledger.timeMs += DAY_MS;
  prepare(room.ledger);
  own.sweep();
  expect([other.secret[0], own.size]).toEqual([0, 0]);
});

test('a node that stops wipes what it holds, and what it has made', () => {
  const [one, other] = [held(1), presigned(2)];
  own.made(opened(), other);
  own.close();
  expect([one.secret[0], other.secret[0], own.size]).toEqual([0, 0, 0]);
});
