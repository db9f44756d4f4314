import { expect, test } from '@jest/globals';

import { utf8 } from '../../../src/common/index.js';
import { A, B } from './builders.js';
import { NO_FAULTS, twoMachines, pass } from './two-machines.js';

test('the simulated network exchanges hellos before messages flow', async () => {
  const { world, machine } = twoMachines();
  await pass(world, 0.001);
  machine(A).process?.ports.network.send(B, 'raft', utf8('too early'));
  await pass(world, 1_000);
  machine(A).process?.ports.network.send(B, 'raft', utf8('now'));
  await pass(world, 100);

  expect(machine(A).process?.heard).toEqual([`+${B}`]);
  expect(machine(B).process?.heard).toEqual([`+${A}`, `${A} raft now`]);
});

test('a cut loses messages one way, and then the connection, until it heals', async () => {
  const { world, machine, network } = twoMachines();
  await pass(world, 1_000);

  network.cut([[A, B]]);
  machine(A).process?.ports.network.send(B, 'raft', utf8('lost'));
  machine(B).process?.ports.network.send(A, 'raft', utf8('heard'));
  await pass(world, 5_000);
  network.cut([]);
  await pass(world, 1_000);

  expect(machine(A).process?.heard).toEqual([`+${B}`, `${B} raft heard`, `-${B}`, `+${B}`]);
  expect(machine(B).process?.heard).toEqual([`+${A}`, `-${A}`, `+${A}`]);
  expect(world.counts.droppedMessages).toBe(1);
});

test('a process that died at its second call sent one message, and its next life gets none for the first', async () => {
  const { world, machine } = twoMachines();
  await pass(world, 1_000);
  const { life } = machine(A);
  if (life?.process === undefined) throw new Error('it runs');

  life.callsLeft = 1;
  life.process.ports.network.send(B, 'raft', utf8('one'));
  life.process.ports.network.send(B, 'raft', utf8('two'));
  expect(life.doomed).toBe(true);
  machine(A).crash();
  await pass(world, 5_000);
  machine(A).boot();
  await pass(world, 1_000);

  expect(machine(B).process?.heard).toEqual([`+${A}`, `${A} raft one`, `-${A}`, `+${A}`]);
  expect(machine(A).process?.heard).toEqual([`+${B}`]);
});

test('a paused process gets all messages late, in order', async () => {
  const { world, machine } = twoMachines();
  await pass(world, 1_000);

  machine(B).pause(500);
  for (const text of ['one', 'two', 'three']) {
    machine(A).process?.ports.network.send(B, 'tasks', utf8(text));
    await pass(world, 10);
  }
  expect(machine(B).process?.heard).toEqual([`+${A}`]);
  await pass(world, 1_000);

  const heard = ['one', 'two', 'three'].map((text) => `${A} tasks ${text}`);
  expect(machine(B).process?.heard).toEqual([`+${A}`, ...heard]);
});

test('lost, doubled and late messages follow the fault rates', async () => {
  const network = { ...NO_FAULTS.network, loss: 0.3, duplicates: 0.3, late: 0.5 };
  const { world, machine } = twoMachines({ ...NO_FAULTS, network });
  await pass(world, 1_000);

  for (let number = 0; number < 1_000; number++) {
    machine(A).process?.ports.network.send(B, 'raft', utf8(String(number)));
  }
  await pass(world, 5_000);

  const { droppedMessages, duplicatedMessages } = world.counts;
  for (const count of [droppedMessages, duplicatedMessages]) {
    expect(count).toBeGreaterThan(200);
    expect(count).toBeLessThan(400);
  }
  const arrived = (machine(B).process?.heard.length ?? 0) - 1;
  expect(arrived).toBe(1_000 - droppedMessages + duplicatedMessages);
});
