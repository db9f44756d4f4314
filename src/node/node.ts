import type { Backend } from '../api/index.js';
import { BOOT_BYTES, bootId, ClusterError, toHex, wordsOf } from '../common/index.js';
import type { Boot, Millis, NodeId } from '../common/index.js';
import { nodeJobs } from '../blame/index.js';
import {
  arithmeticBy,
  chooseBackends,
  inlineCompute,
  LanePools,
  jsonLogger,
  MainThread,
  nodeVerify,
  otelTracer,
  ProbeServer,
  remembering,
  selfTest,
  systemClock,
  systemPrimes,
  systemRandom,
} from '../machine/index.js';
import type { Arithmetic } from '../machine/index.js';
import { levelWord } from '../identity/index.js';
import type { RevocationName } from '../identity/index.js';
import { readCertificates } from '../pki/index.js';
import type { Environment } from '../pki/index.js';
import type { Compute, Logger } from '../ports/index.js';
import {
  createPeerServer,
  createPublicServer,
  namesOfCertificate,
  PeerNetwork,
  RevokedCertificates,
  STOP_GRACE_MS,
} from '../rpc/index.js';
import type { PeerServer, PublicServer, Self, Traffic } from '../rpc/index.js';
import { DiskRoom } from '../store/index.js';
import type { NodeConfig } from './config.js';
import { CertificateWatch, endOf, endOfBundle } from './certificate-watch.js';
import { CredentialReload } from './credential-reload.js';
import { loadCredentials } from './credentials.js';
import type { NodeCredentials } from './credentials.js';
import { INCARNATION, THIS_BUILD } from './builds.js';
import type { Build } from './builds.js';
import { dialable } from './dialable.js';
import { countOfRequesterAuthorities, openHoldings } from './holdings.js';
import type { Holdings } from './holdings.js';
import { logLimits } from './log-limits.js';
import { MetricsServer } from './metrics/metrics-server.js';
import { countingAlarms, NodeMetrics } from './metrics/node-metrics.js';
import { NodeKeyChange } from './node-key-change.js';
import { startReplica } from './replica.js';
import type { Replica } from './replica.js';
import { yieldLeadership } from './yield-leadership.js';
import { VERSION } from '../version.js';

/** The rest of the grace period, for all that is closed behind the sessions. */
const CLOSING_MS: Millis = 8_000;

/** In one line of the log. */
const REVOKED_SHOWN_MAX = 8;

/** Where a node answers, `host:port`. */
export type NodeAddresses = { readonly client: string; readonly peer: string };

/** Totals of one run: what was sent to peers, and synced writes. */
export type NodeCounts = Traffic & { readonly writes: number };

/**
 * One node: everything between its configuration and its replica. `open`, then `listen`, then `start`; disposing of it
 * drains and closes everything, in the order in which nothing is lost.
 */
export class Node implements AsyncDisposable {
  /** Rejects when the node cannot go on, for example because its disk refused a write. The process must end then. */
  readonly failed: Promise<never>;
  readonly #config: NodeConfig;
  readonly #holdings: Holdings;
  readonly #logger: Logger;
  readonly #build: Build;
  readonly #arithmetic: Arithmetic;
  readonly #self: Self;
  readonly #publicServer: PublicServer;
  readonly #peerServer: PeerServer;
  readonly #probes: ProbeServer | undefined;
  readonly #metrics: NodeMetrics | undefined;
  readonly #metricsServer: MetricsServer | undefined;
  #fail: (error: unknown) => void = () => undefined;
  #network: PeerNetwork | undefined;
  #workers: LanePools | undefined;
  #replica: Replica | undefined;
  #addresses: ReadonlyMap<NodeId, string> = new Map();
  /** The address at which this node listens for its peers. */
  #listens: string | undefined;
  readonly #revoked = new RevokedCertificates();
  #credentials: NodeCredentials;
  #credentialReload: CredentialReload | undefined;
  #certificateWatch: CertificateWatch | undefined;
  readonly #environment: Environment;
  #nodeKeyChange: NodeKeyChange | undefined;

