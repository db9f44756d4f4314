import { beforeEach, expect, test } from '@jest/globals';
import { nodeId, toHex } from '../../../../src/common/index.js';
import { observationBytes } from '../../../../src/identity/index.js';
import { systemRandom } from '../../../../src/machine/index.js';
import { Leadership } from '../../../../src/tasks/leadership.js';
import { MonitorEntries } from '../../../../src/tasks/monitor/monitor-entries.js';
import { ObservationIntake } from '../../../../src/tasks/monitor/observation-intake.js';
import { Observer } from '../../../../src/tasks/monitor/observer.js';
import { ProbeAnswers } from '../../../../src/tasks/monitor/probe-answers.js';
import type { Observation } from '../../../../src/wire/index.js';
import { identityKeyOf, Ledger, sealOf, testGenesis } from '../../../support/builders/ledger.js';
import { settle, TaskRoom } from '../../../support/builders/task-room.js';

let room: TaskRoom;
let observer: Observer;

beforeEach(() => begin(new Ledger()));

function begin(ledger: Ledger): void {
  room = new TaskRoom('node-2', ledger);
  room.follow('node-1');
  const leadership = new Leadership(room.context.consensus);
  observer = new Observer(room.context, room.state.view, leadership, systemRandom);
}

/** The probes that were sent since the last look, by the peer. */
function probes(): ReadonlyMap<string, Uint8Array> {
  return new Map<string, Uint8Array>(
    room.takeSent().flatMap(({ to, message: { message } }) => {
      if (message?.$case === 'observation') told.push(message.value);
      return message?.$case === 'probe' ? [[String(to), message.value.nonce] as const] : [];
    }),
  );
}
let told: Observation[] = [];

/** So many seconds, in which each peer answers after its time, or not at all. */
function seconds(count: number, answerMs: Readonly<Record<string, number | undefined>>): void {
  told = [];
  for (let second = 0; second < count; second++) {
    observer.sweep();
    const sent = [...probes()];
    const slowest = sent
      .flatMap(([peer, nonce]) => {
        const ms = answerMs[peer];
        return ms === undefined ? [] : [{ peer, nonce, ms }];
      })
      .toSorted((a, b) => a.ms - b.ms);
    let passed = 0;
    for (const { peer, nonce, ms } of slowest) {
      room.clock.pass(ms - passed);
      passed = ms;
      observer.answered(nodeId(peer), nonce);
    }
    room.clock.pass(1_000 - passed);
  }
}

test('each other voter is probed once a second, with another number each time', () => {
  const numbers = new Set<string>();
  for (let second = 0; second < 5; second++) {
    observer.sweep();
    const sent = probes();
    expect([...sent.keys()].toSorted()).toEqual(['node-1', 'node-3']);
    for (const nonce of sent.values()) numbers.add(toHex(nonce));
    room.clock.pass(1_000);
  }
  expect(numbers.size).toBe(10);
  expect([...numbers].every((number) => number.length === 16)).toBe(true);
});

test('after three windows the leader is told what each took, signed by this node', () => {
  seconds(30, { 'node-1': 80, 'node-3': 2 });
  expect(told).toEqual([]);
  seconds(1, { 'node-1': 80, 'node-3': 2 });
  const [observation] = told;
  if (observation === undefined) throw new Error('nothing was told');
  expect(observation.links).toEqual([
    { nodeId: 'node-1', windowMs: [80, 80, 80] },
    { nodeId: 'node-3', windowMs: [2, 2, 2] },
  ]);
  const bytes = observationBytes(room.ledger.rules.genesis.clusterId, observation);
  expect(observation.signature).toEqual(sealOf(identityKeyOf('node-2'), bytes));
});

test('an observation is told again in the next window while the state lacks it, and then no more', () => {
  seconds(31, { 'node-1': 1, 'node-3': 1 });
  const [first] = told;
  seconds(10, { 'node-1': 1, 'node-3': 1 });
  expect(told).toHaveLength(1);
  const [second] = told;
  if (first === undefined || second === undefined) throw new Error('nothing was told');
  expect(second.timeMs).toBeGreaterThan(first.timeMs);
  room.ledger.timeMs = room.clock.now();
  room.ledger.command({ $case: 'observations', value: { observations: [second] } });
  seconds(100, { 'node-1': 1, 'node-3': 1 });
  expect(told).toEqual([]);
  seconds(230, { 'node-1': 1, 'node-3': 1 });
  expect(told.length).toBeGreaterThan(0);
});

test('an observation is later than the one before, unless that was told by a clock that was an hour ahead', () => {
  const answers = { 'node-1': 1, 'node-3': 1 };
  const record = (observation: Observation | undefined): void => {
    if (observation === undefined) throw new Error('nothing was told');
    room.ledger.timeMs = Number(observation.timeMs);
    room.ledger.command({ $case: 'observations', value: { observations: [observation] } });
  };
  seconds(31, answers);
  record(told.at(-1));
  const before = told.at(-1)?.timeMs ?? 0n;
  // The clock stands, or goes back a little: seconds that pass do not bring it there.
  room.clock.nowMs -= 320_000;
  seconds(310, answers);
  expect(told.at(-1)?.timeMs).toBe(before + 1n);
  room.clock.nowMs += 3_600_000;
  record(word('node-2', room.clock.nowMs));
  room.clock.nowMs -= 3_600_000;
  seconds(320, answers);
  expect(Math.abs(Number(told.at(-1)?.timeMs) - room.clock.nowMs)).toBeLessThan(60_000);
});

test('a peer that does not answer is as slow as can be', () => {
  seconds(31, { 'node-1': 1 });
  expect(told[0]?.links[1]).toEqual({
    nodeId: 'node-3',
    windowMs: [10_000, 10_000, 10_000],
  });
});

