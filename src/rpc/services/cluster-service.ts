import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { GenesisMember } from '../../identity/index.js';
import { METHODS } from '../../state/index.js';
import { GetClusterRequest, MemberRole } from '../../wire/index.js';
import type {
  Cluster,
  GetClusterResponse,
  Member,
  RequireSignaturesResponse,
} from '../../wire/index.js';
import { ClusterServiceService } from '../../wire/services.js';
import type { BackendStatus } from './backend.js';
import { readMessage, readMutation } from '../decode.js';
import { REQUEST_LIFETIME_MS_MAX } from '../limits.js';
import { timestamp } from './present.js';
import { submissionOf } from './submit.js';
import { unary } from '../unary.js';
import type { Call, ServiceContext } from '../unary.js';

/**
 * ClusterService: shows the cluster as the answering node sees it now, without asking the others first, for whoever looks
 * for a quorum that is gone must get an answer; and takes what operators change of the cluster itself.
 */
export function clusterService(
  context: ServiceContext,
  softwareVersion: string,
): Record<keyof typeof ClusterServiceService, UntypedHandleCall> {
  const getCluster = async (): Promise<GetClusterResponse> => {
    const backend = context.backend();
    const clock = backend.local().clock();
    const status = backend.status();
    const cluster: Cluster = {
      clusterId: status.clusterId,
      nodeId: status.nodeId,
      leaderId: status.leader ?? '',
      term: BigInt(status.term),
      commitIndex: BigInt(status.commit),
      appliedIndex: BigInt(status.applied),
      clusterTime: timestamp(clock.timeMs),
      unsignedRequests: backend.local().takesUnsigned(),
      members: context.genesis.members.map((member) => presentMember(member, status)),
      keyCount: clock.keyCount,
      openTaskCount: BigInt(clock.openGenerateCount + clock.openSignCount),
      softwareVersion,
    };
    return { cluster };
  };

  const requireSignatures = async (call: Call<unknown>): Promise<RequireSignaturesResponse> => {
    const lifetimeMs = Math.min(call.time.remainingMs(), REQUEST_LIFETIME_MS_MAX);
    const submission = submissionOf(context, call, METHODS.requireSignatures, lifetimeMs, true);
    const { taskId } = await context.backend().submit(submission);
    return { taskId };
  };

  return {
    requireSignatures: unary(
      context,
      ClusterServiceService.requireSignatures.path,
      (bytes) => readMutation(METHODS.requireSignatures, bytes),
      requireSignatures,
    ),
    getCluster: unary(
      context,
      ClusterServiceService.getCluster.path,
      (bytes) => readMessage(GetClusterRequest, bytes),
      getCluster,
    ),
  };
}

function presentMember(member: GenesisMember, status: BackendStatus): Member {
  return {
    nodeId: member.nodeId,
    role: member.role === 'tee' ? MemberRole.TEE : MemberRole.MESH,
    identityKey: member.identityKey,
    leader: member.nodeId === status.leader,
    reachable: member.nodeId === status.nodeId || status.connected.includes(member.nodeId),
  };
}
