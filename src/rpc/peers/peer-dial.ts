import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Identity, RevocationName } from '../../identity/index.js';
import { hostAndPort } from '../host-and-port.js';
import { Dial } from '../http2/dial.js';
import { DIAL_MS_MAX, SESSION_MEMORY_MB_MAX } from '../limits.js';
import { namesOfShown } from '../revoked.js';
import { closed, faultOf, LinkFault, silent } from './link-fault.js';

export type PeerDialParts = {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  readonly secureContext: SecureContext;
  /** Says whether the certificate is that of the node that is dialled, whatever name it was dialled by. */
  readonly isPeer: (server: Identity | undefined) => boolean;
  /** Hears under which names the peer's certificates are revoked, and says whether one of them is. */
  readonly isRevoked: (names: readonly RevocationName[]) => boolean;
};

/**
 * One attempt to connect to a peer. Its errors are LinkFaults. An attempt that waited for the kernel's repetitions would
 * leave a link down for a minute after a network is back.
 */
export function dialPeer({ address, secureContext, isPeer, isRevoked }: PeerDialParts): Dial {
  const { host, port } = hostAndPort(address);
  return new Dial({
    host,
    port,
    serverName: isIP(host) === 0 ? host : '',
    secureContext,
    msMax: DIAL_MS_MAX,
    sessionMemoryMb: SESSION_MEMORY_MB_MAX,
    faults: {
      stranger: (server, certificate) => {
        if (!isPeer(server)) return another(server);
        return isRevoked(namesOfShown(certificate)) ? revoked() : undefined;
      },
      ended: (error, isGreeted) =>
        error === undefined ? closed(isGreeted) : faultOf(error, isGreeted),
      late: () => silent(`within ${DIAL_MS_MAX} ms`),
    },
  });
}

/** The fault of a peer whose certificate, or whose authority, is revoked. */
export function revoked(): LinkFault {
  return new LinkFault('A peer’s certificate is revoked', 'it must show another one');
}

function another(server: Identity | undefined): LinkFault {
  const words = `its certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`;
  return new LinkFault('Another node answers at a peer’s address', words);
}
