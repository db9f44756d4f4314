import type { NodeId } from '../../../src/common/index.js';
import type { Channel } from '../../../src/ports/index.js';
import { Machine, type Life } from '../../simulation/machine.js';
import { SimulatedNetwork } from '../../simulation/network.js';
import type { LifePorts, Process } from '../../simulation/process.js';
import { Rng } from '../../simulation/rng.js';
import { Trace } from '../../simulation/trace.js';
import { drawFaultRates, type FaultRates } from '../../simulation/fault-rates.js';
import { World } from '../../simulation/world.js';
import { A, B, status } from './builders.js';

/** A process that only keeps the messages it receives, and its ports to send some. */
export type Listener = Process & {
  readonly heard: string[];
  readonly received: { from: NodeId; channel: Channel; bytes: Uint8Array }[];
  readonly ports: LifePorts;
};

function listen(ports: LifePorts): Listener {
  const heard: string[] = [];
  const received: Listener['received'] = [];
  return {
    heard,
    received,
    ports,
    receive: (from, channel, bytes) => {
      received.push({ from, channel, bytes });
      heard.push(`${from} ${channel} ${Buffer.from(bytes).toString()}`);
    },
    connected: (peer) => void heard.push(`+${peer}`),
    disconnected: (peer) => void heard.push(`-${peer}`),
    status: () => status(0, 0),
    stop: () => Promise.resolve(),
  };
}

export const NO_FAULTS: FaultRates = {
  ...drawFaultRates(1),
  aware: {
    crashBeforeVote: 0,
    crashAtDurable: 0,
    crashBeforeReply: 0,
    lateVotes: 0,
    heldAcknowledgements: 0,
    pauseCandidate: 0,
  },
  network: { latencyMs: 1, jitter: 2, loss: 0, duplicates: 0, late: 0, spikes: 0 },
};

/** Two machines and the network between them. */
export function twoMachines(rates: FaultRates = NO_FAULTS): {
  world: World;
  machine: (id: NodeId) => Machine<Listener>;
  network: SimulatedNetwork<Listener>;
} {
  const world = new World(new Trace());
  const machines = [A, B].map(
    (id) =>
      new Machine<Listener>(id, {
        world,
        rates,
        seed: 1,
        start: async (_, ports) => listen(ports),
        events: {
          running: (machine) => network.running(machine),
          died: (_, life) => network.died(life),
          send: (life: Life<Listener>, to, channel, bytes) =>
            network.send(life, to, channel, bytes),
          persisted: () => undefined,
          shareKept: () => undefined,
          shareErased: () => undefined,
          remarked: () => undefined,
          alarm: () => undefined,
          violation: (_, checker, detail) => {
            throw new Error(`${checker}: ${detail}`);
          },
        },
      }),
  );
  const network = new SimulatedNetwork<Listener>(world, machines, rates, new Rng(1, 'n'));
  const machine = (id: NodeId): Machine<Listener> => {
    const found = machines.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no machine ${id}`);
    return found;
  };
  for (const each of machines) each.boot();
  return { world, machine, network };
}

/** Lets what was begun outside of an event come to rest, and then time pass. */
export async function pass(world: World, ms: number): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
  await world.run(world.now() + ms, () => false);
}
