import {
  BUILD_LEVEL,
  DEFAULT_LIMITS,
  encodeGenesis,
  parseGenesis,
  type Genesis,
} from '../../src/identity/index.js';
import {
  installedBytes,
  requestHash,
  sessionIdOf,
  taskIdOf,
  voucherBytes,
} from '../../src/identity/index.js';
import { judgeEvidence, nodeJobs } from '../../src/blame/index.js';
import { memoryConsensusStore } from '../../src/store/index.js';
import type { NodeId } from '../../src/common/index.js';
import { type Suite } from '../../src/frost/index.js';
import type { Verifier } from '../../src/algorithms/index.js';
import { startReplica, type Replica } from '../../src/node/replica.js';
import { inlineCompute, nodeVerify } from '../../src/machine/index.js';
import type { Primes, Signer, Verify } from '../../src/ports/index.js';
import { GG20, VERIFIERS, ed25519Suite, schemesWith } from '../support/builders/schemes.js';
import { Clients } from './clients.js';
import { EPOCH_MS } from './clock.js';
import { Identities } from './identities.js';
import type { LiesOfLives } from './malicious/life-lies.js';
import { startMaliciousNode } from './malicious/malicious-node.js';
import { openedShares } from './opened-shares.js';
import type { LifePorts, Process, StartProcess } from './process.js';
import { Rng } from './rng.js';
import { FROST_KEYS, requestIdOf } from './requests.js';
import type { MakeScenario, Scenario } from './simulation.js';
import { smallSuite, verifySchnorr } from './small-group.js';
import type { LieRates } from './fault-rates.js';
import type { Tables, Tenant } from './tenant.js';

/** A whole node: everything but sockets, files and the machine's clock. */
export type NodeProcess = Process & { readonly replica: Replica };

/** Nobody speaks TLS here. */
const NO_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

function genesisOf(signers: readonly Signer[], requesterCa = NO_CERTIFICATE): Genesis {
  const members = signers.map(({ node, publicKey }) => ({
    nodeId: node,
    role: 'tee' as const,
    identityKey: publicKey,
  }));
  return parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: EPOCH_MS,
      members,
      peerCa: NO_CERTIFICATE,
      requesterCa,
      unsigned: true,
      limits: DEFAULT_LIMITS,
    }),
  );
}

type Household = {
  readonly genesis: Genesis;
  readonly tablesOf: (node?: NodeId) => Tables;
  readonly verify: Verify;
  readonly signers: ReadonlyMap<NodeId, Signer>;
  readonly wrappingKeys: ReadonlyMap<NodeId, Uint8Array>;
};

/** Primes of the machine would make each run another one. */
const NO_PRIMES: Primes = {
  prime: () => Promise.reject(new Error('there are no primes in the simulation')),
};

function startNode(
  household: Household,
  malice: Malice,
  tenant: Tenant | undefined,
): StartProcess<NodeProcess> {
  return async (node, given) => {
    const { genesis, verify } = household;
    const { schemes, verifiers, gg20 } = household.tablesOf(node);
    const signer = household.signers.get(node);
    const wrappingKey = household.wrappingKeys.get(node);
    if (signer === undefined || wrappingKey === undefined) throw new Error(`no node ${node}`);
    const ports = tenant?.doors?.(signer, given, genesis) ?? given;
    const kinds = tenant?.kinds?.(node);
    const inline = inlineCompute(nodeJobs({ schemes, verifiers, gg20, verify, kinds }));
    const compute = tenant?.compute?.(node, ports, inline) ?? inline;
    const primes = tenant?.primes?.(node, ports) ?? NO_PRIMES;
    const start = (doors: LifePorts): Promise<Replica> =>
      startReplica(
        {
          genesis,
          boot: ports.boot,
          wrappingKey,
          schemes,
          verifiers,
          gg20,
          presignatures: tenant?.presignatures,
          kinds,
          onFatal: (error) => ports.onFatal(error),
        },
        // Checkpoints are due after more than a run comes to; `--snapshots` has them for consensus alone.
        { ...doors, snapshots: undefined, compute, primes, signer, verify },
      );
    if (node === malice.node) {
      let replica: Replica | undefined;
      const process = await startMaliciousNode({
        genesis,
        signer,
        ports,
        lies: malice.lies,
        lives: malice.lives,
        rng: malice.rng,
        wordRng: malice.wordRng,
        startBeneath: async (network) => {
          // It may keep its shares. A log that it was told as a leader would only be in its way.
          replica = await start({ ...ports, network, consensus: memoryConsensusStore() });
          return replica;
        },
        told: (lie) => malice.told(lie),
      });
      if (replica === undefined) throw new Error('there is no replica beneath');
      return { ...process, replica };
    }
    const replica = await start(ports);
    return {
      replica,
      receive: (from, channel, bytes) => replica.receive(from, channel, bytes),
      connected: (peer, boot) => replica.connected(peer, boot),
      disconnected: (peer) => replica.disconnected(peer),
      status: () => replica.status(),
      transfer: async (target, signal) =>
        typeof (await replica.yieldLeadership(target, signal)) === 'object',
      stop: () => replica.stop(),
    };
  };
}

