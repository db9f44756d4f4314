import type { NodeId } from '../common/index.js';
import { PROFILES } from '../gg20/index.js';
import type { ProfileName } from '../gg20/index.js';
import type { GenesisMember } from '../identity/index.js';
import { forkEvidenceToBytes } from '../raft/index.js';
import type { ForkEvidence, QuorumStatus } from '../raft/index.js';
import { isInUse } from '../state/index.js';
import type { ActiveKey, Queries } from '../state/index.js';
import {
  ConsensusPart,
  DiskRoom,
  GetClusterRequest,
  Gg20Profile,
  LogStanding,
  MemberRole,
} from '../wire/index.js';
import type {
  Cluster,
  CorrectTimeResponse,
  GetClusterResponse,
  LogContradiction,
  LogSizes,
  Member,
  PresignaturePool,
  RaiseLevelResponse,
  RequireSignaturesResponse,
  SigningFailures,
} from '../wire/index.js';
import type { Backend, NodeStatus } from './backend.js';
import type { ApiContext, Call, NodeFacts } from './call.js';
import {
  CONTRADICTIONS_SHOWN_MAX,
  FAILURES_SHOWN_MAX,
  HEARD_MS,
  KEYS_LOOKED_AT_MAX,
  POOLS_SHOWN_MAX,
} from './limits.js';
import { readMessage, readMutation } from './decode.js';
import { presentMonitor } from './performance-monitor.js';
import { timestamp } from './present.js';
import { lifetimeMsOf, submissionOf } from './submit.js';
import { presentFailures } from './unlocking.js';
import { visibleTo } from './visibility.js';

/**
 * Shows the cluster as the answering node sees it now, without asking the others first: an operator that looks for a
 * quorum that is gone must get an answer.
 */
export async function getCluster(context: ApiContext, call: Call): Promise<GetClusterResponse> {
  readMessage(GetClusterRequest, call.bytes);
  return { cluster: clusterSeen(context, call) };
}

/** The keys that are looked at, without those that are retired. */
export function keysInUse(state: Queries): readonly ActiveKey[] {
  return state.keysAfter('', KEYS_LOOKED_AT_MAX).filter(isInUse);
}

/** The cluster as this node sees it now, for one caller. */
export function clusterSeen(context: ApiContext, call: Pick<Call, 'caller'>): Cluster {
  const backend = context.backend();
  const totals = backend.local().totals();
  const status = backend.status();
  const quorum = backend.quorum();
  const reached = reachedNodes(status, quorum);
  const keys = keysInUse(backend.local());
  return {
    clusterId: status.clusterId,
    nodeId: status.nodeId,
    leaderId: status.leader ?? '',
    term: BigInt(status.term),
    commitIndex: BigInt(status.commit),
    appliedIndex: BigInt(status.applied),
    clusterTime: timestamp(totals.timeMs),
    unsignedRequests: backend.local().takesUnsigned(),
    members: backend
      .local()
      .members()
      .map((member) => presentMember(member, status, quorum.peers, context.node)),
    keyCount: totals.keyCount,
    openTaskCount: BigInt(totals.open.reduce((sum, { count }) => sum + count, 0)),
    softwareVersion: context.softwareVersion,
    level: status.level,
    nodeTime: timestamp(BigInt(Math.floor(context.node.nowMs()))),
    quorum: {
      present: quorum.present,
      heard: quorum.heard,
      needed: quorum.needed,
      voters: quorum.peers.size + 1,
    },
    caughtUp: status.caughtUp,
    keysLookedAt: keys.length,
    curveBackends: Object.entries(context.node.curveBackends).map(([curve, name]) => ({
      curve,
      backend: name,
    })),
    primeStocks: status.primeStocks.map(({ profile, ready, making }) => ({
      profile: isProfile(profile) ? Gg20Profile[profile] : Gg20Profile.UNSPECIFIED,
      ready,
      making,
    })),
    signingFailures: shownFailures(call, backend),
    openSecrets: {
      count: status.openSecrets.open,
      bytes: BigInt(status.openSecrets.bytes),
      hits: BigInt(status.openSecrets.hits),
      misses: BigInt(status.openSecrets.misses),
    },
    presignaturePools: shownPools(call, status),
    presignaturesHeld: status.presignatures.held,
    keysAbleToSign: quorum.present
      ? keys.filter((key) => canSign(key, backend.local().signersOf(key), reached)).length
      : 0,
    timeCorrections: status.timeCorrections,
    diskRoom: ROOMS[status.room],
    diskFreeBytes: BigInt(status.freeBytes ?? 0),
    revocationCount: backend.local().revocationCount(),
    logSizes: presentLog(status.log),
    performanceMonitor: presentMonitor(status.monitor),
    part: PARTS[status.part],
    logStanding: STANDINGS[status.standing],
    logContradictions: status.forks.slice(0, CONTRADICTIONS_SHOWN_MAX).map(presentFork),
  };
}

const ROOMS: Readonly<Record<NodeStatus['room'], DiskRoom>> = {
  enough: DiskRoom.ENOUGH,
  low: DiskRoom.LOW,
  none: DiskRoom.NONE,
};