  private constructor(
    config: NodeConfig,
    holdings: Holdings,
    logger: Logger,
    build: Build,
    arithmetic: Arithmetic,
    environment: Environment,
  ) {
    const { genesis, credentials, signer } = holdings;
    this.#arithmetic = arithmetic;
    this.#environment = environment;
    const { listen: metrics } = config.metrics;
    this.#metrics = metrics === undefined ? undefined : new NodeMetrics(systemClock);
    this.#logger = this.#metrics ? countingAlarms(logger, this.#metrics.meter) : logger;
    this.#build = build;
    this.#config = config;
    this.#holdings = holdings;
    this.#credentials = credentials;
    this.#self = {
      nodeId: config.nodeId,
      boot: newBoot(),
      incarnation: INCARNATION,
      build: levelWord(genesis.clusterId, signer, INCARNATION, build.level),
    };
    this.#publicServer = createPublicServer({
      listen: config.client.listen,
      tls: credentials.clients,
      genesis,
      logger: this.#logger,
      softwareVersion: VERSION,
      meter: this.#metrics?.meter,
      node: {
        nowMs: () => systemClock.now(),
        addressOf: (member) => this.#addressOf(member),
        curveBackends: arithmetic.backends,
        certificateEndMs: (member) => this.#certificateEndOf(member),
        certifiedBy: (name) => this.#certifiedBy(name),
      },
      revoked: this.#revoked,
    });
    this.#peerServer = createPeerServer({
      listen: config.peer.listen,
      tls: credentials.peers,
      genesis,
      self: this.#self,
      logger: this.#logger,
      revoked: this.#revoked,
    });
    const { listen: probes } = config.probes;
    this.#probes =
      probes === undefined
        ? undefined
        : new ProbeServer(probes, {
            isStarted: () => this.#replica !== undefined,
            isReady: () => this.#publicServer.isServing(),
          });
    this.#metricsServer = this.#serverOf(metrics);
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // A caller that waits for it hears of it; a process whose caller does not is not ended by it.
    this.failed.catch(() => undefined);
  }

  /**
   * Reads and checks everything that the configuration names, locks the data directory and opens the store.
   *
   * @param environment - Where the configuration says that the node key is in a variable: that variable is taken out of it.
   * @param build - What this node runs; a test can run a later build.
   * @throws ClusterError saying which file, and what is wrong with it; `unsupported` (`BACKEND_MISSING`) when the demanded
   *   kind of curve arithmetic does not load.
   */
  static async open(
    config: NodeConfig,
    logger: Logger = jsonLogger('info', { node: config.nodeId }),
    environment: Environment = process.env,
    build: Build = THIS_BUILD,
  ): Promise<Node> {
    const arithmetic = await chosenArithmetic(config, logger);
    selfTest(nodeVerify, arithmetic.verifiers);
    const holdings = await openHoldings(config, environment);
    try {
      return new Node(config, holdings, logger, build, arithmetic, environment);
    } catch (error) {
      await holdings.close();
      throw error;
    }
  }

  /**
   * Binds both ports. Calls are answered UNAVAILABLE until the node is started.
   *
   * @throws ClusterError `wrong-state` (`ADDRESS_IN_USE`) when another process has one of them.
   */
  async listen(): Promise<NodeAddresses> {
    const { client: clients, peer: peers } = this.#config;
    const client = await bound('client.listen', clients.listen, this.#publicServer.listen());
    const peer = await bound('peer.listen', peers.listen, this.#peerServer.listen());
    this.#listens = peer;
    const probes = await boundIf('probes.listen', this.#config.probes.listen, this.#probes);
    const metrics = await boundIf(
      'metrics.listen',
      this.#config.metrics.listen,
      this.#metricsServer,
    );
    this.#logger.info('The node listens', {
      client,
      peer,
      advertise: clients.advertise,
      ...(probes === undefined ? {} : { probes }),
      ...(metrics === undefined ? {} : { metrics }),
      cluster: this.#holdings.genesis.clusterId,
      version: VERSION,
    });
    return { client, peer };
  }

  #serverOf(listen: string | undefined): MetricsServer | undefined {
    const metrics = this.#metrics;
    if (metrics === undefined || listen === undefined) return undefined;
    return new MetricsServer(listen, metrics.contentType, () =>
      metrics.text({
        backend: () => this.#replica,
        isReady: () => this.#publicServer.isServing(),
        counts: () => this.counts(),
        logMemoryBytes: () => this.#replica?.logMemoryBytes() ?? 0,
        certificateEndMs: (member) => this.#certificateEndOf(member),
        folders: this.#holdings.folders,
      }),
    );
  }

  #certificateEndOf(member: NodeId): Millis | undefined {
    if (member === this.#config.nodeId) return endOf(this.#credentials.peers.cert);
    return this.#network?.certificateEndMs(member);
  }

  /**
   * Takes part in the cluster from here on.
   *
   * @param addresses - Where the other members listen for their peers.
   * @throws ClusterError `data-loss` when what is stored contradicts itself; `unsupported` (`BUILD_TOO_OLD`) when the
   *   stored state is above the level of this build.
   */
  async start(addresses: ReadonlyMap<NodeId, string>): Promise<void> {
    const { genesis, consensus, shares, snapshots, audit, folders, signer } = this.#holdings;
    const { wrappingKey, nextWrappingKey, changeKey, mayChangeKey } = this.#holdings;
    const logger = this.#logger;
    for (const { nodeId: peer } of genesis.members) {
      if (peer !== this.#self.nodeId && !addresses.has(peer)) {
        logger.warn('A member has no address in peers: this node cannot reach it', { peer });
      }
    }
    for (const peer of addresses.keys()) {
      if (!genesis.members.some(({ nodeId: member }) => member === peer))
        logger.warn('An address in peers names no member and is ignored', { peer });
    }
    if (countOfRequesterAuthorities(genesis) === 0) {
      logger.warn('No requester authority fits the profile: signed requests will be refused');
    }
    this.#addresses = addresses;
    const { requesterCa, peerCa } = genesis;
    this.#certificateWatch = new CertificateWatch(
      {
        endMs: () => endOf(this.#credentials.peers.cert),
        authorities: { nodes: endOfBundle(peerCa), requesters: endOfBundle(requesterCa) },
      },
      logger,
      () => systemClock.now(),
    );
    const network = new PeerNetwork({
      genesis,
      self: this.#self,
      tls: this.#credentials.peers,
      addresses,
      logger,
      revoked: this.#revoked,
    });
    // The replica makes copies of its own.
    using wrapping = wrappingKey;
    using nextWrapping = nextWrappingKey;
    using change = changeKey;
    const replica = await startReplica(
      {
        genesis,
        boot: this.#self.boot,
        wrappingKey: wrapping.bytes,
        nextWrappingKey: nextWrapping?.bytes,
        schemes: this.#arithmetic.schemes,
        verifiers: this.#arithmetic.verifiers,
        gg20: this.#arithmetic.gg20,
        presignatures: this.#config.presignatures,
        ...logLimits(this.#config.checkpointBytes),
        auditFilesKept: this.#config.audit.filesKept,
        monitor: this.#config.performanceMonitor,
        ...this.#build,
        onRevoked: (names) => this.#onRevoked(names),
        onFatal: (error) => this.#onFatal(error),
      },
      {
        clock: systemClock,
        compute: this.#compute(),
        random: systemRandom,
        primes: systemPrimes,
        verify: remembering(nodeVerify),
        signer,
        network,
        consensus,
        shares,
        room: new DiskRoom(folders, systemClock, logger),
        meter: this.#metrics?.meter,
        tracer: otelTracer({ node: signer.node }),
        snapshots,
        audit,
        logger,
      },
    );
    this.#network = network;
    this.#replica = replica;
    this.#peerServer.attach(replica);
    network.start(replica);
    this.#publicServer.attach(replica);
    this.#nodeKeyChange = new NodeKeyChange({
      config: this.#config,
      environment: this.#environment,
      changeKey: change.bytes,
      wrapping: replica.wrapping,
      clock: systemClock,
      logger,
    });
    if (mayChangeKey) void this.#nodeKeyChange.change();
    else logger.warn('A change of the node key waits for SIGHUP: the variable has the old secret');
    this.#credentialReload = this.#reloading(network);
  }

  /** Takes new certificates from their files for the connections that are made from then on. */
  #reloading(network: PeerNetwork): CredentialReload {
    const { tls, nodeId } = this.#config;
    return new CredentialReload({
      files: [tls.cert, tls.key, tls.ca],
      used: this.#credentials,
      load: () => loadCredentials(tls, this.#holdings.genesis, nodeId, systemClock.now()),
      use: (credentials) => {
        this.#publicServer.renew(credentials.clients);
        this.#peerServer.renew(credentials.peers);
        network.renew(credentials.peers);
        this.#credentials = credentials;
      },
      clock: systemClock,
      logger: this.#logger,
    });
  }

  /** Takes what has changed on this machine: certificate and key, a next node key. Of a node that has not started nothing is taken. */
  async reload(): Promise<void> {
    await this.#credentialReload?.reload();
    await this.#nodeKeyChange?.change();
  }

  /** The backend of the public port, for a process that runs the node and calls it, too. Nothing before the start. */
  get backend(): Backend | undefined {
    return this.#replica;
  }

  /** Totals since the start: sent to peers, and made durable. */
  counts(): NodeCounts {
    const traffic = this.#network?.traffic() ?? { messages: 0, frames: 0, bytes: 0 };
    return { ...traffic, writes: this.#holdings.writeCount() };
  }

  /**
   * Is not ready any more, hands leadership over, lets sessions and calls that are under way end, then stops and closes everything:
   * within the grace period. Never throws.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // The log of a node that never listened ends with why it cannot run.
    const isTold = this.#listens !== undefined;
    if (isTold) this.#logger.info('The node drains');
    const endMs = systemClock.elapsed() + this.#config.gracePeriodMs;
    this.#publicServer.drain();
    this.#certificateWatch?.stop();
    await this.#close('the watch over the certificate', async () => this.#credentialReload?.stop());
    // First, while calls are served still: those that come through here go to the next leader.
    await this.#close('leadership', async () => {
      if (this.#replica !== undefined) await yieldLeadership(this.#replica, this.#logger);
    });
    await this.#close('sessions', async () =>
      this.#replica?.finishSessions(endMs - CLOSING_MS - systemClock.elapsed()),
    );
    const graceMs = Math.min(STOP_GRACE_MS, Math.max(0, (endMs - systemClock.elapsed()) / 2));
    // Calls in flight still need the replica and its peers; the replica needs its store.
    await this.#close('the public server', () => this.#publicServer.stop(graceMs));
    await this.#close('what clients were told', async () => this.#replica?.handOver());
    await this.#close('the peer network', async () => this.#network?.stop());
    await this.#close('the peer server', () => this.#peerServer.stop());
    await this.#close('the change of the node key', async () => this.#nodeKeyChange?.stop());
    await this.#close('the replica', async () => this.#replica?.stop());
    await this.#close('the workers', async () => this.#workers?.close());
    await this.#close('the store', () => this.#holdings.close());
    await this.#close('the probes', async () => this.#probes?.stop());
    await this.#close('the metrics', async () => this.#metricsServer?.stop());
    this.#metrics?.[Symbol.dispose]();
    if (isTold) this.#logger.info('The node has stopped');
  }

  #addressOf(member: NodeId): string | undefined {
    if (member !== this.#config.nodeId) return this.#addresses.get(member);
    return this.#listens === undefined ? undefined : dialable(this.#listens);
  }

  /** The names under which certificates are revoked that this node shows, or that its authorities are. */
  #ownNames(): readonly RevocationName[] {
    return [this.#credentials.peers.cert, this.#holdings.genesis.peerCa].flatMap((pem) => {
      const reading = readCertificates(pem);
      return reading.ok ? reading.value.flatMap(namesOfCertificate) : [];
    });
  }

  #certifiedBy(name: RevocationName): NodeId | undefined {
    if (this.#ownNames().includes(name)) return this.#config.nodeId;
    const { members } = this.#holdings.genesis;
    return members.find(({ nodeId }) => this.#network?.certificateNames(nodeId).includes(name))
      ?.nodeId;
  }

  #onRevoked(names: readonly RevocationName[]): void {
    this.#revoked.add(names);
    if (names.length === 0) return;
    this.#logger.info('Certificates are revoked', {
      names: names.slice(-REVOKED_SHOWN_MAX).join(' '),
      count: names.length,
    });
    if (this.#revoked.covers(this.#ownNames()))
      this.#logger.error(
        'The certificate of this node is revoked: the others refuse it until it has another',
      );
  }

  #compute(): Compute {
    const { workers } = this.#config;
    const { kinds } = this.#build;
    const { schemes, verifiers, gg20, backends } = this.#arithmetic;
    const jobs = nodeJobs({ schemes, verifiers, gg20, verify: nodeVerify, kinds });
    if (workers === 0) return inlineCompute(jobs);
    const mainThread = new MainThread(jobs);
    this.#workers = new LanePools({ workers, backends, mainThread, logger: this.#logger });
    return this.#workers;
  }

  /** A part that fails to close must not keep the rest open. */
  async #close(what: string, close: () => Promise<void>): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#logger.error(`Closing ${what} failed`, { error: wordsOf(error) });
    }
  }

  #onFatal(error: unknown): void {
    this.#logger.error('The node cannot go on', { error: wordsOf(error) });
    this.#fail(error);
  }
}