type Malice = {
  /** Of its words that another node is to lead. */
  readonly wordRng: Rng;
  readonly node: NodeId | undefined;
  readonly lies: LieRates;
  readonly lives: LiesOfLives | undefined;
  readonly rng: Rng;
  told(lie: string): void;
};

/** Whole nodes, with clients that generate keys, sign with them and read. */
export const wholeNodes: MakeScenario<NodeProcess> = (setting) => scenarioOf(setting);

/** The same, with what a test adds. */
export function wholeNodesWith(tenantOf: (setting: Setting) => Tenant): MakeScenario<NodeProcess> {
  return (setting) => scenarioOf(setting, tenantOf(setting));
}

type Setting = Parameters<MakeScenario<NodeProcess>>[0];

function scenarioOf(setting: Setting, tenant?: Tenant): Scenario<NodeProcess> {
  const { seed, world, rates, nodes, report } = setting;
  // Whose tables it is makes no difference to whom evidence names.
  const kinds = nodes[0] === undefined ? undefined : tenant?.kinds?.(nodes[0]);
  const rng = new Rng(seed, 'identities');
  const identities = new Identities();
  const signers = nodes.map((node) => identities.signer(node, rng));
  const genesis = genesisOf(signers, tenant?.requesterCa);
  const suite = rates.realCurve ? ed25519Suite : (smallSuite() as Suite);
  const verifier: Verifier = rates.realCurve
    ? VERIFIERS[suite.algorithm]
    : { isQuick: true, verify: (...asked) => verifySchnorr(suite, ...asked) };
  const usual: Tables = {
    schemes: schemesWith(suite),
    verifiers: { ...VERIFIERS, [suite.algorithm]: verifier },
    gg20: GG20,
  };
  const tablesOf = (node?: NodeId): Tables => tenant?.tables?.(usual, node) ?? usual;
  const tables = tablesOf();
  const { schemes, verifiers, gg20 } = tables;
  const household: Household = {
    tablesOf,
    genesis,
    verify: { ...nodeVerify, identity: identities.identity },
    signers: new Map(signers.map((signer) => [signer.node, signer])),
    wrappingKeys: new Map(nodes.map((node) => [node, rng.bytes(32)])),
  };
  return {
    start: startNode(
      household,
      {
        node: tenant === undefined || tenant.liesInAll !== undefined ? rates.liar : undefined,
        lies: rates.lies,
        lives: tenant?.liesInAll,
        rng: new Rng(seed, 'lies'),
        wordRng: new Rng(seed, 'false words'),
        told: (lie) => {
          world.counts.lies++;
          world.trace.event(world.now(), 'liar', lie);
        },
      },
      tenant,
    ),
    workload: new Clients({
      world,
      clusterId: genesis.clusterId,
      rng: world.rng(seed, 'workload'),
      nodes,
      verifiers,
      keyRequests: tenant?.keys ?? FROST_KEYS,
      report,
      watch: () => setting.watch(),
      forks: rates.liar !== undefined,
      further: tenant?.requests ?? [],
    }),
    naming: {
      sessionOf: (entryHash) => sessionIdOf(genesis.clusterId, entryHash),
      taskOf: taskIdOf,
      requestIdOf: (method, request) =>
        tenant?.requestIdOf?.(method, request) ?? requestIdOf(method, request),
    },
    lasts: tenant?.lasts ?? 1,
    readShare: tenant?.readShare ?? (() => undefined),
    genesisRules: {
      voucherOf: ({ method, request, authorization }) => {
        const by = authorization?.by;
        if (by?.$case !== 'voucher') return undefined;
        const { nodeId: node, spiffeId, expireTimeMs, signature } = by.value;
        const member = signers.find((signer) => signer.node === node);
        const bytes = voucherBytes(genesis.clusterId, method, spiffeId, expireTimeMs, request);
        const isTrue =
          member !== undefined && identities.identity(member.publicKey, bytes, signature);
        return isTrue ? member.node : undefined;
      },
      signerOf: (request) => tenant?.signerOf?.(genesis.clusterId, request),
      isTrueInstalled: (word) => {
        const member = signers.find(({ node }) => node === word.nodeId);
        const bytes = installedBytes(genesis.clusterId, word);
        return member !== undefined && identities.identity(member.publicKey, bytes, word.signature);
      },
      requestHash,
      culpritOf: (evidence) =>
        judgeEvidence({ genesis, verify: household.verify, schemes, gg20, kinds }, evidence)
          ?.nodeId,
    },
    shares: (cluster) =>
      openedShares({
        clusterId: genesis.clusterId,
        tables,
        wrappingKeyOf: (node) => household.wrappingKeys.get(node) ?? new Uint8Array(32),
        diskOf: (node) => cluster().machine(node)?.shares,
      }),
  };
}
