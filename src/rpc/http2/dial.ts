import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session, Settings } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { PeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import type { Millis } from '../../common/index.js';
import type { Identity } from '../../identity/index.js';
import { identityOf } from '../tls-identity.js';
import { sharedLookup } from './lookup.js';

export type DialParts = {
  readonly host: string;
  readonly port: number;
  /** For TLS to send; empty for an address. */
  readonly serverName: string;
  readonly secureContext: SecureContext;
  /** The bound of the whole attempt. */
  readonly msMax: Millis;
  readonly sessionMemoryMb: number;
  readonly settings?: Settings;
  /** Flow control of the whole session: HTTP/2's default where there is none. */
  readonly sessionWindowBytes?: number;
  readonly faults: DialFaults;
};

/** The errors of an attempt, each in the words of the side that dials. */
export type DialFaults = {
  /** Why a verified certificate is not that of the node that is dialled; `undefined` when it is. */
  readonly stranger: (
    server: Identity | undefined,
    certificate: PeerCertificate,
  ) => Error | undefined;
  /**
   * @param error - `undefined` when the far end closed the connection without a word.
   * @param isGreeted - This side has finished the handshake. The far end reads a certificate only then (TLS 1.3), and
   *   closes the connection without a word when it does not take it.
   */
  readonly ended: (error: Error | undefined, isGreeted: boolean) => Error;
  readonly late: () => Error;
};

/** A session that has begun, and the certificate at its far end. */
export type Opened = {
  readonly session: ClientHttp2Session;
  readonly certificate: PeerCertificate;
};

/** Of all dials of this process. */
const LOOKUP = sharedLookup();

/**
 * One attempt to connect: the name, TCP, TLS 1.3 and HTTP/2's SETTINGS, all within one bound. The SPIFFE id of the far end decides,
 * whichever name was dialled. Proxies that the environment names are not used: what they would see is what they could delay.
 */
export class Dial {
  /** @throws An error of {@link DialFaults}, or the reason that {@link stop} was given. */
  readonly opened: Promise<Opened>;
  #end: (reason: Error) => void = () => undefined;

  constructor(parts: DialParts) {
    const { host, port, serverName, secureContext, msMax, faults } = parts;
    this.opened = new Promise((resolve, reject) => {
      const socket = connectTls({
        host,
        port,
        lookup: LOOKUP,
        servername: serverName,
        secureContext,
        ALPNProtocols: ['h2'],
        checkServerIdentity: (_host, certificate) =>
          faults.stranger(identityOf(certificate), certificate),
      });
      let session: ClientHttp2Session | undefined;
      this.#end = (reason) => {
        clearTimeout(late);
        session?.destroy();
        // Also while it connects: a socket that is left to itself stays, and keeps the process, for as long as the kernel tries.
        socket.destroy();
        reject(reason);
      };
      // The data that has arrived is read first: this process may be what was stalled.
      const late = setTimeout(() => setImmediate(() => this.#end(faults.late())), msMax);
      const onError = (error: Error): void => this.#end(faults.ended(error, session !== undefined));
      const onClose = (): void => this.#end(faults.ended(undefined, session !== undefined));
      socket.on('error', onError).once('close', onClose);
      socket.once('secureConnect', () => {
        const certificate = socket.getPeerCertificate();
        const begun = sessionOver(socket, parts);
        session = begun;
        begun.on('error', onError);
        begun.once('remoteSettings', () => {
          clearTimeout(late);
          socket.off('close', onClose);
          this.#end = () => undefined;
          resolve({ session: begun, certificate });
        });
      });
    });
    // The attempt may end when nothing waits for it any more.
    this.opened.catch(() => undefined);
  }

  /** Ends it, if it has not ended: its socket is destroyed. */
  stop(reason: Error): void {
    this.#end(reason);
  }
}

function sessionOver(socket: TLSSocket, parts: DialParts): ClientHttp2Session {
  const { sessionMemoryMb, settings, sessionWindowBytes } = parts;
  socket.setNoDelay(true);
  // Each request names its own authority.
  const session = connectHttp2('https://localhost', {
    createConnection: () => socket,
    maxSessionMemory: sessionMemoryMb,
    settings: { enablePush: false, ...settings },
  });
  if (sessionWindowBytes !== undefined)
    session.once('connect', () => session.setLocalWindowSize(sessionWindowBytes));
  return session;
}
