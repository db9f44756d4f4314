import { nodeJobs } from '../../../src/blame/index.js';
import { bootId, toHex } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { voters } from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import {
  inlineCompute,
  systemClock,
  systemPrimes,
  systemRandom,
} from '../../../src/machine/index.js';
import { startReplica } from '../../../src/node/replica.js';
import type { Replica, ReplicaConfig } from '../../../src/node/replica.js';
import type {
  Clock,
  Channel,
  Logger,
  Primes,
  ShareStore,
  Signer,
  Verify,
} from '../../../src/ports/index.js';
import { memoryConsensusStore, memoryShareStore } from '../../../src/store/index.js';
import type { Request, TaskRecord } from '../../../src/wire/index.js';
import { OPERATOR } from '../builders/ledger.js';
import { GG20, SCHEMES, VERIFIERS } from '../builders/schemes.js';

const ANSWER_MS = 20_000;

/** Failures show in what the replicas answer. */
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alarm: () => undefined,
};

export type ReplicaClusterParts = {
  readonly genesis: Genesis;
  /** How every replica verifies what others sign. */
  readonly verify: Verify;
  readonly signerOf: (node: NodeId) => Signer;
  /** What one replica's message becomes on its way to another. Without it, messages arrive as they were sent. */
  readonly altered?: (from: NodeId, channel: Channel, bytes: Uint8Array) => Uint8Array;
  /** The tables that a replica is given in place of this build's. */
  readonly tablesOf?: (
    node: NodeId,
  ) => Partial<Pick<ReplicaConfig, 'kinds' | 'schemes' | 'verifiers' | 'gg20'>>;
  /** The clock of a replica; the machine's unless given. */
  readonly clockOf?: (node: NodeId) => Clock;
  /** Where a replica has its primes from; the machine unless given. */
  readonly primesOf?: (node: NodeId) => Primes;
  /** Where a replica keeps its key shares; in memory unless given. */
  readonly sharesOf?: (node: NodeId) => Promise<ShareStore>;
};

/**
 * One replica for each voter of a genesis, all connected, in this process: the machine's clock and randomness, stores in memory, and
 * function calls for a network. Disposing of it stops them all.
 */
export class ReplicaCluster implements AsyncDisposable {
  readonly #replicas: ReadonlyMap<NodeId, Replica>;

  private constructor(replicas: ReadonlyMap<NodeId, Replica>) {
    this.#replicas = replicas;
  }

  static async start(parts: ReplicaClusterParts): Promise<ReplicaCluster> {
    const { genesis, verify, signerOf, altered = (_from, _channel, bytes) => bytes } = parts;
    const replicas = new Map<NodeId, Replica>();
    const boots = new Map(
      voters(genesis).map((node) => [node, bootId(toHex(systemRandom.bytes(16)))]),
    );
    for (const [self, boot] of boots) {
      const tables = parts.tablesOf?.(self) ?? {};
      const { schemes = SCHEMES, verifiers = VERIFIERS, gg20 = GG20, kinds } = tables;
      const replica = await startReplica(
        {
          genesis,
          boot,
          wrappingKey: systemRandom.bytes(32),
          schemes,
          verifiers,
          gg20,
          kinds,
          onFatal: (error) => {
            throw error;
          },
        },
        {
          clock: parts.clockOf?.(self) ?? systemClock,
          compute: inlineCompute(nodeJobs({ schemes, verifiers, gg20, verify, kinds })),
          random: systemRandom,
          primes: parts.primesOf?.(self) ?? systemPrimes,
          verify,
          signer: signerOf(self),
          network: {
            send: (to, channel, bytes) => {
              const sent = altered(self, channel, bytes);
              setImmediate(() => replicas.get(to)?.receive(self, channel, sent));
            },
          },
          consensus: memoryConsensusStore(),
          shares: (await parts.sharesOf?.(self)) ?? memoryShareStore(),
          logger: SILENT,
        },
      );
      replicas.set(self, replica);
    }
    for (const [self, replica] of replicas) {
      for (const [peer, boot] of boots) if (peer !== self) replica.connected(peer, boot);
    }
    return new ReplicaCluster(replicas);
  }

  at(node: NodeId): Replica {
    const replica = this.#replicas.get(node);
    if (replica === undefined) throw new Error(`no replica ${node}`);
    return replica;
  }

  /** A request of the operator to one replica, and its outcome. */
  submit(node: NodeId, method: string, request: Uint8Array): Promise<TaskRecord> {
    return this.at(node).submit({
      method,
      request,
      requester: OPERATOR,
      expiresInMs: ANSWER_MS,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  }

  /** A request that its requester has signed, to one replica, and its outcome. */
  signed(node: NodeId, request: Request, withinMs = ANSWER_MS): Promise<TaskRecord> {
    const by = request.authorization?.by;
    if (by?.$case !== 'signed') throw new Error('the request is not signed');
    return this.at(node).submit({
      method: request.method,
      request: request.request,
      requester: '',
      expiresInMs: withinMs,
      authorization: by.value,
      signal: AbortSignal.timeout(withinMs),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((replica) => replica.stop()));
  }
}
