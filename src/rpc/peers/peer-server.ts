import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Alarms } from '../../alarms/index.js';
import { Budgets, ClusterError, nodeId, utf8 } from '../../common/index.js';
import type { Boot, Millis, NodeId, Rate } from '../../common/index.js';
import type { Genesis } from '../../identity/index.js';
import type { Channel, Logger, NetworkListener } from '../../ports/index.js';
import { PeerServiceService } from '../../wire/services.js';
import { callerOf } from '../guard.js';
import { helloOf } from './hello.js';
import type { Self } from './hello.js';
import { IncomingStream } from './incoming-stream.js';
import { PeerBoots } from './peer-boots.js';
import type { HelloSeen, PeerProcess } from './peer-boots.js';
import {
  CONNECTIONS_PER_ADDRESS_MAX,
  CONNECTIONS_PER_MEMBER,
  FRAME_BYTES_MAX,
  PEER_CONCURRENT_STREAMS_MAX,
  PEER_KEEPALIVE_INTERVAL_MS,
  PEER_KEEPALIVE_TIMEOUT_MS,
  TASKS_BYTES,
  TASKS_MESSAGE_COSTS_BYTES,
} from '../limits.js';
import { Listener } from '../listener.js';
import type { RevokedCertificates } from '../revoked.js';
import { statusOf } from '../status.js';
import { http2Bounds, serverCredentials } from '../tls.js';
import type { TlsFiles } from '../tls.js';
import { rawService } from '../unary.js';

export type PeerServerParts = {
  /** `host:port`; port 0 lets the kernel pick. */
  readonly listen: string;
  readonly tls: TlsFiles;
  readonly genesis: Genesis;
  readonly self: Self;
  readonly logger: Logger;
  readonly revoked?: RevokedCertificates | undefined;
  /** Of what a member sends about tasks, in bytes; `TASKS_BYTES` unless given. */
  readonly tasksBytes?: Rate;
  /** May come later, by `attach`. */
  readonly replica?: IncomingListener;
};

/** The events of peers: messages, and that a peer's process is a new one. */
export type IncomingListener = Pick<NetworkListener, 'admits' | 'receive' | 'connected'>;

/** The port for the other nodes. */
export interface PeerServer {
  /** @returns The address in use. Streams are refused UNAVAILABLE until there is a replica. */
  listen(): Promise<string>;
  attach(replica: IncomingListener): void;
  /** New connections are shown this certificate; those that are open go on. */
  renew(tls: TlsFiles): void;
  stop(graceMs?: Millis): Promise<void>;
}

/** Makes the port for the other nodes. It does not listen yet. */
export function createPeerServer(parts: PeerServerParts): PeerServer {
  const incoming = new Incoming(parts);
  const credentials = serverCredentials(parts.tls, http2Bounds(PEER_CONCURRENT_STREAMS_MAX));
  parts.revoked?.onMore(() => credentials.forgetSessions());
  const listener = new Listener({
    listen: parts.listen,
    credentials,
    revoked: parts.revoked,
    options: {
      'grpc.max_receive_message_length': FRAME_BYTES_MAX,
      'grpc.keepalive_time_ms': PEER_KEEPALIVE_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': PEER_KEEPALIVE_TIMEOUT_MS,
    },
    front: {
      // All members may come from one address: through a proxy, or on one machine.
      connectionsPerAddressMax: Math.max(
        CONNECTIONS_PER_ADDRESS_MAX,
        CONNECTIONS_PER_MEMBER * parts.genesis.members.length,
      ),
      floods: 'tolerated',
    },
    logger: parts.logger,
  });
  listener.addService(rawService(PeerServiceService), {
    raft: (stream: RawStream) => incoming.take('raft', stream),
    tasks: (stream: RawStream) => incoming.take('tasks', stream),
  });
  return {
    listen: () => listener.listen(),
    attach: (replica) => incoming.attach(replica),
    renew: (tls) => credentials.renew(tls),
    // Streams between nodes do not end by themselves, so there is nothing to wait for.
    stop: (graceMs = 0) => listener.stop(graceMs),
  };
}

