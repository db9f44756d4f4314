import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { Alarms } from '../../alarms/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import type { Genesis, RevocationName } from '../../identity/index.js';
import type { Channel, Logger, Network, NetworkListener } from '../../ports/index.js';
import { wrapHello } from './frame.js';
import { helloOf } from './hello.js';
import type { Self } from './hello.js';
import { PeerLink } from './peer-link.js';
import type { LinkCounts } from './peer-link.js';
import { PeerLinks } from './peer-links.js';
import { LINK_LINE_EVERY_MS } from '../limits.js';
import { contextOptions } from '../tls-identity.js';
import type { TlsFiles } from '../tls-identity.js';
import type { RevokedCertificates } from '../revoked.js';

export type PeerNetworkParts = {
  readonly genesis: Genesis;
  readonly self: Self;
  readonly tls: TlsFiles;
  /** Where the other members listen for their peers, `host:port`. Members without an address are not dialled. */
  readonly addresses: ReadonlyMap<NodeId, string>;
  readonly logger: Logger;
  readonly revoked?: RevokedCertificates | undefined;
};

/** Is told to which peers messages can flow. */
export type ConnectionListener = Pick<NetworkListener, 'admits' | 'connected' | 'disconnected'>;

/** Messages sent, the frames that carried them, and the bytes of these. */
export type Traffic = {
  readonly messages: number;
  readonly frames: number;
  readonly bytes: number;
};

const NO_LINK: LinkCounts = { open: false, sent: 0, dropped: 0, frames: 0, bytes: 0 };

/**
 * The network port over gRPC: two streams to every other member, on connections of their own. A peer counts as connected
 * while our tasks stream to it is open; what is sent to one that is not is dropped.
 */
export class PeerNetwork implements Network {
  readonly #peers: ReadonlyMap<NodeId, PeerLinks>;
  /** Peers to which something was sent in this turn of the event loop. */
  readonly #unflushed = new Set<PeerLinks>();
  readonly #alarms: Alarms;
  /** For the next connection; those that are open go on with theirs. */
  #secureContext: SecureContext;
  #listener: ConnectionListener | undefined;

  constructor(parts: PeerNetworkParts) {
    const { genesis, self, tls, addresses, logger } = parts;
    const clock = { elapsed: () => performance.now() };
    this.#alarms = new Alarms(clock, logger, LINK_LINE_EVERY_MS);
    this.#secureContext = createSecureContext(contextOptions(tls));
    const peers = new Map<NodeId, PeerLinks>();
    for (const { nodeId: peer, role } of genesis.members) {
      const address = addresses.get(peer);
      if (peer === self.nodeId || address === undefined) continue;
      const link = (channel: Channel) => this.#link(parts, { peer, role, channel, address });
      peers.set(peer, new PeerLinks({ raft: link('raft'), tasks: link('tasks') }));
    }
    this.#peers = peers;
    parts.revoked?.onMore(() => {
      for (const link of this.#all) link.cutRevoked();
    });
  }

  /** Dials every peer, now and until `stop`. Connections are reported from here on. */
  start(listener: ConnectionListener): void {
    this.#listener = listener;
    for (const link of this.#all) link.start();
  }

  /** Sends with all else that this turn of the event loop brings for the peer. */
  send(to: NodeId, channel: Channel, bytes: Uint8Array): void {
    const peer = this.#peers.get(to);
    if (peer === undefined) return;
    peer.of(channel).send(bytes);
    if (this.#unflushed.size === 0) setImmediate(() => this.#flush());
    this.#unflushed.add(peer);
  }

  #flush(): void {
    for (const peer of this.#unflushed) peer.flush();
    this.#unflushed.clear();
  }

  get #all(): readonly PeerLink[] {
    return [...this.#peers.values()].flatMap((peer) => peer.all);
  }

  counts(peer: NodeId, channel: Channel): LinkCounts {
    return this.#peers.get(peer)?.of(channel).counts() ?? NO_LINK;
  }

  /** All that was sent to all peers since the start. */
  traffic(): Traffic {
    const all = this.#all.map((link) => link.counts());
    const sum = (of: (counts: LinkCounts) => number): number =>
      all.reduce((total, each) => total + of(each), 0);
    return {
      messages: sum(({ sent }) => sent),
      frames: sum(({ frames }) => frames),
      bytes: sum(({ bytes }) => bytes),
    };
  }

  /** The end of the certificate that this peer showed last; `undefined` if it never did. */
  certificateEndMs(peer: NodeId): Millis | undefined {
    return this.#peers.get(peer)?.of('raft').certificateEndMs;
  }

  /** The names under which the certificates are revoked that this peer showed last. */
  certificateNames(peer: NodeId): readonly RevocationName[] {
    return this.#peers.get(peer)?.of('raft').certificateNames ?? [];
  }

  /** Connections that are made from now on show this certificate. */
  renew(tls: TlsFiles): void {
    this.#secureContext = createSecureContext(contextOptions(tls));
  }

  stop(): void {
    for (const link of this.#all) link.stop();
  }

  #link(
    { genesis, self, logger, revoked }: PeerNetworkParts,
    to: {
      readonly peer: NodeId;
      readonly role: string;
      readonly channel: Channel;
      readonly address: string;
    },
  ): PeerLink {
    const { peer, role, channel, address } = to;
    const spiffeId = `spiffe://quorate/${role}/${peer}`;
    return new PeerLink({
      peer,
      channel,
      address,
      clusterId: genesis.clusterId,
      secureContext: () => this.#secureContext,
      isRevoked: (names) => revoked?.covers(names) === true,
      isPeer: (server) => server?.spiffeId === spiffeId,
      hello: wrapHello(helloOf(genesis.clusterId, self)),
      logger,
      alarms: this.#alarms,
      admits: (level) => this.#listener?.admits(peer, level) ?? true,
      opened: (boot, build) => {
        if (channel === 'tasks') this.#listener?.connected(peer, boot, build);
      },
      closed: () => {
        if (channel === 'tasks') this.#listener?.disconnected(peer);
      },
    });
  }
}
