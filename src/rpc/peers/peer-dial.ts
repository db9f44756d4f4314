import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Millis } from '../../common/index.js';
import type { Identity } from '../../identity/index.js';
import { DIAL_MS_MAX, SESSION_MEMORY_MB_MAX } from '../limits.js';
import { identityOf } from '../tls-identity.js';
import { closed, faultOf, LinkFault, silent } from './link-fault.js';

export type DialParts = {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  readonly secureContext: SecureContext;
  /** Says whether the certificate is that of the node that is dialled, whatever name it was dialled by. */
  readonly isPeer: (server: Identity | undefined) => boolean;
};

/** A session that has begun, and the end of the certificate at its far end. */
export type Opened = { readonly session: ClientHttp2Session; readonly certificateEndMs: Millis };

/**
 * One attempt to connect to a peer: TCP, TLS 1.3 and HTTP/2's SETTINGS, all within {@link DIAL_MS_MAX}. An attempt that
 * waited for the kernel's repetitions would leave a link down for a minute after a network is back.
 */
export class PeerDial {
  /** @throws LinkFault */
  readonly opened: Promise<Opened>;
  #end: (fault: LinkFault) => void = () => undefined;

  constructor({ address, secureContext, isPeer }: DialParts) {
    this.opened = new Promise((resolve, reject) => {
      const { host, port } = placeOf(address);
      const socket = connectTls({
        host,
        port,
        servername: isIP(host) === 0 ? host : '',
        secureContext,
        ALPNProtocols: ['h2'],
        checkServerIdentity: (_host, certificate) => {
          const server = identityOf(certificate);
          return isPeer(server) ? undefined : another(server);
        },
      });
      let session: ClientHttp2Session | undefined;
      this.#end = (fault) => {
        clearTimeout(late);
        session?.destroy();
        // Also while it connects: a socket that is left to itself stays for as long as the kernel tries.
        socket.destroy();
        reject(fault);
      };
      // The data that has arrived is read first: this process may be what was stalled.
      const late = setTimeout(
        () => setImmediate(() => this.#end(silent(`within ${DIAL_MS_MAX} ms`))),
        DIAL_MS_MAX,
      );
      const onError = (error: Error): void => this.#end(faultOf(error, session !== undefined));
      const onClose = (): void => this.#end(closed(session !== undefined));
      socket.on('error', onError).once('close', onClose);
      socket.once('secureConnect', () => {
        const certificateEndMs = Date.parse(socket.getPeerCertificate().valid_to);
        session = sessionOver(socket, address);
        session.on('error', onError);
        session.once('remoteSettings', () => {
          clearTimeout(late);
          socket.off('close', onClose);
          this.#end = () => undefined;
          if (session !== undefined) resolve({ session, certificateEndMs });
        });
      });
    });
    // The attempt may end when its link has been stopped.
    this.opened.catch(() => undefined);
  }

  /** Ends it, if it has not ended: its socket is destroyed. */
  stop(): void {
    this.#end(new LinkFault(undefined, 'stopped'));
  }
}

function sessionOver(socket: TLSSocket, address: string): ClientHttp2Session {
  socket.setNoDelay(true);
  return connectHttp2(`https://${address}`, {
    createConnection: () => socket,
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    settings: { enablePush: false },
  });
}

function placeOf(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

function another(server: Identity | undefined): LinkFault {
  const words = `its certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`;
  return new LinkFault('Another node answers at a peer’s address', words);
}
