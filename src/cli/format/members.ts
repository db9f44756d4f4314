import { ConsensusPart } from '../../wire/index.js';
import type { Cluster } from '../../wire/index.js';
import type { EndpointAnswer } from '../each-endpoint.js';
import { SILENT_MS } from '../limits.js';
import { standingFault } from './log-standing.js';
import { duration, millis } from './values.js';

type Member = Cluster['members'][number];

/** A follower that lacks fewer entries than this is not called behind: entries are always under way. */
const BEHIND_ENTRIES = 64;
/** Clocks of nodes that differ by more are warned about: nodes refuse entries that are further ahead of their own. */
export const CLOCK_MS = 5_000;
const DAY_MS = 86_400_000;
/** How long before its end a certificate is warned about. */
export const CERTIFICATE_WARN_DAYS = 7;

/**
 * The state of a member by replication.
 *
 * @param view - The answer of the leader, where it was asked.
 * @param own - The member's own answer, where it gave one.
 */
export function memberState(view: Cluster, member: Member, own: Cluster | undefined): string {
  if (member.leader && view.quorum?.present !== false) return 'leader';
  const fault = own && (partWords(own) ?? standingFault(own));
  if (fault !== undefined) return fault;
  if (view.nodeId === view.leaderId) return stateByLeader(view, member);
  if (own !== undefined) return stateByItself(own);
  return view.quorum?.present === true ? 'known by the leader only' : heardWords(member);
}

function stateByLeader(view: Cluster, member: Member): string {
  const { replication } = member;
  if (replication === undefined) return 'never heard';
  if (replication.heardAgoMs > SILENT_MS) return heardWords(member);
  const lacking = Number(view.commitIndex) - Number(replication.matchIndex);
  return lacking < BEHIND_ENTRIES ? 'follows' : `behind by ${lacking}`;
}

function stateByItself(own: Cluster): string {
  if (own.quorum?.present !== true) return 'knows no leader';
  return own.caughtUp ? 'follows' : 'catches up';
}

function heardWords({ replication }: Member): string {
  return replication === undefined
    ? 'never heard'
    : `silent for ${duration(Number(replication.heardAgoMs))}`;
}

/** Why there is no quorum, by a node's answer; `undefined` where there is one. @param node - The node, in words. */
export function quorumFault({ quorum }: Cluster, node: string): string | undefined {
  const { present = false, heard = 0, needed = 0, voters = 0 } = quorum ?? {};
  if (present) return undefined;
  // Between a leader's end and the next election a node still hears enough others, and none of them leads.
  return heard < needed
    ? `no quorum: ${node} hears ${heard} of ${voters}, ${needed} needed`
    : `no leader: ${node} hears ${heard} of ${voters}, and none of them leads now`;
}

/** The words on the quorum, by the best answer there is. */
export function quorumWords(view: Cluster): string {
  const fault = quorumFault(view, view.nodeId);
  if (fault !== undefined) return fault;
  const { heard = 0, needed = 0, voters = 0 } = view.quorum ?? {};
  return view.nodeId === view.leaderId
    ? `${heard} of ${voters} reachable, ${needed} needed`
    : `yes, by the word of ${view.nodeId}; its leader ${view.leaderId} was not asked`;
}

/** One line for each certificate that ends soon, or has ended. */
export function certificateWarnings(
  members: readonly Pick<Cluster['members'][number], 'nodeId' | 'certificateEnd'>[],
  nowMs: number,
): string[] {
  return members.flatMap(({ nodeId, certificateEnd }) => {
    if (certificateEnd === undefined) return [];
    const days = Math.floor((millis(certificateEnd) - nowMs) / DAY_MS);
    if (days >= CERTIFICATE_WARN_DAYS) return [];
    const when = new Date(millis(certificateEnd)).toISOString();
    return days < 0
      ? [`warning: the certificate of ${nodeId} expired on ${when}`]
      : [`warning: the certificate of ${nodeId} ends in ${days} days, on ${when}`];
  });
}

/** One line where the log's time, by which requests expire, is ahead of the answering node's clock. */
export function logTimeWarnings({ clusterTime, nodeTime, nodeId }: Cluster): string[] {
  if (clusterTime === undefined || nodeTime === undefined) return [];
  const aheadMs = millis(clusterTime) - millis(nodeTime);
  if (aheadMs <= CLOCK_MS) return [];
  const until = new Date(millis(clusterTime)).toISOString();
  return [
    `warning: the log's time is ${duration(aheadMs)} ahead of the clock of ${nodeId}: a majority's clocks were ahead, and ` +
      `until ${until} requests that expire earlier are refused; \`quorate cluster correct-time\` sets it back`,
  ];
}

/** The clocks of the nodes that answered: how far each is ahead of this machine's, give or take the time of its answer. */
export function clocksOf(
  answers: readonly EndpointAnswer[],
): readonly { readonly node: string; readonly tookMs: number; readonly aheadMs: number }[] {
  return answers.flatMap(({ cluster, answeredMs, tookMs }) =>
    cluster?.nodeTime === undefined
      ? []
      : [{ node: cluster.nodeId, tookMs, aheadMs: millis(cluster.nodeTime) - answeredMs }],
  );
}

/** One line for each node whose clock is away from those of the other nodes that answered. */
export function clockWarnings(answers: readonly EndpointAnswer[]): string[] {
  const clocks = clocksOf(answers);
  const sorted = clocks.map(({ aheadMs }) => aheadMs).toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [(sorted.length - 1) >> 1, sorted.length >> 1].map(
    (at) => sorted[at],
  );
  return clocks.flatMap(({ node, tookMs, aheadMs }) => {
    const byMs = aheadMs > high ? aheadMs - high : Math.min(aheadMs - low, 0);
    if (Math.abs(byMs) <= CLOCK_MS + tookMs) return [];
    const side = byMs > 0 ? 'ahead of' : 'behind';
    return [`warning: the clock of ${node} is ${duration(Math.abs(byMs))} ${side} the others'`];
  });
}

/** Why the answering node takes no part in consensus; nothing where it does. */
export function partWords({ part }: Cluster): string | undefined {
  return part === ConsensusPart.LOG_LOST ? 'has lost a part of its log: leave it out' : undefined;
}
