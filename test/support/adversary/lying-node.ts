import { bootId, nodeId, toHex } from '../../../src/common/index.js';
import type { Boot, NodeId } from '../../../src/common/index.js';
import { nodeJobs } from '../../../src/blame/index.js';
import { BUILD_LEVEL, levelWord, voters } from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { openHoldings } from '../../../src/node/holdings.js';
import type { Holdings } from '../../../src/node/holdings.js';
import { startReplica } from '../../../src/node/index.js';
import type { NodeConfig, Replica } from '../../../src/node/index.js';
import {
  inlineCompute,
  nodeVerify,
  systemClock,
  systemPrimes,
  systemRandom,
} from '../../../src/machine/index.js';
import type { Logger, Signer } from '../../../src/ports/index.js';
import { createPeerServer, PeerNetwork } from '../../../src/rpc/index.js';
import type { PeerServer } from '../../../src/rpc/index.js';
import { Liar } from './liar.js';
import { signsFor } from './signed-words.js';
import { GG20, SCHEMES, VERIFIERS } from '../builders/schemes.js';
import { loadWhole } from '../builders/stores.js';

/** What the replica beneath a liar has to complain of is no concern of the cluster's. */
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alarm: () => undefined,
};

/**
 * A member with real streams to the others, real certificates and real key shares, for whom a {@link Liar} speaks. Its
 * honest replica runs beneath, on its own disk, and believes what the liar tells it.
 */
export class LyingNode implements AsyncDisposable {
  readonly id: NodeId;
  /** Of this run of it. */
  readonly boot: Boot;
  readonly genesis: Genesis;
  readonly signer: Signer;
  readonly liar: Liar;
  readonly peerAddress: string;
  readonly #holdings: Holdings;
  readonly #server: PeerServer;
  readonly #network: PeerNetwork;
  readonly #replica: Replica;

  private constructor(
    parts: {
      readonly id: NodeId;
      readonly boot: Boot;
      readonly liar: Liar;
      readonly peerAddress: string;
    },
    holdings: Holdings,
    server: PeerServer,
    network: PeerNetwork,
    replica: Replica,
  ) {
    this.id = parts.id;
    this.boot = parts.boot;
    this.liar = parts.liar;
    this.peerAddress = parts.peerAddress;
    this.genesis = holdings.genesis;
    this.signer = holdings.signer;
    this.#holdings = holdings;
    this.#server = server;
    this.#network = network;
    this.#replica = replica;
  }

  /** Takes the place of the node that `config` is for, which does not run now. */
  static async open(
    config: NodeConfig,
    addresses: ReadonlyMap<NodeId, string>,
  ): Promise<LyingNode> {
    const holdings = await openHoldings(config, {});
    const { genesis, credentials, consensus, shares, signer } = holdings;
    const id = nodeId(config.nodeId);
    const boot = bootId(toHex(systemRandom.bytes(16)));
    const build = levelWord(genesis.clusterId, signer, 1, BUILD_LEVEL);
    const self = { nodeId: id, boot, incarnation: 1, build } as const;
    const tls = credentials.peers;
    const logger = SILENT;
    const server = createPeerServer({ listen: config.peer.listen, tls, genesis, self, logger });
    const peerAddress = await server.listen();
    const network = new PeerNetwork({ genesis, self, tls, addresses, logger });
    const liar = new Liar({
      self: id,
      voters: voters(genesis),
      genesis: { payload: genesis.bytes, timeMs: genesis.createdMs },
      network,
      clock: systemClock,
      random: systemRandom,
      signs: signsFor(signer, genesis.clusterId),
      remembered: await loadWhole(consensus),
    });
    using wrappingKey = holdings.wrappingKey;
    const replica = await startReplica(
      {
        genesis,
        boot,
        wrappingKey: wrappingKey.bytes,
        schemes: SCHEMES,
        verifiers: VERIFIERS,
        gg20: GG20,
        onFatal: () => undefined,
      },
      {
        clock: systemClock,
        compute: inlineCompute(
          nodeJobs({ schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20, verify: nodeVerify }),
        ),
        random: systemRandom,
        primes: systemPrimes,
        verify: nodeVerify,
        signer,
        network: liar.networkBeneath,
        consensus,
        shares,
        logger,
      },
    );
    liar.beneath = replica;
    server.attach({
      receive: (from, channel, bytes) => liar.receive(from, channel, bytes),
      connected: (peer, peerBoot) => replica.connected(peer, peerBoot),
      admits: () => true,
    });
    network.start(replica);
    return new LyingNode({ id, boot, liar, peerAddress }, holdings, server, network, replica);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.liar.stop();
    this.#network.stop();
    await this.#server.stop(0);
    await this.#replica.stop();
    await this.#holdings.close();
  }
}
