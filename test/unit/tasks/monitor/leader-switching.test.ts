import { beforeEach, expect, test } from '@jest/globals';
import type { NodeId, TaskId } from '../../../../src/common/index.js';
import { observationBytes } from '../../../../src/identity/index.js';
import type { TransferRefusal } from '../../../../src/raft/index.js';
import { readMonitor } from '../../../../src/state/index.js';
import type { TaskContext } from '../../../../src/tasks/index.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import { LeaderSwitching } from '../../../../src/tasks/monitor/leader-switching.js';
import { MonitorEntries } from '../../../../src/tasks/monitor/monitor-entries.js';
import { identityKeyOf, Ledger, NODES, sealOf } from '../../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../../support/builders/task-room.js';

let room: TaskRoom;
let switching: LeaderSwitching;
let entries: MonitorEntries;
/** How many committed entries each follower lacks. */
let lags: Map<string, number>;
let transfers: (NodeId | undefined)[];
let fate: TransferRefusal;

beforeEach(() => {
  room = new TaskRoom('node-1', new Ledger());
  lags = new Map();
  transfers = [];
  fate = 'not-elected';
  const context: TaskContext = {
    ...room.context,
    consensus: {
      ...room.context.consensus,
      lagOf: (voter) => (voter === room.self ? undefined : (lags.get(voter) ?? 0)),
      transferLeadership: async (target) => {
        transfers.push(target);
        return fate;
      },
    },
  };
  const leadership = new Leadership(context.consensus);
  entries = new MonitorEntries(context, room.state.view);
  switching = new LeaderSwitching(context, room.state, leadership, tasks(), entries);
});

let live: ReturnType<TaskRoom['liveTasks']>;
function tasks(): typeof live {
  live = room.liveTasks();
  return live;
}

/** All voters say now that this node is slow. */
function tell(): void {
  const observations = NODES.map((node) => {
    const links = NODES.filter((other) => other !== node).map((other) => {
      const ms = [node, other].includes(room.self) ? 100 : 1;
      return { nodeId: other, windowMs: [ms, ms, ms] };
    });
    const unsigned = { nodeId: node as string, timeMs: BigInt(room.ledger.timeMs), links };
    const bytes = observationBytes(room.ledger.rules.genesis.clusterId, unsigned);
    return { ...unsigned, signature: sealOf(identityKeyOf(node), bytes) };
  });
  room.ledger.command({ $case: 'observations', value: { observations } });
}

/** Two minutes in which this node is slow, and the last ten seconds' looks. */
function slow(): void {
  tell();
  room.ledger.timeMs += 120_000;
  tell();
  for (let sweep = 0; sweep < 9; sweep++) switching.sweep();
}

function look(): ReturnType<TaskRoom['takeProposed']> {
  switching.sweep();
  return room.takeProposed();
}

test('a slow leader has its end recorded, and hands over once that is applied', async () => {
  slow();
  expect(room.takeProposed()).toEqual([]);
  const [command, ...more] = look();
  expect(more).toEqual([]);
  expect(command).toEqual({
    $case: 'leaderSwitch',
    value: { fromNodeId: 'node-1', toNodeId: 'node-2' },
  });
  expect(look()).toEqual([]);
  expect(transfers).toEqual([]);
  if (command === undefined) throw new Error('there is a command');
  room.ledger.command(command);
  look();
  look();
  await settle();
  expect(transfers).toEqual(['node-2']);
  expect(switching.verdict).toMatchObject({ kind: 'stay', reason: 'under-way' });
});

test('a follower that lacks more than a few entries at any of ten looks is no successor', () => {
  lags.set('node-2', 65);
  slow();
  lags.set('node-2', 0);
  expect(look()).toEqual([
    { $case: 'leaderSwitch', value: { fromNodeId: 'node-1', toNodeId: 'node-3' } },
  ]);
  expect(readMonitor(room.state.view).record.switches).toEqual([]);
});

test('a leader that no follower follows closely stays', () => {
  for (const node of NODES) lags.set(node, 65);
  slow();
  expect(look()).toEqual([]);
  expect(switching.verdict).toMatchObject({ kind: 'stay', reason: 'behind' });
});

test('while a key is being made the leader stays, for a minute', () => {
  slow();
  const [id = ''] = room.ledger.generate('treasury').changedTasks;
  room.ledger.attempt(room.ledger.task(id));
  live.refresh(id as TaskId);
  expect(look()).toEqual([]);
  expect(switching.verdict).toMatchObject({ kind: 'stay', reason: 'sharing' });
  room.ledger.timeMs += 60_000;
  tell();
  expect(look()).toHaveLength(1);
});

test('while observations are on their way into the log no switch is proposed', () => {
  slow();
  expect(entries.propose({ $case: 'observations', value: { observations: [] } })).toBe(true);
  room.takeProposed();
  expect(look()).toEqual([]);
  expect(switching.verdict?.kind).toBe('switch');
  room.ledger.timeMs += 1;
  tell();
  expect(look()).toHaveLength(1);
});

test('a node that does not lead looks after nothing', () => {
  slow();
  room.follow('node-2');
  expect(look()).toEqual([]);
  expect(switching.verdict).toBeUndefined();
});

test('a switch whose observations are about to be too old is not proposed any more', () => {
  slow();
  room.ledger.timeMs += 28_001;
  expect(look()).toEqual([]);
  expect(switching.verdict?.kind).toBe('switch');
  tell();
  expect(look()).toHaveLength(1);
});
