import { wordsOf } from '../common/index.js';
import { QuorateError } from '../client/index.js';
import type { Cluster } from '../client/index.js';
import { findConnection } from './connection.js';
import type { ConnectionFlags } from './connection.js';
import type { CommandContext } from './command-context.js';
import { openClient, READ_MS } from './open-client.js';

/** The answer of one endpoint to GetCluster, or why there is none. */
export type EndpointAnswer = {
  readonly endpoint: string;
  readonly tookMs: number;
  /** This machine's clock when the answer was there. */
  readonly answeredMs: number;
  readonly cluster: Cluster | undefined;
  readonly error: unknown;
};

/**
 * Asks every endpoint for itself and all at once: each node tells what it knows, and one that does not answer hides no other.
 * A refused connection is an answer: a probe that asks again for seconds tells it late.
 *
 * @throws ClusterError `invalid-request` naming the files that cannot be used.
 */
export function askEachEndpoint(
  flags: ConnectionFlags,
  context: CommandContext,
): Promise<readonly EndpointAnswer[]> {
  const connection = findConnection(flags, context);
  const timeoutMs = flags.timeout ?? READ_MS;
  const ask = async (endpoint: string): Promise<EndpointAnswer> => {
    const startedMs = performance.now();
    const answered = (cluster: Cluster | undefined, error: unknown): EndpointAnswer => ({
      endpoint,
      cluster,
      error,
      tookMs: performance.now() - startedMs,
      answeredMs: Date.now(),
    });
    const client = openClient({ ...connection, endpoints: [endpoint] });
    try {
      return answered(await client.getCluster({ timeoutMs, waitForReady: false }), undefined);
    } catch (error) {
      return answered(undefined, error);
    } finally {
      client.close();
    }
  };
  return Promise.all(connection.endpoints.map(ask));
}

/** The words of an endpoint that gave no answer: they name the endpoint where the client's own do. */
export function problemOf({ error }: Pick<EndpointAnswer, 'error'>): string {
  // The client's message has the cause in it.
  return error instanceof QuorateError ? error.message : wordsOf(error);
}
