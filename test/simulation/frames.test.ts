import { expect, test } from '@jest/globals';
import { nodeJobs } from '../../src/blame/index.js';
import { bootId, nodeId, toHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { inlineCompute } from '../../src/machine/index.js';
import { startReplica } from '../../src/node/replica.js';
import type { Replica } from '../../src/node/replica.js';
import type { ConsensusStore } from '../../src/ports/index.js';
import { METHODS } from '../../src/state/index.js';
import { memoryConsensusStore, memoryShareStore } from '../../src/store/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import {
  generateRequest,
  NODES,
  OPERATOR,
  signRequest,
  testGenesis,
  verify,
} from '../support/builders/ledger.js';
import { GG20, SCHEMES, VERIFIERS } from '../support/builders/schemes.js';
import { seededRandom } from '../support/clusters/raft-cluster.js';
import { quietLogger } from '../unit/raft/driver-cluster.js';
import { MachineClock } from './clock.js';
import { Trace } from './trace.js';
import { World } from './world.js';

/*
 * The frames that nodes send for one signature alone, where nothing fails. Messages that leave in one event of the loop for one peer
 * travel as one frame (`src/rpc/peers/peer-network.ts`).
 */

type Machine = { readonly linkMs: number; readonly diskMs: number };
/** Between an answer and the next request. */
const CLIENT_MS = 3;
const SIGNATURES = 20;

type Frame = { readonly event: number; readonly from: NodeId; readonly to: NodeId };

/** Three nodes that stand for election, key and signatures in a world where time is counted only. */
class FramesWorld {
  readonly #world = new World(new Trace());
  readonly #replicas = new Map<NodeId, Replica>();
  readonly #machine: Machine;
  #frames: Frame[] = [];
  #requests = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  static async start(machine: Machine): Promise<FramesWorld> {
    const cluster = new FramesWorld(machine);
    const nodes = NODES.map(nodeId);
    for (const node of nodes) await cluster.#run(node, nodes.indexOf(node) + 1);
    for (const node of nodes) {
      for (const peer of nodes) {
        if (peer !== node) cluster.at(node).connected(peer, bootOf(peer));
      }
    }
    return cluster;
  }

  async #run(self: NodeId, seed: number): Promise<void> {
    const world = this.#world;
    const { linkMs, diskMs } = this.#machine;
    const clock = new MachineClock(world.now, 0, 1);
    const inner = memoryConsensusStore();
    const consensus: ConsensusStore = {
      load: () => inner.load(),
      readLog: (...range) => inner.readLog(...range),
      get: (key) => inner.get(key),
      scan: (prefix, from) => inner.scan(prefix, from),
      readState: () => inner.readState(),
      stage: (rows, isFirst) => inner.stage(rows, isFirst),
      close: () => inner.close(),
      persist: async (batch) => {
        await new Promise<void>((goOn) => world.after(diskMs, 'disk', goOn));
        return inner.persist(batch);
      },
    };
    const tables = { schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20 };
    const replica = await startReplica(
      {
        genesis: testGenesis(),
        boot: bootOf(self),
        wrappingKey: new Uint8Array(32).fill(seed),
        ...tables,
        onFatal: (error) => {
          throw error;
        },
      },
      {
        clock: clock.port((atMs, run) => world.after(atMs - world.now(), 'timer', run)),
        compute: inlineCompute(nodeJobs({ ...tables, verify })),
        random: seededRandom(seed),
        primes: { prime: () => Promise.reject(new Error('there are no primes here')) },
        verify,
        signer: ledgerSigner(self),
        network: {
          send: (to, channel, bytes) => {
            this.#frames.push({ event: world.counts.events, from: self, to });
            world.after(linkMs, 'message', () => this.at(to).receive(self, channel, bytes));
          },
        },
        consensus,
        shares: memoryShareStore(),
        logger: quietLogger,
      },
    );
    this.#replicas.set(self, replica);
  }

  at(node: NodeId): Replica {
    const replica = this.#replicas.get(node);
    if (replica === undefined) throw new Error(`no replica ${node}`);
    return replica;
  }

  async leader(): Promise<NodeId> {
    const ready = (): NodeId | undefined =>
      NODES.map(nodeId).find((node) => this.at(node).status().leader === node);
    await this.#world.run(10_000, () => ready() !== undefined);
    await this.#world.run(this.#world.now() + 1_000, () => false);
    const leader = ready();
    if (leader === undefined) throw new Error('no node leads');
    return leader;
  }

  /** A call to one node, until its answer. */
  async #call(node: NodeId, method: string, request: Uint8Array): Promise<void> {
    let isOver = false;
    const answer = this.at(node)
      .submit({
        method,
        request,
        requester: OPERATOR,
        expiresInMs: 20_000,
        signal: new AbortController().signal,
      })
      .finally(() => (isOver = true));
    await this.#world.run(this.#world.now() + 20_000, () => isOver);
    await answer;
  }

  async generate(node: NodeId): Promise<void> {
    await this.#call(node, METHODS.generateKey, generateRequest('treasury'));
    await this.#world.run(this.#world.now() + 1_000, () => false);
  }

  /** The frames for one signature, of many that are asked for one after the other. */
  async framesOf(node: NodeId): Promise<number> {
    await this.#sign(node, SIGNATURES);
    this.#frames = [];
    await this.#sign(node, SIGNATURES);
    const frames = new Set(this.#frames.map(({ event, from, to }) => `${event} ${from} ${to}`));
    return frames.size / SIGNATURES;
  }

  async #sign(node: NodeId, count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const id = `sign-${this.#requests++}`;
      await this.#call(node, METHODS.sign, signRequest('treasury', id, Uint8Array.of(1)));
      await this.#world.run(this.#world.now() + CLIENT_MS, () => false);
    }
  }

  async stop(): Promise<void> {
    const stopping = Promise.all([...this.#replicas.values()].map((replica) => replica.stop()));
    await this.#world.run(this.#world.now() + 1_000, () => false);
    await stopping;
  }
}

function bootOf(node: NodeId): ReturnType<typeof bootId> {
  return bootId(toHex(new Uint8Array(16).fill(node.charCodeAt(node.length - 1))));
}

test.each([
  ['fast', { linkMs: 1, diskMs: 1 }],
  ['slow', { linkMs: 3, diskMs: 4 }],
])(
  'one signature after the other costs three nodes ten frames each at most, whichever is asked: a %s machine',
  async (_, machine) => {
    const cluster = await FramesWorld.start(machine);
    const leader = await cluster.leader();
    await cluster.generate(leader);

    for (const node of NODES.map(nodeId)) {
      const frames = await cluster.framesOf(node);
      expect(frames).toBeLessThanOrEqual(10);
    }
    await cluster.stop();
  },
  60_000,
);
