import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster, QuorateClient } from '../client/index.js';
import type { Millis } from '../common/index.js';
import { MemberRole } from '../wire/index.js';
import { SILENCE_MS, SILENT_MS } from './limits.js';
import { READ_MS } from './open-client.js';
import type { CommandContext } from './command-context.js';

type Member = Cluster['members'][number];

/** The nodes whose absence holds a call up: all that hold shares, or those that are named. */
export type Needed = {
  readonly nodes?: readonly string[] | undefined;
  readonly all: boolean;
  /** A line for each node whose clock is wrong: asked for where all nodes are there, and all are needed. */
  readonly wrongClocks?: () => Promise<readonly string[]>;
};

/**
 * Waits for a call, and after {@link SILENCE_MS} says on standard error what it waits for: a person learns at once that a
 * node is down, and not when the call's time is over.
 *
 * @param needed - Of a call that needs all of its nodes, those are named; of another, the number that is there.
 */
export async function sayingWhatIsMissing<T>(
  call: Promise<T>,
  client: QuorateClient,
  needed: Needed,
  context: CommandContext,
  silenceMs: Millis = SILENCE_MS,
): Promise<T> {
  const done = new AbortController();
  const saying = sayAfter(silenceMs, client, needed, context, done.signal);
  try {
    return await call;
  } finally {
    done.abort();
    await saying;
  }
}

async function sayAfter(
  silenceMs: Millis,
  client: QuorateClient,
  needed: Needed,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  try {
    await wait(silenceMs, undefined, { signal });
    const cluster = await client.getCluster({ timeoutMs: READ_MS, signal });
    const words = wordsOf(cluster, needed);
    if (!signal.aborted) context.err(words);
    if (words !== NOBODY_IS_AWAY || needed.wrongClocks === undefined) return;
    const clocks = await Promise.race([needed.wrongClocks(), endOf(signal)]);
    if (clocks.length === 0 || signal.aborted) return;
    for (const line of clocks) context.err(line);
    context.err('A node takes no part in a request that has expired by its own clock.');
  } catch {
    // The call ended first, or no node answers: then the call says so itself.
  }
}

function endOf(signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve([]);
    else signal.addEventListener('abort', () => resolve([]), { once: true });
  });
}

/** Said where all nodes that are needed are there. */
export const NOBODY_IS_AWAY = 'Waiting ...';

/** The words for what a call may be waiting for, as one node sees it. */
export function wordsOf(
  { members, leaderId, nodeId: by }: Cluster,
  { nodes, all }: Needed,
): string {
  const holders = members.filter(
    ({ role, nodeId }) => role === MemberRole.TEE && (nodes?.includes(nodeId) ?? true),
  );
  // A stream that is open carries messages one way; of a node that answers nothing the leader alone knows.
  const isSilent = ({ replication }: Member): boolean =>
    by === leaderId && replication !== undefined && replication.heardAgoMs > SILENT_MS;
  const away = holders.filter(
    (member) => !member.leader && (!member.reachable || isSilent(member)),
  );
  if (leaderId === '') return 'Waiting: the nodes have no leader at the moment ...';
  if (away.length === 0) return NOBODY_IS_AWAY;
  const names = away.map(({ nodeId }) => nodeId).join(', ');
  return all
    ? `Waiting for ${names}: every participant of a new key is needed ...`
    : `Waiting: ${holders.length - away.length} of ${holders.length} nodes are there, without ${names} ...`;
}
