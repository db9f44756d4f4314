import { readFileSync, writeFileSync } from 'node:fs';
import { CLIENT_FILE, OPERATOR_FOLDER, readClientFile } from '../../client/index.js';
import type { Connection } from '../../client/index.js';
import { writeClientFile } from '../client-file.js';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { Budgets, ClusterError } from '../../common/index.js';
import type { Listening } from './channel.js';
import { DEV_NODES_MAX, DEV_RESTARTS } from '../limits.js';
import { ENDED_TO_START_AGAIN, NodeProcess } from './node-process.js';
import type { Ending } from './node-process.js';
import type { Watched } from './watch.js';

/** A port of the loopback that the kernel picks. */
export const ANY_PORT = '127.0.0.1:0';
const LOOPBACK = '127.0.0.1';

export type StartOptions = {
  /** Variables for all nodes, which win over their files. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Fixed ports: clients of the first node, of the second and so on, then peers in the same order. */
  readonly firstPort?: number | undefined;
  readonly signal?: AbortSignal;
};

/** Nodes as child processes, from a folder that `createCluster` made. */
export class LocalCluster {
  readonly connection: Connection;
  readonly #processes: NodeProcess[];
  readonly #addresses: ReadonlyMap<string, Listening>;
  /** Starts the node again in a new process. */
  readonly #fork: (id: string) => NodeProcess;
  readonly #restarts = new Budgets(DEV_RESTARTS, DEV_NODES_MAX);
  #stopping = false;

  private constructor(
    connection: Connection,
    processes: NodeProcess[],
    addresses: ReadonlyMap<string, Listening>,
    forked: (id: string) => NodeProcess,
  ) {
    this.connection = connection;
    this.#processes = processes;
    this.#addresses = addresses;
    this.#fork = forked;
  }

  /**
   * Starts the nodes of `folder`, each with the configuration of its own folder there, tells them of each other, and
   * writes down the ports they have, so that they have them again next time.
   *
   * @throws ClusterError when one does not start; the others are ended then, as they are when the signal is aborted.
   */
  static async start(
    folder: string,
    nodes: readonly string[],
    { settings = {}, firstPort, signal }: StartOptions = {},
  ): Promise<LocalCluster> {
    const processes: NodeProcess[] = [];
    const stop = () => processes.forEach((process) => process.kill());
    signal?.addEventListener('abort', stop);
    try {
      signal?.throwIfAborted();
      if (firstPort !== undefined) fixPorts(folder, nodes, firstPort);
      for (const id of nodes) processes.push(fork(folder, id, settings));
      const addresses = new Map<string, Listening>();
      for (const [at, process] of processes.entries()) {
        const listening = await process.listening().catch(async (error: unknown) => {
          if (!isPortTaken(error) || firstPort !== undefined || signal?.aborted) throw error;
          // Another process has the port of last time: take another.
          listenAt(process.configFile, { client: ANY_PORT, peer: ANY_PORT });
          const again = fork(folder, process.id, settings);
          processes[at] = again;
          return again.listening();
        });
        addresses.set(process.id, listening);
      }
      for (const process of processes) introduce(process, addresses);
      const file = join(folder, OPERATOR_FOLDER, CLIENT_FILE);
      const endpoints = [...addresses.values()].map((each) => each.client);
      const connection = { ...readClientFile(file), endpoints };
      writeClientFile(file, connection);
      return new LocalCluster(connection, processes, addresses, (id) => fork(folder, id, settings));
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#processes.map(({ id, pid }) => [id, pid]));
  }

  /** The measurements of the nodes since they were last asked. */
  async watch(): Promise<readonly Watched[]> {
    const all = await Promise.all(this.#processes.map((process) => process.watch()));
    return all.filter((each) => each !== undefined);
  }

  /**
   * Starts every node again that ends because it has taken a snapshot, and calls `again` for it. Calls `report` for every other node
   * that ends before the cluster is stopped.
   */
  onDeath(
    report: (process: NodeProcess, ending: Ending) => void,
    again: (process: NodeProcess) => void = () => undefined,
  ): void {
    for (const process of this.#processes) void this.#watch(process, report, again);
  }

  async #watch(
    first: NodeProcess,
    report: (process: NodeProcess, ending: Ending) => void,
    again: (process: NodeProcess) => void,
  ): Promise<void> {
    for (let process = first; ;) {
      const ending = await process.ended;
      if (this.#stopping) return;
      const isDue =
        ending === ENDED_TO_START_AGAIN && this.#restarts.take(process.id, 1, performance.now());
      if (!isDue) return report(process, ending);
      process = this.#startAgain(process);
      again(process);
    }
  }

  /** In its own folder, at its own addresses, which the others know. */
  #startAgain(ended: NodeProcess): NodeProcess {
    const process = this.#fork(ended.id);
    this.#processes[this.#processes.indexOf(ended)] = process;
    // A node that does not come so far ends, and that is told.
    process.listening().then(
      () => introduce(process, this.#addresses),
      () => process.kill(),
    );
    return process;
  }

  /** Stops all nodes, letting them drain. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#processes.map((process) => process.stop()));
  }

  /** Ends all nodes at once. */
  kill(): void {
    this.#stopping = true;
    for (const process of this.#processes) process.kill();
  }
}

function fork(folder: string, id: string, settings: Readonly<Record<string, string>>): NodeProcess {
  const [config, log] = [join(folder, id, 'node.yaml'), join(folder, id, 'node.log')];
  return new NodeProcess(id, config, log, settings);
}

/** Writes fixed ports into the nodes' files. */
function fixPorts(folder: string, nodes: readonly string[], firstPort: number): void {
  for (const [index, id] of nodes.entries()) {
    const client = `${LOOPBACK}:${firstPort + index}`;
    const peer = `${LOOPBACK}:${firstPort + nodes.length + index}`;
    listenAt(join(folder, id, 'node.yaml'), { client, peer });
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof ClusterError && error.reason === 'ADDRESS_IN_USE';
}

/** Writes the node's own addresses and its peers' into its file, then lets it begin. */
function introduce(process: NodeProcess, addresses: ReadonlyMap<string, Listening>): void {
  const own = addresses.get(process.id);
  const others = [...addresses].filter(([id]) => id !== process.id);
  const peers = Object.fromEntries(others.map(([id, { peer }]) => [id, peer]));
  if (own !== undefined) listenAt(process.configFile, own, peers);
  process.start(peers);
}

/** Changes addresses in a node's file; its comments stay. */
function listenAt(
  configFile: string,
  { client, peer }: Listening,
  peers?: Readonly<Record<string, string>>,
): void {
  const before = readFileSync(configFile, 'utf8');
  const document = parseDocument(before);
  document.setIn(['client', 'listen'], client);
  document.setIn(['peer', 'listen'], peer);
  if (peers !== undefined) document.set('peers', document.createNode(peers));
  const after = document.toString();
  if (after !== before) writeFileSync(configFile, after);
}
