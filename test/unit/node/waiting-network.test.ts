import { beforeEach, expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import { HELD_MESSAGES_MAX, WaitingNetwork } from '../../../src/node/waiting-network.js';
import { ManualClock } from '../../support/builders/task-room.js';

const [A, B] = [nodeId('node-a'), nodeId('node-b')];

let clock: ManualClock;
let sent: string[];
let network: WaitingNetwork;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  network = new WaitingNetwork(
    { send: (to, channel, bytes) => sent.push(`${to} ${channel} ${bytes.join()}`) },
    clock,
  );
});

const message = (number: number) => () => Uint8Array.of(number);

test('a message that may wait leaves before the next one for its peer, and not with one for another', () => {
  network.sendSoon(A, 'raft', 20, message(1));
  network.sendSoon(A, 'tasks', 20, message(2));

  network.send(B, 'raft', Uint8Array.of(3));
  expect(sent).toEqual(['node-b raft 3']);
  network.send(A, 'tasks', Uint8Array.of(4));

  expect(sent.slice(1)).toEqual(['node-a raft 1', 'node-a tasks 2', 'node-a tasks 4']);
  clock.pass(100);
  expect(sent).toHaveLength(4);
});

test('where nothing else leaves, it leaves when its time is over, with all that waits for its peer', () => {
  network.sendSoon(A, 'raft', 20, message(1));
  network.sendSoon(B, 'raft', 20, message(2));
  network.sendSoon(A, 'raft', 5, message(3));
  network.sendSoon(A, 'raft', 30, message(4));

  clock.pass(4);
  expect(sent).toEqual([]);
  clock.pass(1);
  expect(sent).toEqual(['node-a raft 1', 'node-a raft 3', 'node-a raft 4']);
  clock.pass(15);

  expect(sent.slice(3)).toEqual(['node-b raft 2']);
});

test('a message that may wait longer when its time is over is asked once, and rides with what leaves before', () => {
  let asked = 0;
  const longer = (): number => ++asked * 10;
  network.sendSoon(A, 'raft', 2, message(1), longer);
  network.sendSoon(B, 'raft', 2, message(2), () => 0);

  clock.pass(2);
  expect(sent).toEqual(['node-b raft 2']);
  clock.pass(9);
  expect(sent).toHaveLength(1);
  clock.pass(1);
  expect(sent.slice(1)).toEqual(['node-a raft 1']);
  expect(asked).toBe(1);

  network.sendSoon(A, 'raft', 2, message(3), longer);
  network.send(A, 'raft', Uint8Array.of(4));
  expect(sent.slice(2)).toEqual(['node-a raft 3', 'node-a raft 4']);
  expect(asked).toBe(1);
});

test('a message of no use any more when it would leave is not sent', () => {
  let isOfUse = true;
  network.sendSoon(A, 'tasks', 20, () => (isOfUse ? Uint8Array.of(1) : undefined));
  network.sendSoon(A, 'tasks', 20, message(2));

  isOfUse = false;
  clock.pass(20);

  expect(sent).toEqual(['node-a tasks 2']);
});

test('no more messages wait for a peer than one frame carries', () => {
  for (let number = 1; number < HELD_MESSAGES_MAX; number++) {
    network.sendSoon(A, 'raft', 20, message(number));
  }
  expect(sent).toEqual([]);

  network.sendSoon(A, 'raft', 20, message(0));

  expect(sent).toHaveLength(HELD_MESSAGES_MAX);
});

test('a stopped one sends nothing that waited', () => {
  network.sendSoon(A, 'tasks', 20, message(1));

  network.stop();
  network.sendSoon(A, 'tasks', 20, message(2));
  clock.pass(100);
  network.send(A, 'tasks', Uint8Array.of(3));

  expect(sent).toEqual(['node-a tasks 3']);
});
