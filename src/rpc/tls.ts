import { createSecureContext } from 'node:tls';
import type { SecureServerOptions } from 'node:http2';
import type { PeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { parseSpiffe } from '../identity/index.js';
import type { Identity } from '../identity/index.js';
import {
  HANDSHAKE_MS_MAX,
  HEADER_BYTES_MAX,
  HEADER_PAIRS_MAX,
  SESSION_MEMORY_MB_MAX,
} from './limits.js';

/** The files of one side of mutual TLS, each as PEM. */
export type TlsFiles = {
  /** The authorities that may issue the other side's certificate. */
  readonly ca: string;
  /** This side's chain, leaf first. */
  readonly cert: string;
  readonly key: string;
};

/** No renegotiation, no weak suites, client certificates encrypted: nothing older is spoken on any listener. */
const TLS_VERSION = 'TLSv1.3';

/** The options of both sides of every connection. */
export function contextOptions(tls: TlsFiles): SecureContextOptions {
  return { ca: tls.ca, cert: tls.cert, key: tls.key, minVersion: TLS_VERSION };
}

/** The limits of one HTTP/2 connection at every listener. */
export function http2Bounds(maxConcurrentStreams: number): SecureServerOptions {
  return {
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    maxHeaderListPairs: HEADER_PAIRS_MAX,
    settings: { maxConcurrentStreams, maxHeaderListSize: HEADER_BYTES_MAX },
  };
}

/** Server credentials that take TLS 1.3 with a trusted client certificate, and nothing else. */
export function serverCredentials(tls: TlsFiles, http2: SecureServerOptions): ServerCredentials {
  return new MutualTls13(tls, http2);
}

/**
 * grpc-js' own `createSsl` leaves the TLS version to a global of the process and says nothing of HTTP/2's limits; its
 * base class takes both.
 */
class MutualTls13 extends ServerCredentials {
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

/**
 * The identity that a verified certificate names: its one URI name, read as a SPIFFE id. `undefined` for none, several, or another
 * kind of URI.
 *
 * Node prints the alternative names as one line of text and quotes a name with characters of that line's own syntax
 * (CVE-2021-44532). No SPIFFE id of ours needs quotes, so a line with any is not read at all.
 */
export function identityOf(
  certificate: Pick<PeerCertificate, 'subjectaltname'> | undefined,
): Identity | undefined {
  const line = certificate?.subjectaltname ?? '';
  if (line.includes('"')) return undefined;
  const [first, ...more] = line.split(', ').filter((name) => name.startsWith('URI:'));
  return first === undefined || more.length > 0
    ? undefined
    : parseSpiffe(first.slice('URI:'.length));
}
