import { createPeerServer, PeerNetwork } from '../../src/rpc/index.js';
import {
  authorities,
  selfOf,
  genesisFor,
  MemoryLogger,
  tlsFor,
  until,
} from '../unit/rpc/server-fixture.js';
import { pass, twoMachines } from '../unit/simulation/two-machines.js';
import { networkSuite, RECEIVER, SENDER } from './network-suite.js';
import type { Received } from './network-suite.js';

networkSuite('gRPC over mutual TLS', async () => {
  const both = await authorities();
  const genesis = genesisFor(both);
  const logger = new MemoryLogger();
  const received: Received[] = [];
  const server = createPeerServer({
    listen: '127.0.0.1:0',
    tls: await tlsFor(both, 'tee', RECEIVER),
    genesis,
    self: selfOf(RECEIVER, 2),
    replica: {
      receive: (from, channel, bytes) => void received.push({ from, channel, bytes }),
      connected: () => undefined,
      admits: () => true,
    },
    logger,
  });
  const network = new PeerNetwork({
    genesis,
    self: selfOf(SENDER, 1),
    tls: await tlsFor(both, 'tee', SENDER),
    addresses: new Map([[RECEIVER, await server.listen()]]),
    logger,
  });
  network.start({ admits: () => true, connected: () => undefined, disconnected: () => undefined });
  const isOpen = (): boolean =>
    network.counts(RECEIVER, 'raft').open && network.counts(RECEIVER, 'tasks').open;
  await until(isOpen);
  return {
    network,
    received,
    arrived: (count) => until(() => received.length >= count),
    cut: async () => {
      await server.stop();
      await until(() => !network.counts(RECEIVER, 'raft').open);
    },
    close: async () => {
      network.stop();
      await server.stop();
    },
  };
});

networkSuite('simulated', async () => {
  const { world, machine, network } = twoMachines();
  await pass(world, 1_000);
  const ports = machine(SENDER).process?.ports;
  if (ports === undefined) throw new Error('the sender does not run');
  const received = machine(RECEIVER).process?.received ?? [];
  return {
    network: ports.network,
    received,
    arrived: () => pass(world, 1_000),
    cut: async () => {
      network.cut([[SENDER, RECEIVER]]);
      await pass(world, 10_000);
    },
    close: () => Promise.resolve(),
  };
});
