import type { AlarmKind } from '../../alarms/index.js';
import { codeOf } from '../../common/index.js';
import { dialFaultOf } from '../http2/error-code.js';
import type { DialFault } from '../http2/error-code.js';

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

/** The line of the log that tells of each fault. */
const KIND_OF: Readonly<Record<DialFault, AlarmKind>> = {
  refused: 'A peer refuses the connection',
  closed: CLOSED,
  silent: SILENT,
  'no-name': NO_ADDRESS,
  'no-name-now': NO_ADDRESS,
  'no-route': NO_ROUTE,
  'no-source': NO_ROUTE,
  'not-permitted': NO_ROUTE,
  'no-tls': NOT_TLS,
  expired: 'A peer’s certificate has expired',
  early: 'A peer’s certificate is not valid yet',
  foreign: FOREIGN,
  'refuses-us': REFUSES_US,
};

/** Any error of a connection as a fault of its link. */
export function faultOf(error: unknown, isGreeted = false): LinkFault {
  if (error instanceof LinkFault) return error;
  const code = codeOf(error);
  const fault = dialFaultOf(code);
  const kind = fault === undefined ? NO_ROUTE : KIND_OF[fault];
  if (kind === CLOSED) return closed(isGreeted);
  return new LinkFault(kind, `${code} ${error instanceof Error ? error.message : ''}`, error);
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
