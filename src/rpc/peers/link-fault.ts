import type { AlarmKind } from '../../alarms/index.js';
import { codeOf } from '../../common/index.js';
import { isNoChain, isNoTls } from '../http2/error-code.js';

/** The reason why a link to a peer does not come about, or has ended. */
export class LinkFault extends Error {
  override readonly name = 'LinkFault';
  /** The line of the log that tells it; `undefined` for what happens when nodes start and stop. */
  readonly kind: AlarmKind | undefined;

  constructor(kind: AlarmKind | undefined, words: string, cause?: unknown) {
    super(words, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

const NO_ADDRESS = 'A peer’s host name has no address';
const NO_ROUTE = 'A peer cannot be reached over the network';
const CLOSED = 'A peer closes the connection before it answers';
const SILENT = 'A peer does not answer when it is dialled';
const FOREIGN = 'A peer’s certificate is of another authority';
const NOT_TLS = 'A peer does not speak TLS 1.3 at its address';
const REFUSES_US = 'A peer ends the connection: it may not take the certificate of this node';

/** Errors of the operating system and of OpenSSL, by their code. */
const BY_CODE: Readonly<Record<string, AlarmKind>> = {
  ECONNREFUSED: 'A peer refuses the connection',
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  ETIMEDOUT: SILENT,
  ENOTFOUND: NO_ADDRESS,
  EAI_AGAIN: NO_ADDRESS,
  CERT_HAS_EXPIRED: 'A peer’s certificate has expired',
  CERT_NOT_YET_VALID: 'A peer’s certificate is not valid yet',
};

/** The far end's word on our own certificate, which TLS 1.3 brings after the handshake. */
const ALERT = /^ERR_SSL_\w*ALERT_/;

/** Any error of a connection as a fault of its link. */
export function faultOf(error: unknown, isGreeted = false): LinkFault {
  if (error instanceof LinkFault) return error;
  const code = codeOf(error);
  const kind = BY_CODE[code] ?? otherKindOf(code);
  if (kind === CLOSED) return closed(isGreeted);
  return new LinkFault(kind, `${code} ${error instanceof Error ? error.message : ''}`, error);
}

function otherKindOf(code: string): AlarmKind {
  if (isNoTls(code)) return NOT_TLS;
  if (isNoChain(code)) return FOREIGN;
  return ALERT.test(code) ? REFUSES_US : NO_ROUTE;
}

export function silent(what: string): LinkFault {
  return new LinkFault(SILENT, what);
}

/**
 * @param isGreeted - This side has finished the handshake. A peer reads a certificate only then, and closes the connection
 *   without a word when it does not take it.
 */
export function closed(isGreeted: boolean): LinkFault {
  return new LinkFault(isGreeted ? REFUSES_US : CLOSED, 'closed without a word');
}
