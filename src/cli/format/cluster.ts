import { presignaturesOf, presignatureWords } from './presignatures.js';
import { ConsensusPart, Gg20Profile, MemberRole } from '../../wire/index.js';
import type { Cluster } from '../../wire/index.js';
import { problemOf } from '../each-endpoint.js';
import type { EndpointAnswer } from '../each-endpoint.js';
import {
  certificateWarnings,
  clockWarnings,
  logTimeWarnings,
  memberState,
  quorumWords,
} from './members.js';
import { diskOf, diskWords } from './disk-room.js';
import { logOf, logWords } from './log-sizes.js';
import { standingOf, standingWarnings } from './log-standing.js';
import { monitorFacts, monitorOf } from './performance-monitor.js';
import { failuresOf, failureWords } from './signing-failures.js';
import { secretsOf, secretWords } from './open-secrets.js';
import { facts, table } from './table.js';
import { duration, hex, nameOf, time } from './values.js';

/**
 * The answer that knows most: of a leader that a majority hears; else of a node that hears such a leader; else of the node
 * that has applied most.
 */
export function bestAnswer(answers: readonly EndpointAnswer[]): Cluster | undefined {
  return answers
    .flatMap(({ cluster }) => (cluster === undefined ? [] : [cluster]))
    .toSorted((a, b) => worth(b) - worth(a) || Number(b.appliedIndex - a.appliedIndex))[0];
}

function worth({ quorum, nodeId, leaderId }: Cluster): number {
  if (quorum?.present !== true) return 0;
  return nodeId === leaderId ? 2 : 1;
}

/** The cluster for programs: the names of the proto, bytes as hex, times in RFC 3339. */
export function clusterJson(cluster: Cluster, answers: readonly EndpointAnswer[] = []): object {
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
    node_time: time(cluster.nodeTime),
    time_corrections: cluster.timeCorrections,
    disk: diskOf(cluster),
    log: logOf(cluster),
    revocation_count: cluster.revocationCount,
    caught_up: cluster.caughtUp,
    part: nameOf(ConsensusPart, cluster.part),
    log_standing: standingOf(cluster),
    quorum: cluster.quorum,
    curve_backends: backendsOf(cluster),
    prime_stocks: stocksOf(cluster),
    signing_failures: failuresOf(cluster),
    open_secrets: secretsOf(cluster),
    presignatures: presignaturesOf(cluster),
    performance_monitor: monitorOf(cluster),
    keys_looked_at: cluster.keysLookedAt,
    keys_able_to_sign: cluster.keysAbleToSign,
    endpoints: answers.map((answer) => ({
      endpoint: answer.endpoint,
      node_id: answer.cluster?.nodeId,
      applied_index: answer.cluster && Number(answer.cluster.appliedIndex),
      node_time: time(answer.cluster?.nodeTime),
      software_version: answer.cluster?.softwareVersion,
      part: answer.cluster && nameOf(ConsensusPart, answer.cluster.part),
      log_standing: answer.cluster && standingOf(answer.cluster),
      disk: answer.cluster && diskOf(answer.cluster),
      log: answer.cluster && logOf(answer.cluster),
      curve_backends: answer.cluster && backendsOf(answer.cluster),
      prime_stocks: answer.cluster && stocksOf(answer.cluster),
      signing_failures: answer.cluster && failuresOf(answer.cluster),
      open_secrets: answer.cluster && secretsOf(answer.cluster),
      presignatures: answer.cluster && presignaturesOf(answer.cluster),
      error: answer.cluster === undefined ? problemOf(answer) : undefined,
    })),
    members: cluster.members.map((member) => ({
      node_id: member.nodeId,
      role: nameOf(MemberRole, member.role),
      identity_key: hex(member.identityKey),
      leader: member.leader,
      reachable: member.reachable,
      state: memberState(cluster, member, ownAnswer(answers, member.nodeId)),
      address: addressOf(cluster, member, answers),
      replication: member.replication && {
        heard_ago_ms: Number(member.replication.heardAgoMs),
        match_index: Number(member.replication.matchIndex),
      },
      certificate_end: time(certificateEndOf(member, answers)),
      build: member.build && {
        level: member.build.level,
        incarnation: member.build.incarnation,
        signature: hex(member.build.signature),
      },
    })),
  };
}

function backendsOf({ curveBackends }: Cluster): Readonly<Record<string, string>> {
  return Object.fromEntries(curveBackends.map(({ curve, backend }) => [curve, backend]));
}

function stocksOf({ primeStocks }: Cluster): object {
  return Object.fromEntries(
    primeStocks.map(({ profile, ready, making }) => [
      nameOf(Gg20Profile, profile),
      { ready, making },
    ]),
  );
}

/** The primes that each node which answered has ready, if any node has use for some. */
function primeWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, string>();
  for (const { nodeId, primeStocks } of answers) {
    const words = primeStocks.map(({ profile, ready, making }) => {
      const more = making ? ', and more on the way' : '';
      return `${nameOf(Gg20Profile, profile)} for ${ready}${more}`;
    });
    if (words.length > 0) nodes.set(nodeId, `${words.join('; ')} on ${nodeId}`);
  }
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}

