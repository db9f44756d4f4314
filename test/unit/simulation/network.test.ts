import { expect, test } from '@jest/globals';

import { utf8, type NodeId } from '../../../src/common/index.js';
import { Machine, type Life } from '../../simulation/machine.js';
import { SimulatedNetwork } from '../../simulation/network.js';
import type { LifePorts, Process } from '../../simulation/process.js';
import { Rng } from '../../simulation/rng.js';
import { Trace } from '../../simulation/trace.js';
import { drawWeather, type Weather } from '../../simulation/weather.js';
import { World } from '../../simulation/world.js';
import { A, B, status } from './builders.js';

/** A process that only remembers what it was told, and a way to make it speak. */
type Listener = Process & { readonly heard: string[]; readonly ports: LifePorts };

function listen(ports: LifePorts): Listener {
  const heard: string[] = [];
  return {
    heard,
    ports,
    receive: (from, channel, bytes) => {
      heard.push(`${from} ${channel} ${Buffer.from(bytes).toString()}`);
    },
    connected: (peer) => void heard.push(`+${peer}`),
    disconnected: (peer) => void heard.push(`-${peer}`),
    status: () => status(0, 0),
    stop: () => Promise.resolve(),
  };
}

const FINE: Weather = {
  ...drawWeather(1),
  network: { latencyMs: 1, jitter: 2, loss: 0, duplicates: 0, late: 0, spikes: 0 },
};

/** Two machines and the network between them. */
function town(weather: Weather = FINE): {
  world: World;
  machine: (id: NodeId) => Machine<Listener>;
  network: SimulatedNetwork<Listener>;
} {
  const world = new World(new Trace());
  const machines = [A, B].map(
    (id) =>
      new Machine<Listener>(id, {
        world,
        weather,
        seed: 1,
        start: async (_, ports) => listen(ports),
        events: {
          running: (machine) => network.running(machine),
          died: (_, life) => network.died(life),
          send: (life: Life<Listener>, to, channel, bytes) =>
            network.send(life, to, channel, bytes),
          persisted: () => undefined,
          shareKept: () => undefined,
          violation: (checker, detail) => {
            throw new Error(`${checker}: ${detail}`);
          },
        },
      }),
  );
  const network = new SimulatedNetwork<Listener>(world, machines, weather.network, new Rng(1, 'n'));
  const machine = (id: NodeId): Machine<Listener> => {
    const found = machines.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no machine ${id}`);
    return found;
  };
  for (const each of machines) each.boot();
  return { world, machine, network };
}

/** Lets what was begun outside of an event come to rest, and then time pass. */
async function pass(world: World, ms: number): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
  await world.run(world.now() + ms, () => false);
}

test('hellos are exchanged before messages flow', async () => {
  const { world, machine } = town();
  await pass(world, 0.001);
  machine(A).process?.ports.network.send(B, 'raft', utf8('too early'));
  await pass(world, 1_000);
  machine(A).process?.ports.network.send(B, 'raft', utf8('now'));
  await pass(world, 100);

  expect(machine(A).process?.heard).toEqual([`+${B}`]);
  expect(machine(B).process?.heard).toEqual([`+${A}`, `${A} raft now`]);
});

test('a cut loses messages one way, and then the connection; mended, it comes back', async () => {
  const { world, machine, network } = town();
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

test('a process that died at its second call sent one message, and the next life hears none for the first', async () => {
  const { world, machine } = town();
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

test('a paused process gets everything late, in order', async () => {
  const { world, machine } = town();
  await pass(world, 1_000);

  machine(B).pause(500);
  for (const text of ['one', 'two', 'three']) {
    machine(A).process?.ports.network.send(B, 'session', utf8(text));
    await pass(world, 10);
  }
  expect(machine(B).process?.heard).toEqual([`+${A}`]);
  await pass(world, 1_000);

  const heard = ['one', 'two', 'three'].map((text) => `${A} session ${text}`);
  expect(machine(B).process?.heard).toEqual([`+${A}`, ...heard]);
});

test('what is lost, doubled and late is drawn from the weather', async () => {
  const network = { ...FINE.network, loss: 0.3, duplicates: 0.3, late: 0.5 };
  const { world, machine } = town({ ...FINE, network });
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
