import type { Schemes, Verifiers } from '../algorithms/index.js';
import { Alarms } from '../alarms/index.js';
import type { Backend } from '../api/index.js';
import type { Boot, Millis, NodeId } from '../common/index.js';
import type { Gg20Tables } from '../gg20/index.js';
import type { Genesis } from '../identity/index.js';
import { voters, votersAmong } from '../identity/index.js';
import type { RevocationName } from '../identity/index.js';
import { KeyManager } from '../keys/index.js';
import { BOUNDLESS } from '../ports/index.js';
import type {
  AuditFiles,
  Clock,
  Compute,
  ConsensusStore,
  Logger,
  Meter,
  Network,
  NetworkListener,
  Primes,
  Random,
  Room,
  ShareStore,
  Signer,
  SnapshotFiles,
  Tracer,
  Verify,
} from '../ports/index.js';
import { createRaft, isReadAbove, RaftDriver } from '../raft/index.js';
import type { CheckpointLimits, Limits } from '../raft/index.js';
import {
  clusterTime,
  judgingContext,
  ListIndex,
  Overlay,
  queries,
  readClock,
} from '../state/index.js';
import { batchOf, Connections, TaskManager } from '../tasks/index.js';
import type { MonitorMode, Outbox } from '../tasks/index.js';
import { encodeTaskMessage, levelNamed } from '../wire/index.js';
import type { TaskMessageBody } from '../wire/index.js';
import { Builds, THIS_BUILD } from './builds.js';
import type { Build } from './builds.js';
import { checkpointsOf } from './replica-checkpoints.js';
import { electorateOf } from './electorate.js';
import { LevelGuard } from './level-guard.js';
import { logUnconfirmed } from './log-unconfirmed.js';
import { logLost } from './lost-log.js';
import { TaskMeter } from './metrics/task-meter.js';
import { Lists } from './lists.js';
import { auditOf, roomFor } from './replica-audit.js';
import { StateMachine } from './replica-machine.js';
import { WaitingNetwork } from './waiting-network.js';

/** Every door of a replica to the world. */
export type ReplicaPorts = {
  readonly clock: Clock;
  readonly compute: Compute;
  readonly random: Random;
  readonly primes: Primes;
  readonly verify: Verify;
  readonly signer: Signer;
  readonly network: Network;
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  /** On the disk of `consensus`; boundless unless given. */
  readonly room?: Room | undefined;
  readonly meter?: Meter | undefined;
  readonly tracer?: Tracer | undefined;
  readonly logger: Logger;
  /** Where the states of checkpoints are kept. Without it this node signs none, and takes no snapshot. */
  readonly snapshots?: SnapshotFiles | undefined;
  /** Where the audit log is kept. Without it this node keeps none. */
  readonly audit?: AuditFiles | undefined;
};

export type ReplicaConfig = {
  readonly genesis: Genesis;
  /** This run of the process: fresh random bytes, never stored. */
  readonly boot: Boot;
  /** 32 bytes; wraps the data keys of this node's key shares. */
  readonly wrappingKey: Uint8Array;
  /** 32 bytes: where the node key is being changed, some are wrapped under this one already. */
  readonly nextWrappingKey?: Uint8Array | undefined;
  /** The algorithms of this node. */
  readonly schemes: Schemes;
  readonly verifiers: Verifiers;
  readonly gg20: Gg20Tables;
  /** Presignatures that it keeps of one GG20 key and set of signers; none are made where absent. */
  readonly presignatures?: number | undefined;
  /** Files of the audit log that stay; as many as by default where absent. */
  readonly auditFilesKept?: number | undefined;
  /** How much of the performance monitor it does; nothing where absent. */
  readonly monitor?: MonitorMode | undefined;
  /** The highest feature level that its build has; that of this build where absent. */
  readonly level?: Build['level'] | undefined;
  /** The kinds of task that it knows; those of this build where absent. A test may add one. */
  readonly kinds?: Build['kinds'] | undefined;
  /** Certificates are revoked under these names: all of the state at the start, then each as it is applied. */
  readonly onRevoked?: ((names: readonly RevocationName[]) => void) | undefined;
  /** In place of those of this release; a test may set some. */
  readonly raftLimits?: Partial<Limits> | undefined;
  /** When checkpoints are due; as they are by default where absent. */
  readonly checkpoints?: Partial<CheckpointLimits> | undefined;
  /** The replica has stopped for good and must not be restarted in this process. */
  readonly onFatal: (error: unknown) => void;
};