/** The libraries of curves and the nodes that compute with them, of the nodes that answered. */
function curveWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, Set<string>>();
  for (const { nodeId, curveBackends } of answers) {
    const words = curveBackends.map(({ curve, backend }) => `${curve} by ${backend}`).join(', ');
    if (words !== '') nodes.set(words, (nodes.get(words) ?? new Set()).add(nodeId));
  }
  const all = [...nodes].map(([words, ids]) => `${words} on ${[...ids].sort().join(', ')}`);
  return all.length === 0 ? undefined : all.join('; ');
}

function ownAnswer(answers: readonly EndpointAnswer[], nodeId: string): Cluster | undefined {
  return answers.find(({ cluster }) => cluster?.nodeId === nodeId)?.cluster;
}

/** The cluster for a person, by the best answer; `answers` are those of all endpoints. */
export function clusterLines(
  cluster: Cluster,
  answers: readonly EndpointAnswer[] = [],
  nowMs = 0,
): string[] {
  return [
    ...facts([
      ['cluster', cluster.clusterId],
      ['leader', cluster.leaderId === '' ? 'none known' : cluster.leaderId],
      ...monitorFacts(cluster),
      ['quorum', quorumWords(cluster)],
      ['term', String(cluster.term)],
      ['committed', `entry ${cluster.commitIndex}, applied ${cluster.appliedIndex}`],
      ['log time', time(cluster.clusterTime) && `${time(cluster.clusterTime)}, of the last entry`],
      ['node time', time(cluster.nodeTime) && `${time(cluster.nodeTime)}, of ${cluster.nodeId}`],
      ['keys', keysWords(cluster)],
      ['open tasks', String(cluster.openTaskCount)],
      ['level', String(cluster.level)],
      ['builds', buildWords(cluster)],
      [
        'revoked',
        cluster.revocationCount === 0
          ? undefined
          : `${cluster.revocationCount} serial numbers and keys of certificates`,
      ],
      ['requests', cluster.unsignedRequests ? 'may be unsigned' : 'must be signed'],
      ['curves', curveWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])])],
      [
        'open secrets',
        secretWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])]),
      ],
      ['GG20 primes', primeWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])])],
      [
        'presignatures',
        presignatureWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])]),
      ],
      [
        'failed sessions',
        failureWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])]),
      ],
      ['log', logWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])])],
      ['disk', diskWords([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])])],
      ['answered by', `${cluster.nodeId}, quorate ${cluster.softwareVersion}`],
    ]),
    '',
    ...table(
      ['NODE', 'ROLE', 'STATE', 'APPLIED', 'HEARD', 'ADDRESS', 'CERTIFICATE UNTIL', 'VERSION'],
      cluster.members.map((member) => {
        const own = ownAnswer(answers, member.nodeId);
        const { replication } = member;
        return [
          member.nodeId,
          nameOf(MemberRole, member.role).toLowerCase(),
          memberState(cluster, member, own),
          own === undefined ? undefined : String(own.appliedIndex),
          replication && `${duration(Number(replication.heardAgoMs))} ago`,
          addressOf(cluster, member, answers) || undefined,
          time(certificateEndOf(member, answers)),
          own?.softwareVersion,
        ];
      }),
    ),
    ...answers.filter((answer) => answer.cluster === undefined).map(unansweredWords),
    ...certificateWarnings(
      cluster.members.map(({ nodeId, ...member }) => ({
        nodeId,
        certificateEnd: certificateEndOf({ ...member, nodeId }, answers),
      })),
      nowMs,
    ),
    ...standingWarnings([cluster, ...answers.flatMap((answer) => answer.cluster ?? [])]),
    ...clockWarnings(answers),
    ...logTimeWarnings(cluster),
  ];
}

/** By the member's own word where it has answered: others know the certificate of when they dialled it. */
function certificateEndOf(
  { nodeId, certificateEnd }: Pick<Cluster['members'][number], 'nodeId' | 'certificateEnd'>,
  answers: readonly EndpointAnswer[],
): Cluster['members'][number]['certificateEnd'] {
  return ownAnswer(answers, nodeId)?.members.find(isOf(nodeId))?.certificateEnd ?? certificateEnd;
}

/** Where other nodes dial a member: of the answering node, the others know; empty where none does. */
function addressOf(
  view: Cluster,
  { nodeId, address }: Cluster['members'][number],
  answers: readonly EndpointAnswer[],
): string {
  if (nodeId !== view.nodeId) return address;
  const dialled = answers
    .flatMap(({ cluster }) => (cluster === undefined || cluster.nodeId === nodeId ? [] : [cluster]))
    .map(({ members }) => members.find(isOf(nodeId))?.address ?? '')
    .find((each) => each !== '');
  return dialled ?? address;
}

function unansweredWords(answer: EndpointAnswer): string {
  const words = problemOf(answer);
  return words.includes(answer.endpoint) ? words : `${answer.endpoint} did not answer: ${words}`;
}

function isOf(id: string): (member: { readonly nodeId: string }) => boolean {
  return ({ nodeId }) => nodeId === id;
}

/** How many keys there are, and how many of those that were looked at have enough participants for a signature. */
function keysWords({ keyCount, keysLookedAt, keysAbleToSign, nodeId }: Cluster): string {
  if (keysLookedAt === 0) return String(keyCount);
  const of = BigInt(keysLookedAt) < keyCount ? `the first ${keysLookedAt}` : String(keysLookedAt);
  return `${keyCount}; ${keysAbleToSign} of ${of} can sign, by the nodes that ${nodeId} reaches`;
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
