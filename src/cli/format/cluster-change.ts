import { DiskRoom, MemberRole } from '../../wire/index.js';
import type { Cluster } from '../../wire/index.js';
import type { ClusterChange } from '../../client/index.js';
import { nameOf } from './values.js';

type Member = Cluster['members'][number];

/** The differences between what was told of a cluster before and now, for a person: `leader node-2, was node-1`. */
export function changeWords(before: ClusterChange, after: ClusterChange): string[] {
  const [was, is] = [before, after].map(factsOf);
  const plain = [...(is ?? [])].flatMap(([name, value]) => {
    const old = was?.get(name);
    return old === value ? [] : [`${name} ${value}, was ${old ?? 'unknown'}`];
  });
  return [...plain, ...memberWords(before.cluster, after.cluster)];
}

/** The facts that one word tells, by their names for a person. */
function factsOf({ cluster, upkeep }: ClusterChange): ReadonlyMap<string, string> {
  const { quorum } = cluster;
  return new Map([
    ['seen by', cluster.nodeId],
    ['leader', cluster.leaderId === '' ? 'none' : cluster.leaderId],
    ['term', String(cluster.term)],
    ['quorum', quorum?.present === true ? 'there' : 'gone'],
    ['nodes heard', `${quorum?.heard ?? 0} of ${quorum?.voters ?? 0}`],
    ['level', String(cluster.level)],
    ['keys', String(cluster.keyCount)],
    ['keys able to sign', `${cluster.keysAbleToSign} of ${cluster.keysLookedAt}`],
    ['keys being refreshed', String(upkeep.refreshing)],
    ['keys overdue for a refresh', String(upkeep.overdue)],
    ['keys whose refresh failed', String(upkeep.failed)],
    ['requests', cluster.unsignedRequests ? 'may be unsigned' : 'must be signed'],
    ['revoked', String(cluster.revocationCount)],
    ['time corrections', String(cluster.timeCorrections)],
    [`disk of ${cluster.nodeId}`, nameOf(DiskRoom, cluster.diskRoom).toLowerCase()],
    [cluster.nodeId, cluster.caughtUp ? 'caught up' : 'catches up'],
  ]);
}

function memberWords(before: Cluster, after: Cluster): string[] {
  const old = new Map(before.members.map((member) => [member.nodeId, member]));
  return after.members.flatMap((member) => {
    const was = old.get(member.nodeId);
    if (was === undefined) return [`${member.nodeId} is a member`];
    return differences(was, member).map((words) => `${member.nodeId} ${words}`);
  });
}

function differences(was: Member, is: Member): string[] {
  const words: string[] = [];
  if (was.reachable !== is.reachable)
    words.push(is.reachable ? 'can be reached' : 'cannot be reached');
  if (was.role !== is.role) words.push(`has role ${nameOf(MemberRole, is.role).toLowerCase()}`);
  if (was.build?.level !== is.build?.level)
    words.push(`runs a build of level ${is.build?.level ?? 'unknown'}`);
  return words;
}

/** The upkeep of keys for a person; `undefined` where there is nothing to tell. */
export function upkeepWords({ upkeep }: ClusterChange): string | undefined {
  const counts: readonly (readonly [number, string])[] = [
    [upkeep.refreshing, 'being refreshed'],
    [upkeep.overdue, 'overdue for a refresh'],
    [upkeep.failed, 'whose last refresh failed'],
  ];
  const words = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  return words.length === 0 ? undefined : words.join(', ');
}
