import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCluster, LOOPBACK } from '../../../src/cli/create-cluster.js';
import type { KeyVariable } from '../../../src/cli/node-keys.js';
import { QuorateClient } from '../../../src/client/index.js';
import { nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import type { Role } from '../../../src/identity/index.js';
import { issueCertificate } from '../../../src/pki/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';

const MAIN = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
/** Below the ports that kernels hand out to whoever dials (Linux from 32768, others from 49152): see `freePorts`. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Where a node has its node key from, and the secret that the variable has at first. */
export type NodeSecret = KeyVariable & { readonly secret: string };

type Options = {
  readonly probes?: true;
  readonly metrics?: true;
  /** Of nodes whose node keys are in no file, by node. */
  readonly secrets?: Readonly<Record<string, NodeSecret>>;
};

/** On a busy machine. */
const ENDS_WITHIN_MS = 60_000;

type Member = { readonly id: NodeId; readonly clientAddress: string };

/**
 * Nodes as processes, `quorate node --config …`, on files as `quorate certs init` makes them. They can be killed as a
 * power cut would, for their processes at least, and started again.
 */
export class ProcessCluster implements AsyncDisposable {
  readonly nodes: readonly NodeId[];
  readonly #folder: string;
  readonly #addresses: ReadonlyMap<NodeId, string>;
  readonly #running = new Map<NodeId, ChildProcess>();
  /** Nodes that ended without being killed. */
  readonly #ended: string[] = [];
  readonly #clients: QuorateClient[] = [];

  /** Where a node answers probes, by node. */
  readonly #probes: ReadonlyMap<NodeId, string>;
  /** Of every node. */
  readonly #flags: readonly string[];

  private constructor(
    folder: string,
    members: readonly Member[],
    probes: ReadonlyMap<NodeId, string>,
    flags: readonly string[],
  ) {
    this.#probes = probes;
    this.#flags = flags;
    this.#folder = folder;
    this.nodes = members.map(({ id }) => id);
    this.#addresses = new Map(members.map(({ id, clientAddress }) => [id, clientAddress]));
  }

  /** @param options - With `probes`, each node answers them; with `metrics`, it shows them where its log says. */
  static async create(nodeCount: number, options: Options = {}): Promise<ProcessCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
    const ports = await freePorts(3 * nodeCount);
    const secrets = options.secrets ?? {};
    const plans = Array.from({ length: nodeCount }, (_, at) => {
      const id = nodeId(`node-${at + 1}`);
      return {
        id,
        hosts: LOOPBACK,
        clientListen: `127.0.0.1:${ports[2 * at]}`,
        peerListen: `127.0.0.1:${ports[2 * at + 1]}`,
        ...(secrets[id] && { nodeKey: secrets[id] }),
      };
    });
    const variables = Object.values(secrets).map(({ variable, secret }) => [variable, secret]);
    await createCluster(
      { folder, nodes: plans, operator: 'operator', days: 1, unsigned: true },
      Object.fromEntries(variables),
    );
    const members = plans.map(({ id, clientListen }) => ({ id, clientAddress: clientListen }));
    const probes = plans.map(
      ({ id }, at) => [id, `127.0.0.1:${ports[2 * nodeCount + at]}`] as const,
    );
    // Tests say who leads and who signs; on a busy machine the monitor would have both move.
    const settled = ['--performance-monitor', 'off'];
    const flags = options.metrics ? [...settled, '--metrics-listen', '127.0.0.1:0'] : settled;
    return new ProcessCluster(folder, members, new Map(options.probes ? probes : []), flags);
  }

  /** An operator's client, of all nodes unless `at` says which. The cluster closes it. */
  client(at: readonly NodeId[] = this.nodes): QuorateClient {
    const file = (name: string) => readFileSync(join(this.#folder, 'operator', name));
    const client = QuorateClient.connect({
      endpoints: at.map((node) => this.#addresses.get(node) ?? ''),
      ca: file('ca.pem').toString(),
      cert: file('cert.pem').toString(),
      key: file('key.pem').toString(),
      clusterFile: new Uint8Array(file('cluster.json')),
    });
    this.#clients.push(client);
    return client;
  }

  /** Where clients reach a node. */
  address(node: NodeId): string {
    return this.#addresses.get(node) ?? '';
  }

  /** Where a node answers probes. */
  probes(node: NodeId): string {
    return this.#probes.get(node) ?? '';
  }

  /** The configuration of a node. */
  configFile(node: NodeId): string {
    return join(this.#folder, node, 'node.yaml');
  }

  /** What a client of the cluster's authority shows and trusts. */
  async credentials(role: Role, name: string): Promise<TlsFiles> {
    const file = (path: string) => readFileSync(join(this.#folder, path), 'utf8');
    const authority = {
      certificate: file('requester-ca.pem'),
      privateKey: file('requester-ca-key.pem'),
    };
    const own = await issueCertificate(authority, { role, name, dns: [], ips: [], days: 1 });
    return { ca: file('operator/ca.pem'), cert: own.certificate, key: own.privateKey };
  }

  /** The process of a node that runs. */
  pid(node: NodeId): number | undefined {
    return this.#running.get(node)?.pid;
  }

  /** Memory of a node's process, as Linux counts it. */
  residentBytes(node: NodeId): number {
    const status = readFileSync(`/proc/${this.#running.get(node)?.pid}/status`, 'utf8');
    return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
  }

  /** Starts a node's process, with these options of Node.js and more in its environment, and waits for nothing. */
  start(
    node: NodeId,
    options: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): void {
    const log = openSync(this.#logOf(node), 'a');
    const child = spawn(
      process.execPath,
      [...options, MAIN, 'node', '--config', this.configFile(node), ...this.#flagsOf(node)],
      { stdio: ['ignore', log, log], env: { ...process.env, ...environment } },
    );
    closeSync(log);
    this.#running.set(node, child);
    child.once('exit', (code, signal) => {
      // Whoever kills takes the node from the list first.
      if (this.#running.get(node) !== child) return;
      this.#running.delete(node);
      this.#ended.push(`${node} ended by itself: status ${code}, signal ${signal}`);
    });
  }

  /** SIGTERM: the node stops in good order. Resolves when its process is gone, with how it ended. */
  async stop(
    node: NodeId,
  ): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    const child = this.#running.get(node);
    if (child === undefined)
      throw new Error(`${node} does not run:\n${this.troubles().join('\n')}`);
    this.#running.delete(node);
    const gone = new Promise<{ readonly code: number | null; readonly signal: string | null }>(
      (resolve) => child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    child.kill('SIGTERM');
    return gone;
  }

  /** Resolves when a node's process has ended by itself, as it is to. It is killed where it goes on. */
  async ended(node: NodeId): Promise<{ readonly code: number | null }> {
    const child = this.#running.get(node);
    if (child === undefined)
      throw new Error(`${node} does not run:\n${this.troubles().join('\n')}`);
    this.#running.delete(node);
    const late = setTimeout(() => child.kill('SIGTERM'), ENDS_WITHIN_MS);
    const [code] = await once(child, 'exit');
    clearTimeout(late);
    return { code: typeof code === 'number' ? code : null };
  }

  #flagsOf(node: NodeId): readonly string[] {
    const probes = this.#probes.get(node);
    return [...this.#flags, ...(probes === undefined ? [] : ['--probes-listen', probes])];
  }

  /** SIGKILL: the process gets no chance to write, send or say anything more. Resolves when it is gone. */
  async kill(node: NodeId): Promise<void> {
    const child = this.#running.get(node);
    if (child === undefined)
      throw new Error(`${node} does not run:\n${this.troubles().join('\n')}`);
    this.#running.delete(node);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** What no honest cluster says or does, whatever is killed: alarms, errors, nodes that end by themselves. */
  troubles(): string[] {
    const said = this.nodes.flatMap((node) =>
      readFileSync(this.#logOf(node), 'utf8')
        .split('\n')
        .filter((line) => !/^(\{"level":"(debug|info|warn)".*)?$/.test(line)),
    );
    return [...this.#ended, ...said];
  }

  /** All that a node has said. */
  logLines(node: NodeId): readonly string[] {
    return readFileSync(this.#logOf(node), 'utf8').trimEnd().split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all([...this.#running.keys()].map((node) => this.kill(node)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #logOf(node: NodeId): string {
    return join(this.#folder, node, 'node.log');
  }
}

/**
 * Ports that nobody listens on. They must be known before the nodes start, and must be free again each time that a node
 * was killed: so they come from below the range from which the kernel gives a port to whoever dials.
 */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  let next = PORT_MIN + (process.pid % 997) * 12;
  while (ports.length < count) {
    if (next >= PORT_MAX) next = PORT_MIN;
    if (await isFree(next)) ports.push(next);
    next += 1;
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