/** The libraries that this node's threads compute with, as the log's first line of them says. */
async function chosenArithmetic(config: NodeConfig, logger: Logger): Promise<Arithmetic> {
  const { names, passedOver } = await chooseBackends(config.cryptoBackend);
  for (const { curve, backend, because } of passedOver)
    logger.warn('A faster library for curve arithmetic does not load', { curve, backend, because });
  logger.info('The node has chosen its curve arithmetic', names);
  return arithmeticBy(names);
}

function newBoot(): Boot {
  return bootId(toHex(systemRandom.bytes(BOOT_BYTES)));
}

async function boundIf(
  field: string,
  address: string | undefined,
  server: { listen(): Promise<string> } | undefined,
): Promise<string | undefined> {
  if (address === undefined || server === undefined) return undefined;
  return bound(field, address, server.listen());
}

async function bound(field: string, address: string, listening: Promise<string>) {
  try {
    return await listening;
  } catch (cause) {
    // grpc-js wraps the system's error and keeps its words alone.
    const inUse = wordsOf(cause).includes('EADDRINUSE');
    const words = inUse ? 'another process has that port' : wordsOf(cause);
    throw new ClusterError('wrong-state', `${field}: cannot listen on ${address}: ${words}`, {
      reason: inUse ? 'ADDRESS_IN_USE' : 'CANNOT_LISTEN',
      cause,
    });
  }
}
