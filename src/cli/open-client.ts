import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError } from '../common/index.js';
import { optionsFrom, QuorateClient, QuorateError } from '../client/index.js';
import type { CallOptions, Cluster, Connection } from '../client/index.js';
import { findConnection } from './connection.js';
import type { ConnectionFlags } from './connection.js';
import { requirePrivate } from './files.js';
import type { CommandContext } from './command-context.js';
import type { TrustFlags } from './trust.js';

/** How long a call may take unless `--timeout` says otherwise. */
export const READ_MS = 5_000;
export const SIGN_MS = 10_000;
export const GENERATE_MS = 30_000;
/** Threshold ECDSA takes seven rounds of long arithmetic; its first key of a set waits for large primes. */
export const SIGN_ECDSA_MS = 60_000;
export const GENERATE_ECDSA_MS = 9 * 60_000;
/** How long fresh nodes may take to agree on a leader, and how often they are asked. */
const LEADER_MS = 60_000;
const POLL_MS = 50;
/**
 * For the system's resolver, where it is glibc's: seconds for each question, and questions to each of its servers. Node can
 * take none back, and the process does not end before it: by default that is 10 s for each server that answers nothing.
 */
const RESOLVER_OPTIONS = 'timeout:2 attempts:2';

/**
 * A client of the cluster at `connection`. Its caller closes it.
 *
 * @throws ClusterError `invalid-request` naming the files that cannot be used.
 */
export function openClient(
  connection: Connection,
  { requester = [], require }: TrustFlags = {},
): QuorateClient {
  requirePrivate(connection.key);
  process.env['RES_OPTIONS'] ??= RESOLVER_OPTIONS;
  const requesters = [...(connection.requesters ?? []), ...requester];
  return QuorateClient.connect({ ...optionsFrom(connection), requesters, require });
}

/** Runs with a client of the cluster that the flags name, and closes it. */
export async function withClient<T>(
  flags: ConnectionFlags & TrustFlags,
  context: CommandContext,
  timeoutMs: number,
  run: (client: QuorateClient, options: CallOptions) => Promise<T>,
): Promise<T> {
  const client = openClient(findConnection(flags, context), flags);
  try {
    return await run(client, { timeoutMs: flags.timeout ?? timeoutMs });
  } finally {
    client.close();
  }
}

/**
 * Waits until a node answers a read. It does so only when a leader has committed an entry of its own term, which is when
 * the cluster can be used.
 *
 * @throws ClusterError `no-quorum` when that takes too long.
 */
export async function waitForLeader(client: QuorateClient, stop: AbortSignal): Promise<Cluster> {
  const late = AbortSignal.timeout(LEADER_MS);
  const signal = AbortSignal.any([stop, late]);
  for (;;) {
    try {
      // A read is answered only when a leader has committed an entry of its own term.
      await client.listKeys({ limit: 1 }, { timeoutMs: READ_MS, signal });
      const cluster = await client.getCluster({ timeoutMs: READ_MS, signal });
      if (cluster.leaderId !== '') return cluster;
      await wait(POLL_MS, undefined, { signal });
    } catch (error) {
      if (late.aborted) {
        const words = `The nodes found no leader within ${LEADER_MS / 1000} s; see their logs`;
        throw new ClusterError('no-quorum', words, { reason: 'NO_LEADER', cause: error });
      }
      if (!(error instanceof QuorateError) || signal.aborted) throw error;
    }
  }
}
