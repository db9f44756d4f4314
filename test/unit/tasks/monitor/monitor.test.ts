import { beforeEach, expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { observationBytes } from '../../../../src/identity/index.js';
import { systemRandom } from '../../../../src/machine/index.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import { Monitor } from '../../../../src/tasks/monitor/monitor.js';
import type { MonitorMode } from '../../../../src/tasks/monitor/monitor.js';
import type { Observation } from '../../../../src/wire/index.js';
import { identityKeyOf, NODES, sealOf } from '../../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../../support/builders/task-room.js';

const PEER = nodeId('node-2');

let room: TaskRoom;

beforeEach(() => {
  room = new TaskRoom('node-1');
});

function monitorThat(mode: MonitorMode): Monitor {
  const leadership = new Leadership(room.context.consensus);
  const tasks = room.liveTasks();
  return new Monitor(
    room.context,
    { state: room.state, leadership, tasks, random: systemRandom },
    mode,
  );
}

/** What a voter says that finds another slow, so slow that it may lead no more. */
function word(node: string, slow: string): Observation {
  const links = NODES.filter((other) => other !== node).map((other) => {
    const ms = [node, other as string].includes(slow) ? 200 : 1;
    return { nodeId: other, windowMs: [ms, ms, ms] };
  });
  const unsigned = { nodeId: node, timeMs: BigInt(room.ledger.timeMs), links };
  const bytes = observationBytes(room.ledger.rules.genesis.clusterId, unsigned);
  return { ...unsigned, signature: sealOf(identityKeyOf(node), bytes) };
}

/** Half a minute of a leader whom a peer probes and tells what it has seen; what leaves it, by kind. */
async function halfMinute(monitor: Monitor): Promise<readonly string[]> {
  const kinds = new Set<string>();
  for (let second = 0; second < 31; second++) {
    monitor.probed(PEER, new Uint8Array(8).fill(second));
    monitor.observed(PEER, word('node-2', 'node-1'));
    for (const work of monitor.works) work.sweep?.();
    await settle();
    for (const { message } of room.takeSent()) kinds.add(message.message?.$case ?? '');
    for (const command of room.takeProposed()) kinds.add(command.$case);
    room.clock.pass(1_000);
  }
  return [...kinds].toSorted();
}

test('a monitor that is off neither asks nor answers, records nothing and chooses nobody', async () => {
  const monitor = monitorThat('off');
  expect(monitor.works).toEqual([]);
  expect(monitor.choice).toBeUndefined();
  expect(await halfMinute(monitor)).toEqual([]);
  expect(monitor.status).toMatchObject({ mode: 'off', scores: [], leaders: [] });
});

test('a monitor that is on asks, answers, and records what is told', async () => {
  const monitor = monitorThat('on');
  expect(monitor.choice).toBeDefined();
  expect(await halfMinute(monitor)).toEqual([
    'observation',
    'observations',
    'probe',
    'probeAnswer',
  ]);
});

test.each([
  ['on', true],
  ['observe', false],
] as const)('where it is %s, that a slow leader hands over is %s', (mode, handsOver) => {
  const monitor = monitorThat(mode);
  const tell = (): void => {
    const observations = NODES.map((node) => word(node, 'node-1'));
    room.ledger.command({ $case: 'observations', value: { observations } });
  };
  tell();
  room.ledger.timeMs += 120_000;
  tell();
  for (let second = 0; second < 10; second++) for (const work of monitor.works) work.sweep?.();
  const isProposed = room.takeProposed().some(({ $case }) => $case === 'leaderSwitch');
  expect(isProposed).toBe(handsOver);
  expect(monitor.status.verdict?.kind).toBe('switch');
});