type RawStream = ServerDuplexStream<Uint8Array, unknown>;

/** The streams that other nodes have opened to this one: at most one for each peer and channel, the newest. */
class Incoming {
  readonly #parts: PeerServerParts;
  readonly #streams = new Map<string, IncomingStream>();
  readonly #boots = new PeerBoots();
  /** By member: a stream that takes another's place goes on with the same budget. */
  readonly #tasksBytes: Budgets;
  readonly #alarms: Alarms;
  #replica: IncomingListener | undefined;

  constructor(parts: PeerServerParts) {
    this.#parts = parts;
    this.#replica = parts.replica;
    const { tasksBytes = TASKS_BYTES, genesis, logger } = parts;
    this.#alarms = new Alarms({ elapsed: () => performance.now() }, logger);
    this.#tasksBytes = new Budgets(tasksBytes, genesis.members.length);
  }

  attach(replica: IncomingListener): void {
    this.#replica = replica;
  }

  take(channel: Channel, stream: RawStream): void {
    const { genesis, self } = this.#parts;
    const replica = this.#replica;
    const { name, role } = callerOf(stream);
    const peer = nodeId(name);
    const member = genesis.members.find((each) => each.nodeId === peer && each.role === role);
    if (replica === undefined || member === undefined || peer === self.nodeId) {
      stream.emit('error', statusOf(replica === undefined ? starting() : stranger(peer)));
      return;
    }
    const incoming = new IncomingStream({
      stream,
      channel,
      peer,
      sender: utf8(peer),
      clusterId: genesis.clusterId,
      answer: helloOf(genesis.clusterId, self),
      alarms: this.#alarms,
      admits: (level) => replica.admits(peer, level),
      opened: (boot, build) => {
        const place = `${channel}/${peer}`;
        const { isNews, hasTwins } = this.#heard(peer, { boot, address: stream.getPeer() });
        const older = this.#streams.get(place);
        if (hasTwins) older?.end(superseded());
        else older?.fail(superseded());
        this.#streams.set(place, incoming);
        // A first boot is told by our own stream, which can carry messages; a changed one is news already here.
        if (isNews) replica.connected(peer, boot, build);
      },
      receive: (of, bytes) => replica.receive(peer, of, bytes),
      waitMs: (bytes, count) => (channel === 'tasks' ? this.#waitMs(peer, bytes, count) : 0),
      mayRide: (bytes) => this.#tasksBytes.take(peer, tasksCost(bytes, 1), performance.now()),
      closed: () => {
        const place = `${channel}/${peer}`;
        if (this.#streams.get(place) === incoming) this.#streams.delete(place);
      },
    });
  }

  #heard(peer: NodeId, heard: PeerProcess): HelloSeen {
    const seen = this.#boots.hello(peer, heard, performance.now());
    const { twin } = seen;
    if (twin !== undefined) {
      this.#alarms.raise('Two processes run as one node', peer, {
        boot: shown(heard.boot),
        address: heard.address,
        other_boot: shown(twin.boot),
        other_address: twin.address,
      });
    }
    return seen;
  }

  #waitMs(peer: NodeId, bytes: number, count: number): Millis {
    const now = performance.now();
    this.#tasksBytes.charge(peer, tasksCost(bytes, count), now);
    return this.#tasksBytes.waitMs(peer, 0, now);
  }
}

function tasksCost(bytes: number, count: number): number {
  return bytes + count * TASKS_MESSAGE_COSTS_BYTES;
}

/** As much of a boot as tells two apart in a line of the log. */
function shown(boot: Boot): string {
  return boot.slice(-8);
}

function starting(): ClusterError {
  return new ClusterError('no-quorum', 'The node is starting', { reason: 'NODE_STARTING' });
}

function stranger(peer: NodeId): ClusterError {
  return new ClusterError('forbidden', `${peer} is not another member of this cluster`, {
    reason: 'NOT_A_MEMBER',
  });
}

function superseded(): ClusterError {
  return new ClusterError('superseded', 'A newer stream of this node has taken its place', {
    reason: 'STREAM_REPLACED',
  });
}