/** One node without its sockets, disks and clocks: what the real node and the simulator both run. */
export interface Replica extends Backend, NetworkListener {
  /** Of the log in memory. */
  logMemoryBytes(): number;
  /** For who changes the key that wraps this node's secrets. */
  readonly wrapping: KeyManager['wrapping'];
  /** As `RaftDriver.transferLeadership`: of this node's own accord. */
  readonly yieldLeadership: RaftDriver['transferLeadership'];
  /** Resolves when the log has what clients were answered with here, or soon after. Before that, peers must be reachable. */
  handOver(): Promise<void>;
  /** As {@link TaskManager.finishSessions}. */
  finishSessions(ms: Millis): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Loads what is durable and takes part from then on.
 *
 * @throws {ClusterError} `data-loss`, when what is stored contradicts itself or the genesis; `unsupported`
 *   (`BUILD_TOO_OLD`), when the stored state is above the level of this build.
 */
export async function startReplica(config: ReplicaConfig, ports: ReplicaPorts): Promise<Replica> {
  const { genesis, level: buildLevel = THIS_BUILD.level, kinds = THIS_BUILD.kinds } = config;
  const { clock, compute, consensus, logger, signer, verify } = ports;
  const loaded = await consensus.load();
  const raft = createRaft(
    {
      id: signer.node,
      boot: config.boot,
      voters: voters(genesis),
      genesis: { payload: genesis.bytes, timeMs: genesis.createdMs },
      random: ports.random,
      limits: config.raftLimits ?? {},
    },
    loaded,
    clock.now(),
  );
  const alarms = new Alarms(clock, logger);
  const judging = judgingContext(genesis, verify, kinds.rules);
  const overlay = new Overlay(consensus);
  const asked = queries(overlay, genesis);
  const taskMeter = ports.meter && new TaskMeter(ports.meter, clock, asked);
  const connections = new Connections(signer.node, config.boot);
  const audit = await auditOf(config, ports, loaded, Number(asked.totals().timeMs), () =>
    driver.recorded(),
  );
  const roomWithAudit = audit === undefined ? ports.room : roomFor(audit, ports.room);
  const machine = new StateMachine(
    overlay,
    judging,
    { logger, alarms },
    buildLevel,
    () => driver.status().commit,
    (events) => {
      taskMeter?.applied(events);
      const revoked = events.flatMap((event) =>
        event.type === 'certificate-revoked' ? [event.name] : [],
      );
      if (revoked.length > 0) config.onRevoked?.(revoked);
      tasks.applied(batchOf(events));
    },
    audit,
  );
  config.onRevoked?.(asked.revocations().map(({ name }) => name));
  const network = new WaitingNetwork(ports.network, clock);
  const stopFor = (error: unknown): void => {
    // Nothing may be contributed for a log that goes on without this node.
    tasks.stop();
    config.onFatal(error);
  };
  const driver: RaftDriver = new RaftDriver({
    raft,
    store: consensus,
    network,
    clock,
    machine,
    applied: loaded.applied,
    notes: loaded.notes,
    identity: {
      signer,
      verify: (...claim) => verify.identity(...claim),
      electorate: electorateOf(genesis),
      // Nothing more may be contributed for a log of which a part is lost.
      onConvicted: () => tasks.stop(),
    },
    room: roomWithAudit,
    meter: ports.meter,
    logger,
    alarms,
    onFatal: stopFor,
    checkpoints:
      ports.snapshots &&
      checkpointsOf({
        genesis,
        signer,
        verify,
        files: ports.snapshots,
        limits: config.checkpoints,
        consensus,
        overlay,
        asked,
        machine,
        onInstalled: stopFor,
      }),
  });
  const keys = new KeyManager({
    shares: ports.shares,
    wrappingKey: config.wrappingKey,
    clusterId: genesis.clusterId,
    nodeId: signer.node,
    boot: config.boot,
    random: ports.random,
    clock,
    compute,
    schemes: config.schemes,
  });
  if (config.nextWrappingKey !== undefined) keys.wrapping.beginRewrap(config.nextWrappingKey);
  // Each message once, for all peers and for all times that it is sent.
  const encodings = new WeakMap<TaskMessageBody, Uint8Array>();
  const encoded = (message: TaskMessageBody): Uint8Array => {
    const bytes = encodings.get(message) ?? encodeTaskMessage(message);
    encodings.set(message, bytes);
    return bytes;
  };
  const sendTo = (nodes: readonly NodeId[], message: TaskMessageBody): void => {
    for (const to of nodes) {
      // To itself, but not at once: a sender does not expect to be called back while it is still sending.
      if (to === signer.node) void Promise.resolve().then(() => tasks.deliver(to, message));
      else if (connections.has(to)) network.send(to, 'tasks', encoded(message));
    }
  };
  const sendSoon: Outbox['sendSoon'] = (to, withinMs, make) =>
    network.sendSoon(to, 'tasks', withinMs, () => {
      const message = connections.has(to) ? make() : undefined;
      return message && encoded(message);
    });
  const votersNow = (): readonly NodeId[] => votersAmong(asked.members());
  const tasks: TaskManager = new TaskManager({
    context: {
      self: { id: signer.node, boot: config.boot, signer },
      clock,
      logger,
      alarms,
      judging,
      isRevoked: (names) => asked.isRevoked(names),
      isAuditBehind: () => audit?.standing.isBehind === true,
      isUnconfirmed: () => driver.standing === 'unconfirmed',
      tracer: ports.tracer,
      consensus: {
        propose: (payload, isNew) => {
          const entry = driver.propose(payload, isNew);
          return typeof entry === 'string' ? entry : 'proposed';
        },
        nextTimeMs: () => {
          const logMs = driver.nextTimeMs();
          return logMs === undefined ? undefined : clusterTime(overlay, logMs);
        },
        heardAgoMs: (voter) => driver.heardAgoMs(voter),
        lagOf: (voter) => driver.lagOf(voter),
        written: () => driver.written(),
        transferLeadership: (target, signal) => driver.transferLeadership(target, signal),
        laterLeader: (term, signal) => driver.laterLeader(term, signal),
        status: () => {
          const status = driver.status();
          const isConfirmed = status.standing !== 'unconfirmed';
          return { ...status, current: status.caughtUp && machine.current && isConfirmed };
        },
      },
      outbox: {
        send: (to, message) => sendTo([to], message),
        broadcast: (message) => sendTo(votersNow(), message),
        sendSoon,
        voters: votersNow,
      },
    },
    state: { view: overlay, queries: asked },
    arithmetic: {
      compute,
      random: ports.random,
      primes: ports.primes,
      schemes: config.schemes,
      verifiers: config.verifiers,
      gg20: config.gg20,
    },
    keys,
    connections,
    drivers: kinds.drivers,
    presignatures: config.presignatures,
    monitor: config.monitor,
  });
  const builds = new Builds({ genesis, signer, level: buildLevel, verify, alarms });
  // Before the genesis is applied, the level of the state is not written yet.
  const level = (): number => Math.max(machine.level, genesis.level);
  const guard = new LevelGuard(level, clock, alarms);
  const lists = new Lists(new ListIndex(overlay), clock);
  /** @throws ClusterError `no-quorum`, where what this node has is not what the others have. */
  const requireLog = (): void => {
    if (driver.status().part === 'log-lost') throw logLost(signer.node);
    if (driver.standing === 'unconfirmed') throw logUnconfirmed(signer.node, driver.contested);
  };
  driver.start();
  if (driver.status().part !== 'log-lost') tasks.start();

  return {
    admits: (peer, named) => guard.admits(peer, named),
    receive: (from, channel, bytes) => {
      const named = levelNamed(bytes);
      const isNeeded = channel === 'raft' && (named ?? 0) > level() && isReadAbove(bytes);
      if (!isNeeded && !guard.admits(from, named)) return;
      if (channel === 'raft') driver.receive(from, bytes);
      else tasks.receive(from, bytes);
    },
    connected: (peer, boot, word) => {
      if (word !== undefined) builds.heard(peer, word);
      connections.connected(peer, boot);
      driver.connected(peer, boot);
      tasks.connected(peer, boot);
    },
    disconnected: (peer) => connections.disconnected(peer),
    submit: async (submission) => {
      requireLog();
      return tasks.submit(submission);
    },
    read: async (signal) => {
      requireLog();
      await driver.readIndex(signal);
      return asked;
    },
    listTasks: (filter, page, by) =>
      lists.run(by, async (index) => {
        requireLog();
        await driver.readIndex(by.signal);
        return index.tasks(filter, page);
      }),
    listKeys: (filter, page, by) =>
      lists.run(by, async (index) => {
        requireLog();
        await driver.readIndex(by.signal);
        return index.keys(filter, page);
      }),
    local: () => asked,
    culprits: (task) => tasks.culprits(task),
    signingFailures: () => tasks.sessionFailures,
    unlockSigning: (order) => tasks.unlock(order),
    transferLeadership: async (order, signal) => {
      requireLog();
      return tasks.transferLeadership(order, signal);
    },
    status: () => {
      const { leader, term, commit, applied, caughtUp, room, part, standing } = driver.status();
      return {
        clusterId: genesis.clusterId,
        nodeId: signer.node,
        leader,
        term,
        commit,
        applied,
        caughtUp,
        connected: connections.peers(),
        level: level(),
        builds: builds.words,
        primeStocks: tasks.primeStocks,
        openSecrets: keys.openSecrets(),
        presignatures: tasks.presignatureStocks,
        // Put together only where somebody looks.
        get monitor() {
          return tasks.monitor;
        },
        timeMs: Number(asked.totals().timeMs),
        timeCorrections: readClock(overlay).number,
        // The disk's own: consensus alone is told that it is low where the audit log is behind.
        room: room === 'low' ? (ports.room ?? BOUNDLESS).look() : room,
        part,
        standing,
        forks: driver.forks(),
        audit: audit?.standing,
        freeBytes: ports.room?.freeBytes(),
        log: driver.logSizes(),
      };
    },
    quorum: () => driver.quorum(),
    logMemoryBytes: () => driver.logMemoryBytes,
    wrapping: keys.wrapping,
    yieldLeadership: (target, signal) => driver.transferLeadership(target, signal),
    handOver: () => tasks.handOver(),
    finishSessions: (ms) => tasks.finishSessions(ms),
    stop: async () => {
      lists.stop();
      tasks.stop();
      network.stop();
      await driver.stop();
      await audit?.stop();
      keys.close();
    },
  };
}
