import { createSecureContext } from 'node:tls';
import type { SecureServerOptions } from 'node:http2';
import type { SecureContext } from 'node:tls';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Identity } from '../identity/index.js';
import {
  HANDSHAKE_MS_MAX,
  HEADER_BYTES_MAX,
  HEADER_PAIRS_MAX,
  SESSION_MEMORY_MB_MAX,
} from './limits.js';
import { contextOptions, identityOf } from './tls-identity.js';
import type { TlsFiles } from './tls-identity.js';

export { identityOf } from './tls-identity.js';
export type { TlsFiles } from './tls-identity.js';

/** The limits of one HTTP/2 connection at every listener. */
export function http2Bounds(maxConcurrentStreams: number): SecureServerOptions {
  return {
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    maxHeaderListPairs: HEADER_PAIRS_MAX,
    settings: { maxConcurrentStreams, maxHeaderListSize: HEADER_BYTES_MAX },
  };
}

/** Server credentials whose certificate can be exchanged while the server runs. */
export type RenewableCredentials = ServerCredentials & {
  /**
   * Handshakes from now on show this certificate. Connections that are open go on, and no session of TLS from before is
   * resumed.
   *
   * @throws the system's error for files that TLS cannot use: those in use stay.
   */
  renew(tls: TlsFiles): void;
  /** No session of TLS from before is resumed: each handshake shows all of the far end's certificates. */
  forgetSessions(): void;
};

/** Server credentials that take TLS 1.3 with a trusted client certificate, and nothing else. */
export function serverCredentials(tls: TlsFiles, http2: SecureServerOptions): RenewableCredentials {
  return new MutualTls13(tls, http2);
}

/**
 * grpc-js' own `createSsl` leaves the TLS version to a global of the process and says nothing of HTTP/2's limits; its
 * base class takes both.
 */
class MutualTls13 extends ServerCredentials {
  #tls: TlsFiles;

  constructor(tls: TlsFiles, http2: SecureServerOptions) {
    super(
      {
        ...http2,
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: HANDSHAKE_MS_MAX,
      },
      contextOptions(tls),
    );
    this.#tls = tls;
  }

  forgetSessions(): void {
    this.renew(this.#tls);
  }

  renew(tls: TlsFiles): void {
    const options = contextOptions(tls);
    // grpc-js would close the port for good over files that cannot be used.
    createSecureContext(options);
    this.updateSecureContextOptions(options);
    this.#tls = tls;
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Client credentials for TLS 1.3 to servers that `accepts` accepts, regardless of the dialled host name. */
export function channelCredentials(
  tls: TlsFiles,
  accepts: (server: Identity | undefined) => boolean,
): ChannelCredentials {
  const context: SecureContext = createSecureContext(contextOptions(tls));
  return credentials.createFromSecureContext(context, {
    checkServerIdentity: (_host, certificate) => {
      const server = identityOf(certificate);
      return accepts(server)
        ? undefined
        : new Error(`The server's certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`);
    },
  });
}
