import type { SecureContext } from 'node:tls';
import { Dial } from '../rpc/index.js';
import type { DialFaults } from '../rpc/index.js';
import type { Endpoint } from './endpoint.js';
import {
  CONNECT_MS_MAX,
  SESSION_MEMORY_MB_MAX,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from './limits.js';
import { NodeProblem, problemOf, silentFor } from './node-problem.js';

/** One attempt to connect to a node, whichever of the cluster's it is. Its errors are NodeProblems. */
export function dialNode(endpoint: Endpoint, secureContext: SecureContext): Dial {
  return new Dial({
    host: endpoint.host,
    port: endpoint.port,
    serverName: endpoint.serverName ?? '',
    secureContext,
    msMax: CONNECT_MS_MAX,
    sessionMemoryMb: SESSION_MEMORY_MB_MAX,
    sessionWindowBytes: SESSION_WINDOW_BYTES,
    settings: { initialWindowSize: STREAM_WINDOW_BYTES },
    faults: FAULTS,
  });
}

const FAULTS: DialFaults = {
  stranger: (server) =>
    server?.role === 'tee' || server?.role === 'mesh'
      ? undefined
      : new NodeProblem(
          'untrusted',
          `is no node: its certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`,
        ),
  ended: (error, isGreeted) => {
    const problem = error === undefined ? undefined : problemOf(error);
    if (problem !== undefined && problem.kind !== 'closed') return problem;
    const why = isGreeted ? ' right after the handshake: it may not take your certificate' : '';
    return new NodeProblem('closed', `closed the connection${why}`, error);
  },
  late: () => silentFor(CONNECT_MS_MAX),
};
