const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
]);
/** OpenSSL has some ten codes for a chain that leads to no authority of ours. */
const NO_CHAIN = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_|PATH_LENGTH_)/;

/** The far end's word on our own certificate, which TLS 1.3 brings after the handshake. */
const ALERT = /^ERR_SSL_\w*ALERT_/;

/** The reason why a connection does not come about, or has ended. */
export type DialFault =
  | 'refused'
  | 'closed'
  | 'silent'
  /** No server knows the host's name, or none answered. */
  | 'no-name'
  | 'no-name-now'
  | 'no-route'
  /** This machine has no address for it, or does not permit it. */
  | 'no-source'
  | 'not-permitted'
  | 'no-tls'
  /** The far end's certificate has ended, has not begun, or is of no authority of ours. */
  | 'expired'
  | 'early'
  | 'foreign'
  /** The far end does not take our certificate. */
  | 'refuses-us';

/** Errors of the operating system and of OpenSSL, by their code. */
const BY_CODE: Readonly<Record<string, DialFault>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  ETIMEDOUT: 'silent',
  ENOTFOUND: 'no-name',
  EAI_AGAIN: 'no-name-now',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  EADDRNOTAVAIL: 'no-source',
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'early',
};

/** The fault that an error's code stands for; `undefined` for any other code. */
export function dialFaultOf(code: string): DialFault | undefined {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (NO_TLS.has(code)) return 'no-tls';
  if (NO_CHAIN.test(code)) return 'foreign';
  return ALERT.test(code) ? 'refuses-us' : undefined;
}
