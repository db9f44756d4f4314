import { beforeEach, expect, test } from '@jest/globals';
import { sessionId, taskId, toHex } from '../../../../src/common/index.js';
import type { SessionId } from '../../../../src/common/index.js';
import { encode, Gg20Profile, SetRecord } from '../../../../src/wire/index.js';
import { setIdOf } from '../../../../src/identity/index.js';
import { dueUpkeep, readSets, setIdBytes } from '../../../../src/state/index.js';
import { Generations } from '../../../../src/tasks/participant/generations.js';
import {
  decodeGenerationRecord,
  encodeGenerationRecord,
} from '../../../../src/tasks/participant/generation-record.js';
import { PrimePool } from '../../../../src/tasks/participant/prime-pool.js';
import type { LiveTasks } from '../../../../src/tasks/live-tasks.js';
import { askForGg20Key } from '../../../support/builders/gg20-cluster.js';
import { bootOf, fill, identityKeyOf, Ledger, NODES } from '../../../support/builders/ledger.js';
import { prepared as preparedWord } from '../../../support/builders/participant-sets.js';
import { settle, TaskRoom } from '../../../support/builders/task-room.js';

let room: TaskRoom;
let tasks: LiveTasks;
let generations: Generations;
let primes: PrimePool;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  tasks = room.liveTasks();
  primes = new PrimePool({ prime: () => new Promise(() => undefined) }, room.context.logger);
  generations = new Generations(room.context, {
    view: room.state.view,
    tasks,
    materials: room.keys.materials,
    arithmetic: room.arithmetic,
    primes,
  });
});

/** Opens the prepare of a key's set. @returns The set's id, and the session of the first attempt. */
function prepare(): { setId: Uint8Array; session: SessionId } {
  const { ledger } = room;
  askForGg20Key(ledger, 'gg20-key');
  const [value] = dueUpkeep(ledger.state, ledger.rules, ledger.timeMs);
  if (value === undefined) throw new Error('nothing is due');
  const [opened = ''] = ledger.command({ $case: 'upkeep', value }).changedTasks;
  const task = ledger.task(opened);
  ledger.command({
    $case: 'attempt',
    value: {
      taskId: opened,
      number: 1,
      version: 0,
      sharingSession: new Uint8Array(0),
      requestHash: task.requestHash,
      auxiliary: undefined,
      dealers: [],
      assignment: {
        $case: 'boots',
        value: { nodes: NODES.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) })) },
      },
    },
  });
  const live = tasks.refresh(taskId(opened));
  const [set] = readSets(ledger.state).map(([id]) => id);
  return { setId: setIdBytes(set ?? ''), session: live?.attempts[0]?.session ?? sessionId('') };
}

async function keep(setId: Uint8Array, session: SessionId): Promise<void> {
  await room.keys.materials.keep({
    setId,
    generation: 1,
    sessionId: session,
    digest: fill(5),
    profile: 'P2048',
    secret: fill(6),
    record: fill(7),
  });
}

const kept = async (): Promise<readonly string[]> =>
  (await room.keys.materials.kept()).map(({ sessionId: session }) => session);

async function sweep(): Promise<void> {
  generations.sweep();
  await settle();
  await settle();
}

test('material of a set that the state does not have is dropped, and not before the state is known', async () => {
  await keep(fill(1).subarray(0, 16), sessionId(toHex(fill(2))));
  room.status = { ...room.status, current: false };
  await sweep();
  expect(await kept()).toHaveLength(1);
  room.status = { ...room.status, current: true };
  await sweep();
  expect(await kept()).toEqual([]);
});

test('material of an attempt whose task is open stays, that of an attempt that is gone does not', async () => {
  const { setId, session } = prepare();
  await keep(setId, session);
  await keep(setId, sessionId(toHex(fill(2))));
  await sweep();
  expect(await kept()).toEqual([session]);
});

test('material of a generation that becomes active while the store is read stays', async () => {
  const { setId, session } = prepare();
  await keep(setId, session);
  const { ledger } = room;
  const open = ledger.ask.tasks('', 9, true).find(({ kind }) => kind === 'prepare');
  if (open === undefined) throw new Error('there is a prepare');

  generations.sweep();
  for (const node of NODES) {
    const value = preparedWord(ledger, ledger.task(open.taskId), node);
    ledger.command({ $case: 'prepared', value });
  }
  tasks.refresh(taskId(open.taskId));
  await settle();
  await settle();

  expect(tasks.attempt(session)).toBeUndefined();
  expect(await kept()).toEqual([session]);
  await sweep();
  expect(await kept()).toEqual([session]);
});

test('primes are kept for the sets that are in use, and for none where there are none', async () => {
  await sweep();
  expect(primes.stocks).toEqual([]);
  askForGg20Key(room.ledger, 'gg20-key');
  await sweep();
  expect(primes.stocks).toEqual([{ profile: 'P2048', ready: 0, making: true }]);
});

test('a record beside material is read as it was written, and other bytes are none', () => {
  const record = { command: fill(1), material: fill(2) };
  const bytes = encodeGenerationRecord(record);
  expect(decodeGenerationRecord(bytes)).toEqual(record);
  expect(decodeGenerationRecord(bytes.with(0, 2))).toBeUndefined();
  expect(decodeGenerationRecord(bytes.subarray(0, 4))).toBeUndefined();
  expect(decodeGenerationRecord(bytes.with(1, 255))).toBeUndefined();
});

test('material that this node should hold and does not is told once, and an attempt that names another generation is none of its', async () => {
  const participants = NODES.map((node) => ({ nodeId: node, identityKey: identityKeyOf(node) }));
  const set = { profile: Gg20Profile.P2048, participants } as const;
  const setId = setIdBytes(setIdOf(set));
  const preparation = {
    sessionId: fill(1),
    setId,
    generation: 2,
    members: [...NODES],
    digest: fill(3),
  };
  const active = { preparation, prepared: [], timeMs: 0n };
  room.ledger.state.put([
    [
      `set/${setIdOf(set)}`,
      encode(SetRecord, SetRecord.fromPartial({ ...set, participants, active })),
    ],
  ]);
  const named = { setId, generation: 2, digest: fill(3) };
  expect(await generations.load(set, { ...named, generation: 1 })).toBeUndefined();
  expect(await generations.load(set, { ...named, digest: fill(4) })).toBeUndefined();
  expect(room.alarms).toEqual([]);
  for (let time = 0; time < 3; time++) {
    expect(await generations.load(set, named)).toBeUndefined();
  }
  expect(room.alarms).toEqual(['no auxiliary material on this node']);
});
