import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { PeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import { identityOf } from '../rpc/index.js';
import type { Endpoint } from './endpoint.js';
import {
  CONNECT_MS_MAX,
  SESSION_MEMORY_MB_MAX,
  SESSION_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from './limits.js';
import { NodeProblem, problemOf, silentFor } from './node-problem.js';

/** A session that has begun, and the node id in the certificate at its far end. */
export type Opened = { readonly session: ClientHttp2Session; readonly nodeId: string };

/**
 * One attempt to connect: TCP, TLS 1.3 and HTTP/2's SETTINGS, all within {@link CONNECT_MS_MAX}. Proxies that the environment
 * names are not used, as between nodes: what they would see is what they could delay.
 */
export class Dial {
  /** @throws NodeProblem */
  readonly opened: Promise<Opened>;
  #end: (problem: NodeProblem) => void = () => undefined;

  constructor(endpoint: Endpoint, secureContext: SecureContext) {
    this.opened = new Promise((resolve, reject) => {
      const { host, port, serverName: servername = '' } = endpoint;
      const socket = connectTls({
        host,
        port,
        servername,
        secureContext,
        ALPNProtocols: ['h2'],
        checkServerIdentity,
      });
      let session: ClientHttp2Session | undefined;
      this.#end = (problem) => {
        clearTimeout(late);
        session?.destroy();
        // Also while it connects: a socket that is left to itself keeps the process for as long as the kernel tries.
        socket.destroy();
        reject(problem);
      };
      const late = setTimeout(() => this.#end(silentFor(CONNECT_MS_MAX)), CONNECT_MS_MAX);
      const onError = (error: Error): void => this.#end(ended(error, session));
      const onClose = (): void => this.#end(ended(undefined, session));
      socket.on('error', onError).once('close', onClose);
      socket.once('secureConnect', () => {
        socket.setNoDelay(true);
        session = sessionOver(socket, endpoint);
        session.on('error', onError);
        session.once('remoteSettings', () => {
          clearTimeout(late);
          socket.off('close', onClose);
          this.#end = () => undefined;
          if (session !== undefined) resolve({ session, nodeId: nodeIdOf(socket) });
        });
      });
    });
    // The attempt may end when no call waits for it any more.
    this.opened.catch(() => undefined);
  }

  /** Ends it, if it has not ended: its socket is destroyed. */
  stop(problem: NodeProblem): void {
    this.#end(problem);
  }
}

function sessionOver(socket: TLSSocket, { text }: Endpoint): ClientHttp2Session {
  const session = connectHttp2(`https://${text}`, {
    createConnection: () => socket,
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
  return session;
}

/**
 * A node reads a client's certificate after the client has finished its part of TLS 1.3, and closes the connection without
 * a word when it does not take it.
 */
function ended(error: Error | undefined, session: ClientHttp2Session | undefined): NodeProblem {
  const problem = error === undefined ? undefined : problemOf(error);
  if (problem !== undefined && problem.kind !== 'closed') return problem;
  const why =
    session === undefined ? '' : ' right after the handshake: it may not take your certificate';
  return new NodeProblem('closed', `closed the connection${why}`, error);
}

/** The SPIFFE id decides, whichever name was dialled. */
function checkServerIdentity(_host: string, certificate: PeerCertificate): Error | undefined {
  const server = identityOf(certificate);
  return server?.role === 'tee' || server?.role === 'mesh'
    ? undefined
    : new NodeProblem(
        'untrusted',
        `is no node: its certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`,
      );
}

function nodeIdOf(socket: TLSSocket): string {
  return identityOf(socket.getPeerCertificate())?.name ?? '';
}
