import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Identity } from '../../identity/index.js';
import { hostAndPort } from '../host-and-port.js';
import { Dial } from '../http2/dial.js';
import { DIAL_MS_MAX, SESSION_MEMORY_MB_MAX } from '../limits.js';
import { closed, faultOf, LinkFault, silent } from './link-fault.js';

export type PeerDialParts = {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  readonly secureContext: SecureContext;
  /** Says whether the certificate is that of the node that is dialled, whatever name it was dialled by. */
  readonly isPeer: (server: Identity | undefined) => boolean;
};

/**
 * One attempt to connect to a peer. Its errors are LinkFaults. An attempt that waited for the kernel's repetitions would
 * leave a link down for a minute after a network is back.
 */
export function dialPeer({ address, secureContext, isPeer }: PeerDialParts): Dial {
  const { host, port } = hostAndPort(address);
  return new Dial({
    host,
    port,
    serverName: isIP(host) === 0 ? host : '',
    secureContext,
    msMax: DIAL_MS_MAX,
    sessionMemoryMb: SESSION_MEMORY_MB_MAX,
    faults: {
      stranger: (server) => (isPeer(server) ? undefined : another(server)),
      ended: (error, isGreeted) =>
        error === undefined ? closed(isGreeted) : faultOf(error, isGreeted),
      late: () => silent(`within ${DIAL_MS_MAX} ms`),
    },
  });
}

function another(server: Identity | undefined): LinkFault {
  const words = `its certificate names ${server?.spiffeId ?? 'no SPIFFE id'}`;
  return new LinkFault('Another node answers at a peer’s address', words);
}