const PARTS: Readonly<Record<NodeStatus['part'], ConsensusPart>> = {
  takes: ConsensusPart.TAKES,
  'log-lost': ConsensusPart.LOG_LOST,
};

const STANDINGS: Readonly<Record<NodeStatus['standing'], LogStanding>> = {
  undisputed: LogStanding.UNDISPUTED,
  confirmed: LogStanding.CONFIRMED,
  unconfirmed: LogStanding.UNCONFIRMED,
};

function presentFork(evidence: ForkEvidence): LogContradiction {
  const { first, second } = evidence;
  return {
    term: BigInt(first.word.term),
    index: BigInt(first.word.index),
    firstNodeId: first.node,
    firstHash: first.word.hash,
    secondNodeId: second.node,
    secondHash: second.word.hash,
    evidence: forkEvidenceToBytes(evidence),
  };
}

function presentLog({ front, last, bytes, memoryBytes, checkpoint }: NodeStatus['log']): LogSizes {
  const { index = 0, stateBytes = 0, bytesSince = 0, dueBytes = 0 } = checkpoint ?? {};
  return {
    frontIndex: BigInt(front),
    lastIndex: BigInt(last),
    bytes: BigInt(bytes),
    memoryBytes: BigInt(memoryBytes),
    checkpointIndex: BigInt(index),
    checkpointBytes: BigInt(stateBytes),
    bytesSinceCheckpoint: BigInt(bytesSince),
    checkpointDueBytes: BigInt(dueBytes),
  };
}

/** Ids of keys stand in them: of the same callers that may see all keys. */
function shownFailures({ caller }: Pick<Call, 'caller'>, backend: Backend): SigningFailures[] {
  if (visibleTo(caller) !== undefined) return [];
  return backend.signingFailures().slice(0, FAILURES_SHOWN_MAX).map(presentFailures);
}

/** The same. */
function shownPools(
  { caller }: Pick<Call, 'caller'>,
  { presignatures }: NodeStatus,
): PresignaturePool[] {
  if (visibleTo(caller) !== undefined) return [];
  return presignatures.pools.slice(0, POOLS_SHOWN_MAX).map((pool) => ({ ...pool }));
}

/** From then on the cluster takes only requests that their requesters signed. */
export async function requireSignatures(
  context: ApiContext,
  call: Call,
): Promise<RequireSignaturesResponse> {
  return { taskId: await changeCluster(context, call) };
}

/** From then on the cluster is at the next feature level. */
export async function raiseLevel(context: ApiContext, call: Call): Promise<RaiseLevelResponse> {
  return { taskId: await changeCluster(context, call) };
}

/** From then on the cluster's time is what the clocks of a majority have reached, and not what they had reached once. */
export async function correctTime(context: ApiContext, call: Call): Promise<CorrectTimeResponse> {
  return { taskId: await changeCluster(context, call) };
}

/** A request that changes the cluster itself counts only when an operator has signed it. */
export async function changeCluster(context: ApiContext, call: Call): Promise<string> {
  readMutation(call.method, call.bytes);
  const submission = submissionOf(context, call, lifetimeMsOf(call), true);
  const { taskId } = await context.backend().submit(submission);
  return taskId;
}

/** The nodes that a signature can count on, as far as this node knows: a leader knows who answers it, too. */
function reachedNodes(status: NodeStatus, { peers }: QuorumStatus): ReadonlySet<string> {
  const isLeading = status.leader === status.nodeId;
  const answers = (peer: NodeId): boolean => (peers.get(peer)?.heardAgoMs ?? Infinity) < HEARD_MS;
  return new Set([
    status.nodeId,
    ...status.connected.filter((peer) => !isLeading || answers(peer)),
  ]);
}

function canSign(
  { threshold }: Pick<ActiveKey, 'threshold'>,
  signers: readonly string[],
  reached: ReadonlySet<string>,
): boolean {
  return signers.filter((node) => reached.has(node)).length >= threshold;
}

function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

function presentMember(
  member: GenesisMember,
  status: NodeStatus,
  peers: QuorumStatus['peers'],
  node: NodeFacts,
): Member {
  const { heardAgoMs, match } = peers.get(member.nodeId) ?? {};
  const certificateEndMs = node.certificateEndMs(member.nodeId);
  return {
    nodeId: member.nodeId,
    role: member.role === 'tee' ? MemberRole.TEE : MemberRole.MESH,
    identityKey: member.identityKey,
    leader: member.nodeId === status.leader,
    reachable: member.nodeId === status.nodeId || status.connected.includes(member.nodeId),
    build: status.builds.get(member.nodeId),
    address: node.addressOf(member.nodeId) ?? '',
    replication:
      heardAgoMs === undefined
        ? undefined
        : { heardAgoMs: BigInt(heardAgoMs), matchIndex: BigInt(match ?? 0) },
    certificateEnd:
      certificateEndMs === undefined ? undefined : timestamp(BigInt(certificateEndMs)),
  };
}
