import type { UntypedHandleCall } from '@grpc/grpc-js';
import type { GenesisMember } from '../../identity/index.js';
import { GetClusterRequest, MemberRole } from '../../wire/index.js';
import type { Cluster, GetClusterResponse, Member } from '../../wire/index.js';
import { ClusterServiceService } from '../../wire/services.js';
import type { BackendStatus } from './backend.js';
import { readMessage } from '../decode.js';
import { timestamp } from './present.js';
import { unary } from '../unary.js';
import type { ServiceContext } from '../unary.js';

/**
 * ClusterService: shows the cluster as the answering node sees it now, without asking the others first. Whoever looks for
 * a quorum that is gone must get an answer.
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
      unsignedRequests: context.genesis.unsigned,
      members: context.genesis.members.map((member) => presentMember(member, status)),
      keyCount: clock.keyCount,
      openTaskCount: BigInt(clock.openGenerateCount + clock.openSignCount),
      softwareVersion,
    };
    return { cluster };
  };

  return {
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