test('a probe waits for other messages to its peer, and its time begins when it leaves', () => {
  const leaving: (() => unknown)[] = [];
  const { context } = room;
  const outbox: typeof context.outbox = {
    ...context.outbox,
    sendSoon: (to, withinMs, message) => {
      expect(withinMs).toBe(300);
      leaving.push(() => context.outbox.sendSoon(to, withinMs, message));
    },
  };
  const leadership = new Leadership(context.consensus);
  observer = new Observer({ ...context, outbox }, room.state.view, leadership, systemRandom);
  for (let second = 0; second < 31; second++) {
    observer.sweep();
    room.clock.pass(250);
    for (const leaves of leaving.splice(0)) leaves();
    const sent = probes();
    room.clock.pass(7);
    for (const [peer, nonce] of sent) observer.answered(nodeId(peer), nonce);
    room.clock.pass(743);
  }
  probes();
  expect(told.at(-1)?.links.map(({ windowMs }) => windowMs.at(-1))).toEqual([7, 7]);

  // A node that stops says nothing any more.
  observer.sweep();
  observer.close();
  for (const leaves of leaving.splice(0)) leaves();
  expect(probes().size).toBe(0);
});

test('an answer counts once, from the node that was asked, to a number that was sent', () => {
  seconds(1, {});
  for (let second = 0; second < 31; second++) {
    observer.sweep();
    const sent = probes();
    const [one, three] = [sent.get('node-1'), sent.get('node-3')];
    if (one === undefined || three === undefined) throw new Error('there are probes');
    // A liar answers what others were asked, what was not asked, and with more than the number.
    observer.answered(nodeId('node-3'), one);
    observer.answered(nodeId('node-3'), new Uint8Array(8));
    observer.answered(nodeId('node-3'), Uint8Array.of(...three, 0));
    room.clock.pass(300);
    observer.answered(nodeId('node-3'), three);
    observer.answered(nodeId('node-1'), one);
    room.clock.pass(700);
  }
  expect(told.at(-1)?.links.map(({ windowMs }) => windowMs.at(-1))).toEqual([300, 300]);
});

test('below level 3 nobody is probed', () => {
  begin(new Ledger(testGenesis({ level: 2 })));
  observer.sweep();
  expect(room.takeSent()).toEqual([]);
});

test('a probe is answered when the write under way is durable, and at a bounded pace', async () => {
  const end: { durable?: () => void } = {};
  const written = new Promise<void>((resolve) => (end.durable = resolve));
  const { context } = room;
  const consensus = { ...context.consensus, written: () => written };
  const answers = new ProbeAnswers({ ...context, consensus });
  for (let probe = 0; probe < 100; probe++)
    answers.take(nodeId('node-1'), new Uint8Array(8).fill(probe));
  answers.take(nodeId('node-3'), new Uint8Array(9));
  answers.take(nodeId('node-3'), new Uint8Array(8).fill(7));
  await settle();
  expect(room.takeSent()).toEqual([]);
  end.durable?.();
  await settle();
  const sent = room.takeSent();
  // What one node asks for keeps no other from its answer.
  expect(sent.map(({ to }) => to)).toEqual([...Array<string>(16).fill('node-1'), 'node-3']);
  expect(sent[0]).toEqual({
    to: 'node-1',
    message: { message: { $case: 'probeAnswer', value: { nonce: new Uint8Array(8) } } },
  });
});

test('a node that stops answers no probe any more', async () => {
  const answers = new ProbeAnswers(room.context);
  answers.take(nodeId('node-1'), new Uint8Array(8));
  answers.close();
  await settle();
  expect(room.takeSent()).toEqual([]);
});

/** A voter's word that the state would take. */
function word(node: string, timeMs: number): Observation {
  const links = ['node-1', 'node-2', 'node-3']
    .filter((other) => other !== node)
    .map((other) => ({ nodeId: other, windowMs: [1, 2, 3] }));
  const unsigned = { nodeId: node, timeMs: BigInt(timeMs), links };
  const bytes = observationBytes(room.ledger.rules.genesis.clusterId, unsigned);
  return { ...unsigned, signature: sealOf(identityKeyOf(node), bytes) };
}

test('a leader records what voters tell together, and once in ten seconds at most', () => {
  room = new TaskRoom('node-1');
  const leadership = new Leadership(room.context.consensus);
  const intake = new ObservationIntake(
    room.context,
    room.state.view,
    leadership,
    new MonitorEntries(room.context, room.state.view),
  );
  const { timeMs } = room.ledger;
  intake.take(nodeId('node-2'), word('node-2', timeMs));
  intake.take(nodeId('node-3'), word('node-2', timeMs + 1));
  intake.take(nodeId('node-3'), { ...word('node-3', timeMs), signature: new Uint8Array(64) });
  intake.sweep();
  expect(room.takeProposed()).toEqual([]);
  room.clock.pass(2_000);
  intake.sweep();
  expect(room.takeProposed()).toEqual([
    { $case: 'observations', value: { observations: [word('node-2', timeMs)] } },
  ]);
  for (const node of ['node-1', 'node-2', 'node-3'])
    intake.take(nodeId(node), word(node, timeMs + 5));
  room.clock.pass(9_000);
  intake.sweep();
  expect(room.takeProposed()).toEqual([]);
  room.clock.pass(1_000);
  intake.sweep();
  const [command] = room.takeProposed();
  const observers =
    command?.$case === 'observations'
      ? command.value.observations.map((each) => each.nodeId)
      : undefined;
  expect(observers).toEqual(['node-1', 'node-2', 'node-3']);
});
