import { nodeJobs } from '../../../src/blame/index.js';
import { bootId, ClusterError, toHex } from '../../../src/common/index.js';
import type { Boot, NodeId } from '../../../src/common/index.js';
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
  AuditFiles,
  Clock,
  Channel,
  ConsensusStore,
  LogFields,
  Logger,
  Primes,
  ShareStore,
  Signer,
  SnapshotFiles,
  Verify,
} from '../../../src/ports/index.js';
import {
  memoryConsensusStore,
  memoryShareStore,
  memorySnapshotFiles,
} from '../../../src/store/index.js';
import type { Request, TaskRecord } from '../../../src/wire/index.js';
import { OPERATOR } from '../builders/ledger.js';
import { GG20, SCHEMES, VERIFIERS } from '../builders/schemes.js';

const ANSWER_MS = 20_000;
const LOG_FIELDS_MAX = 300;

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
  readonly altered?: (from: NodeId, channel: Channel, bytes: Uint8Array, to: NodeId) => Uint8Array;
  /** The tables that a replica is given in place of this build's. */
  readonly tablesOf?: (
    node: NodeId,
  ) => Partial<Pick<ReplicaConfig, 'kinds' | 'schemes' | 'verifiers' | 'gg20'>>;
  /** Presignatures that replicas keep; none unless given. */
  readonly presignatures?: number;
  /** The clock of a replica; the machine's unless given. */
  readonly clockOf?: (node: NodeId) => Clock;
  /** Where a replica has its primes from; the machine unless given. */
  readonly primesOf?: (node: NodeId) => Primes;
  /** With it replicas take checkpoints, by these limits, and a snapshot where they lack the log. */
  readonly checkpoints?: Pick<ReplicaConfig, 'checkpoints' | 'raftLimits'>;
  /** Where a replica logs to; nowhere unless given. */
  readonly loggerOf?: (node: NodeId) => Logger;
  /** How long a request may take: 20 s unless given. */
  readonly answerMs?: number;
  /** Where a replica keeps its key shares; in memory unless given. */
  readonly sharesOf?: (node: NodeId) => Promise<ShareStore>;
  /** Where a replica keeps its audit log; it keeps none unless given. */
  readonly auditOf?: (node: NodeId) => AuditFiles;
};

/** All that stays of a replica when it stops. */
type Home = {
  readonly wrappingKey: Uint8Array;
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  readonly snapshots: SnapshotFiles | undefined;
};

/**
 * One replica for each voter of a genesis, all connected, in this process: the machine's clock and randomness, stores in memory, and
 * function calls for a network. Disposing of it stops them all.
 */
export class ReplicaCluster implements AsyncDisposable {
  readonly #parts: ReplicaClusterParts;
  readonly #replicas = new Map<NodeId, Replica>();
  readonly #boots = new Map<NodeId, Boot>();
  readonly #homes = new Map<NodeId, Home>();
  /** Replicas that have installed a snapshot, and were started again. */
  readonly installed: NodeId[] = [];

  private constructor(parts: ReplicaClusterParts) {
    this.#parts = parts;
  }

  static async start(parts: ReplicaClusterParts): Promise<ReplicaCluster> {
    const cluster = new ReplicaCluster(parts);
    const nodes = voters(parts.genesis);
    for (const node of nodes) await cluster.#run(node);
    for (const [at, node] of nodes.entries()) {
      for (const peer of nodes.slice(0, at)) cluster.#connect(node, peer);
    }
    return cluster;
  }

