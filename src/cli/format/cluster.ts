import { MemberRole } from '../../wire/index.js';
import type { Cluster } from '../../wire/index.js';
import { facts, table } from './table.js';
import { hex, nameOf, time } from './values.js';

/** The cluster for programs: the names of the proto, bytes as hex, times in RFC 3339. */
export function clusterJson(cluster: Cluster): object {
  return {
    cluster_id: cluster.clusterId,
    node_id: cluster.nodeId,
    leader_id: cluster.leaderId,
    term: Number(cluster.term),
    commit_index: Number(cluster.commitIndex),
    applied_index: Number(cluster.appliedIndex),
    cluster_time: time(cluster.clusterTime),
    level: cluster.level,
    unsigned_requests: cluster.unsignedRequests,
    key_count: Number(cluster.keyCount),
    open_task_count: Number(cluster.openTaskCount),
    software_version: cluster.softwareVersion,
    members: cluster.members.map((member) => ({
      node_id: member.nodeId,
      role: nameOf(MemberRole, member.role),
      identity_key: hex(member.identityKey),
      leader: member.leader,
      reachable: member.reachable,
      build: member.build && {
        level: member.build.level,
        incarnation: member.build.incarnation,
        signature: hex(member.build.signature),
      },
    })),
  };
}

/** The cluster for a person. */
export function clusterLines(cluster: Cluster): string[] {
  return [
    ...facts([
      ['cluster', cluster.clusterId],
      ['leader', cluster.leaderId === '' ? 'none known' : cluster.leaderId],
      ['term', String(cluster.term)],
      ['committed', `entry ${cluster.commitIndex}, applied ${cluster.appliedIndex}`],
      ['time', time(cluster.clusterTime)],
      ['keys', String(cluster.keyCount)],
      ['open tasks', String(cluster.openTaskCount)],
      ['level', String(cluster.level)],
      ['builds', buildWords(cluster)],
      ['requests', cluster.unsignedRequests ? 'may be unsigned' : 'must be signed'],
      ['answered by', `${cluster.nodeId}, quorate ${cluster.softwareVersion}`],
    ]),
    '',
    ...table(
      ['NODE', 'ROLE', 'STATE', 'IDENTITY KEY'],
      cluster.members.map((member) => [
        member.nodeId,
        nameOf(MemberRole, member.role).toLowerCase(),
        memberState(member),
        hex(member.identityKey),
      ]),
    ),
  ];
}

/** Which nodes run a build of which level, as the answering node has heard it. */
function buildWords({ members }: Cluster): string {
  const levels = new Map<number, string[]>();
  for (const { nodeId, build } of members) {
    const level = build?.level ?? 0;
    levels.set(level, [...(levels.get(level) ?? []), nodeId]);
  }
  const words = [...levels].map(([level, nodes]) =>
    level === 0 ? `not heard of ${nodes.join(', ')}` : `level ${level} on ${nodes.join(', ')}`,
  );
  return words.join('; ');
}

function memberState(member: Cluster['members'][number]): string {
  if (member.leader) return 'leader';
  return member.reachable ? 'reachable' : 'unreachable';
}
