import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../../../src/api/index.js';
import { createCluster, LOOPBACK } from '../../../src/cli/create-cluster.js';
import { QuorateClient } from '../../../src/client/index.js';
import type { Cluster, ConnectOptions } from '../../../src/client/index.js';
import { fromHex, nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import type { Role } from '../../../src/identity/index.js';
import { Node, readConfig } from '../../../src/node/index.js';
import type { Build, NodeConfig } from '../../../src/node/index.js';
import { identityPathOf } from '../../../src/machine/index.js';
import { issueCertificate, openIdentity } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { LogFields, Logger, Signer, Write } from '../../../src/ports/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { openLmdbConsensusStore } from '../../../src/store/index.js';
import { ClusterNetwork } from './cluster-network.js';
import { eventually, SOON_MS } from './cluster-wait.js';
import { LyingNode } from '../adversary/lying-node.js';

const LOG_FIELDS_MAX = 300;
const OBSERVE_MS = 1_000;

/** Who a client is, and to which nodes it talks. */
export type ClientOptions = {
  /** The name in its certificate. */
  readonly name?: string;
  /** All of them unless given. */
  readonly at?: readonly NodeId[];
  /** Issues its certificate; the cluster's own authority of requesters unless given. */
  readonly authority?: Credential;
} & Pick<ConnectOptions, 'signer' | 'requesters' | 'require'>;

/**
 * Starts real nodes in this process: real mutual TLS on loopback, real stores in a temporary folder, all files made by
 * what `quorate certs init` runs. Resolves when a leader answers. Everything between them, and between them and clients,
 * goes over wires that a test can cut.
 */
export async function startCluster(options: {
  readonly nodes: number;
  /** Whether requests need no signature of their requesters; they do not unless given. */
  readonly unsigned?: boolean;
}): Promise<TestCluster> {
  const { unsigned = true } = options;
  const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
  const nodes = Array.from({ length: options.nodes }, (_, at) => nodeId(`node-${at + 1}`));
  await createCluster({
    folder,
    nodes: nodes.map((id) => ({
      id,
      hosts: LOOPBACK,
      clientListen: '127.0.0.1:0',
      peerListen: '127.0.0.1:0',
    })),
    operator: 'operator',
    days: 1,
    unsigned,
  });
  const cluster = new TestCluster(folder, nodes, await ClusterNetwork.open(nodes));
  try {
    await Promise.all(nodes.map((node) => cluster.restart(node)));
    await cluster.leader();
  } catch (error) {
    await cluster[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
  return cluster;
}

/** Three nodes, usually. Disposing of it stops them all, and fails if an honest cluster raised an alarm. */
export class TestCluster implements AsyncDisposable {
  readonly nodes: readonly NodeId[];
  readonly network: ClusterNetwork;
  /** Log lines that say that something is wrong: alarms, errors, and what ended a node. */
  readonly alarms: string[] = [];
  /** The refusals of attempts that leaders have heard: which node, and its reason. */
  readonly declined: { readonly node: string; readonly reason: string }[] = [];
  /** How many supplies of a node any other node had checked. */
  readonly suppliesChecked = new Map<string, number>();
  /** The complaints that were read: by which node, of which, and about which session. */
  readonly complaintsRead: {
    readonly by: NodeId;
    readonly of: string;
    readonly session: string;
  }[] = [];
  readonly #folder: string;
  readonly #running = new Map<NodeId, Node>();
  readonly #lying: LyingNode[] = [];
  readonly #clients: QuorateClient[] = [];
  /** One for each node, that asks nobody else. */
  readonly #observers = new Map<NodeId, QuorateClient>();

  constructor(folder: string, nodes: readonly NodeId[], network: ClusterNetwork) {
    this.#folder = folder;
    this.nodes = nodes;
    this.network = network;
  }

  /** A client with a certificate of its own. The cluster closes it. */
  async client(role: Role, options: ClientOptions = {}): Promise<QuorateClient> {
    const { at = this.nodes, signer, requesters, require } = options;
    const client = QuorateClient.connect({
      endpoints: at.map((node) => this.network.door(node).address),
      ...(await this.credentials(role, options)),
      clusterFile: this.clusterFile(),
      signer,
      requesters,
      require,
    });
    this.#clients.push(client);
    return client;
  }

  clusterFile(): Uint8Array {
    return new Uint8Array(readFileSync(join(this.#folder, 'cluster.json')));
  }

  /** What a client of the cluster's authority, or of another, shows and trusts. */
  async credentials(role: Role, options: ClientOptions = {}): Promise<TlsFiles> {
    const { name = role, authority = this.authority('requester') } = options;
    const own = await issueCertificate(authority, { role, name, dns: [], ips: [], days: 1 });
    return { ca: this.#pem('peer-ca.pem'), cert: own.certificate, key: own.privateKey };
  }

  /** The node that leads, as a node says that has just heard from a majority. */
  async leader(withinMs = SOON_MS): Promise<NodeId> {
    return eventually(
      'a leader',
      async () => {
        const answers = [...this.#running.keys()].map((node) => this.#leaderAt(node));
        return Promise.any(answers);
      },
      withinMs,
    );
  }

  /** The two of three nodes that do not lead. */
  async followers(): Promise<readonly [NodeId, NodeId]> {
    const leader = await this.leader();
    const [one, other] = this.nodes.filter((node) => node !== leader);
    if (one === undefined || other === undefined) throw new Error('There are fewer than three');
    return [one, other];
  }

  /** Waits until every running node has an open way to every other, both as they see it. */
  async whole(): Promise<void> {
    const running = [...this.#running.keys()];
    await eventually('every node to reach every other', async () => {
      const views = await Promise.all(running.map((node) => this.#view(node)));
      return views.every(({ members }) =>
        members.every(({ nodeId: id, reachable }) => reachable || !running.includes(nodeId(id))),
      );
    });
  }

  /**
   * Ends a node as abruptly as can be inside one process: all its connections are cut in one moment, with whatever was
   * under way on them, and then it is stopped. Its disk is the one thing that gets to finish (the tests named `kill-`
   * do without that).
   */
  async kill(node: NodeId): Promise<void> {
    this.network.down(node);
    await this.stop(node);
  }

  /** Asks a node to stop, and waits until it has. */
  async stop(node: NodeId): Promise<void> {
    const running = this.#running.get(node);
    this.#running.delete(node);
    await running?.[Symbol.asyncDispose]();
    this.network.down(node);
  }

  /**
   * Starts a node on what it has on disk, a first time or again.
   *
   * @param build - What it runs; this build unless given.
   * @param settings - Variables that go before its file.
   */
  async restart(
    node: NodeId,
    build?: Build,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const logger = this.#loggerOf(node);
    const config = this.#configOf(node, settings);
    const fresh = await Node.open(config, logger, process.env, build);
    this.#running.set(node, fresh);
    fresh.failed.catch((error: unknown) => this.alarms.push(`${node} failed: ${String(error)}`));
    this.network.up(node, await fresh.listen());
    await fresh.start(this.network.addressesFor(node));
  }

  /** Writes records into the state of a node that is stopped, as if entries had. */
  async writeState(node: NodeId, writes: readonly Write[]): Promise<void> {
    const store = await openLmdbConsensusStore(join(this.#configOf(node).dataDir, 'log'));
    const { applied } = await store.load();
    await store.persist({ entries: [], writes, applied });
    await store.close();
  }

  /** What a node's public port asks, for what no client of this release can ask. */
  backend(node: NodeId): Backend {
    const backend = this.#running.get(node)?.backend;
    if (backend === undefined) throw new Error(`${node} does not run`);
    return backend;
  }

  /** The bytes of a node's data directory. */
  diskBytes(node: NodeId): number {
    const { dataDir } = this.#configOf(node);
    return readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
  }

  /** What whoever breaks into a node finds on its disk and takes away: its identity key and its TLS certificate. */
  loot(node: NodeId): { readonly signer: Signer; readonly tls: Credential } {
    const { dataDir } = this.#configOf(node);
    const file = (name: string) => readFileSync(join(this.#folder, node, name), 'utf8');
    const nodeKey = fromHex(file('node.key').trim());
    if (nodeKey === undefined) throw new Error(`${node} has no node key in a file`);
    return {
      signer: openIdentity(identityPathOf(dataDir), node, nodeKey),
      tls: { certificate: file('cert.pem'), privateKey: file('key.pem') },
    };
  }

  /** Lets a liar speak for a node from now on, with the node's keys, certificates and disk. */
  async corrupt(node: NodeId): Promise<LyingNode> {
    await this.stop(node);
    const lying = await LyingNode.open(this.#configOf(node), this.network.addressesFor(node));
    this.#lying.push(lying);
    this.network.up(node, { client: lying.peerAddress, peer: lying.peerAddress });
    return lying;
  }

  /** Hands out the alarms so far: whoever takes them has expected them. */
  takeAlarms(): readonly string[] {
    return this.alarms.splice(0);
  }

  partition(groups: readonly (readonly NodeId[])[]): void {
    this.network.partition(groups);
  }

  heal(): void {
    this.network.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.heal();
    await Promise.all([...this.#running.keys()].map((node) => this.kill(node)));
    await Promise.all(this.#lying.map((lying) => lying[Symbol.asyncDispose]()));
    await this.network.close();
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.alarms.length > 0) throw new Error(`Alarms of nodes:\n${this.alarms.join('\n')}`);
  }

  async #leaderAt(node: NodeId): Promise<NodeId> {
    // A read needs the word of a majority; what a node merely believes of its leader may be old.
    const observer = await this.#observer(node);
    await observer.listKeys({ limit: 1 }, { timeoutMs: OBSERVE_MS });
    const { leaderId } = await this.#view(node);
    const leader = nodeId(leaderId);
    if (!this.#running.has(leader)) throw new Error(`${node} names ${leaderId} as its leader`);
    return leader;
  }

  async #view(node: NodeId): Promise<Cluster> {
    return (await this.#observer(node)).getCluster({ timeoutMs: OBSERVE_MS });
  }

  async #observer(node: NodeId): Promise<QuorateClient> {
    const known = this.#observers.get(node);
    if (known !== undefined) return known;
    const fresh = await this.client('operator', { name: 'observer', at: [node] });
    this.#observers.set(node, fresh);
    return fresh;
  }

  #configOf(node: NodeId, environment: Readonly<Record<string, string>> = {}): NodeConfig {
    const file = join(this.#folder, node, 'node.yaml');
    // Tests say who leads and who signs; on a busy machine the monitor would have both move.
    const settled = { QUORATE_PERFORMANCE_MONITOR: 'off', ...environment };
    return readConfig({ file, environment: settled, workingFolder: this.#folder });
  }

  /** Who issues certificates to nodes, or to those who ask them. */
  authority(of: 'peer' | 'requester'): Credential {
    return { certificate: this.#pem(`${of}-ca.pem`), privateKey: this.#pem(`${of}-ca-key.pem`) };
  }

  #pem(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  #loggerOf(node: NodeId): Logger {
    const trace = process.env['QUORATE_TEST_LOG'] !== undefined;
    const line =
      (level: string, isAlarm: boolean) =>
      (message: string, fields: LogFields = {}) => {
        const text = `${node} ${level}: ${message} ${JSON.stringify(fields).slice(0, LOG_FIELDS_MAX)}`;
        if (isAlarm) this.alarms.push(text);
        const of = `${fields['peer']}`;
        if (message === 'declined') this.declined.push({ node: of, reason: `${fields['reason']}` });
        if (message === 'a complaint is read')
          this.complaintsRead.push({ by: node, of, session: `${fields['session']}` });
        if (message === 'supplies checked') {
          const before = this.suppliesChecked.get(of) ?? 0;
          this.suppliesChecked.set(of, before + Number(fields['count']));
        }
        if (trace) process.stderr.write(`${Math.round(performance.now())} ${text}\n`);
      };
    return {
      debug: line('debug', false),
      info: line('info', false),
      warn: line('warn', false),
      error: line('error', true),
      alarm: line('alarm', true),
    };
  }
}