  get #answerMs(): number {
    return this.#parts.answerMs ?? ANSWER_MS;
  }

  /** Stops a replica. Its stores stay. */
  async stop(node: NodeId): Promise<void> {
    const replica = this.at(node);
    this.#replicas.delete(node);
    for (const other of this.#replicas.values()) other.disconnected(node);
    await replica.stop();
  }

  /** Where a replica keeps its log and state. */
  logOf(node: NodeId): ConsensusStore {
    const home = this.#homes.get(node);
    if (home === undefined) throw new Error(`no replica ${node}`);
    return home.consensus;
  }

  /** Gives a replica that is stopped another disk for its log and state. The rest of its home stays. */
  replaceLog(node: NodeId, consensus: ConsensusStore): void {
    const home = this.#homes.get(node);
    if (home === undefined || this.#replicas.has(node)) throw new Error(`${node} runs`);
    this.#homes.set(node, { ...home, consensus });
  }

  /** Runs a replica again that was stopped, with its stores and another boot. */
  async restart(node: NodeId): Promise<void> {
    await this.#run(node);
    for (const peer of this.#replicas.keys()) if (peer !== node) this.#connect(node, peer);
  }

  async #startAgain(node: NodeId): Promise<void> {
    await this.stop(node);
    await this.restart(node);
  }

  async #run(self: NodeId): Promise<void> {
    const { genesis, verify, signerOf, altered = (_from, _channel, bytes) => bytes } = this.#parts;
    const tables = this.#parts.tablesOf?.(self) ?? {};
    const { schemes = SCHEMES, verifiers = VERIFIERS, gg20 = GG20, kinds } = tables;
    const boot = bootId(toHex(systemRandom.bytes(16)));
    const { wrappingKey, consensus, shares, snapshots } = this.#homes.get(self) ?? {
      wrappingKey: systemRandom.bytes(32),
      consensus: memoryConsensusStore(),
      shares: (await this.#parts.sharesOf?.(self)) ?? memoryShareStore(),
      snapshots: this.#parts.checkpoints && memorySnapshotFiles(),
    };
    this.#homes.set(self, { wrappingKey, consensus, shares, snapshots });
    this.#boots.set(self, boot);
    const replica = await startReplica(
      {
        genesis,
        boot,
        wrappingKey,
        schemes,
        verifiers,
        gg20,
        kinds,
        presignatures: this.#parts.presignatures,
        ...this.#parts.checkpoints,
        onFatal: (error) => {
          if (!(error instanceof ClusterError) || error.reason !== 'SNAPSHOT_INSTALLED')
            throw error;
          this.installed.push(self);
          void this.#startAgain(self);
        },
      },
      {
        clock: this.#parts.clockOf?.(self) ?? systemClock,
        compute: inlineCompute(nodeJobs({ schemes, verifiers, gg20, verify, kinds })),
        random: systemRandom,
        primes: this.#parts.primesOf?.(self) ?? systemPrimes,
        verify,
        signer: signerOf(self),
        network: {
          send: (to, channel, bytes) => {
            const sent = altered(self, channel, bytes, to);
            setImmediate(() => {
              // A run that has stopped says nothing any more.
              if (this.#boots.get(self) !== boot) return;
              this.#replicas.get(to)?.receive(self, channel, sent);
            });
          },
        },
        consensus,
        shares,
        snapshots,
        audit: this.#parts.auditOf?.(self),
        logger: this.#parts.loggerOf?.(self) ?? this.#loggerOf(self),
      },
    );
    this.#replicas.set(self, replica);
  }

  #loggerOf(node: NodeId): Logger {
    if (process.env['QUORATE_TEST_LOG'] === undefined) return SILENT;
    const line =
      (level: string) =>
      (message: string, fields: LogFields = {}) => {
        const text = JSON.stringify(fields).slice(0, LOG_FIELDS_MAX);
        process.stderr.write(
          `${Math.round(performance.now())} ${node} ${level}: ${message} ${text}\n`,
        );
      };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      alarm: line('alarm'),
    };
  }

  #connect(one: NodeId, other: NodeId): void {
    for (const [node, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const boot = this.#boots.get(peer);
      if (boot !== undefined) this.at(node).connected(peer, boot);
    }
  }

  at(node: NodeId): Replica {
    const replica = this.#replicas.get(node);
    if (replica === undefined) throw new Error(`no replica ${node}`);
    return replica;
  }

  /** Resolves when a replica runs, and has applied what was committed when it was asked. */
  async ready(node: NodeId): Promise<void> {
    const signal = AbortSignal.timeout(this.#answerMs);
    for (;;) {
      signal.throwIfAborted();
      const replica = this.#replicas.get(node);
      const read = replica?.read(AbortSignal.any([signal, AbortSignal.timeout(1_000)]));
      if ((await read?.catch(() => undefined)) !== undefined) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A request of the operator to one replica, and its outcome. */
  submit(node: NodeId, method: string, request: Uint8Array): Promise<TaskRecord> {
    const expiresInMs = this.#answerMs;
    const signal = AbortSignal.timeout(expiresInMs);
    return this.at(node).submit({ method, request, requester: OPERATOR, expiresInMs, signal });
  }

  /** A request that its requester has signed, to one replica, and its outcome. */
  signed(node: NodeId, request: Request, withinMs = this.#answerMs): Promise<TaskRecord> {
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
