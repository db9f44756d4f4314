import { codeOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { isNoChain, isNoTls } from '../rpc/index.js';

/**
 * Why a node did not take a call: `permanent` is what no second attempt changes; a node is `down` where nothing listens now.
 */
const KINDS = {
  refused: { permanent: false, down: true },
  silent: { permanent: false, down: false },
  closed: { permanent: false, down: false },
  unresolved: { permanent: false, down: true },
  'no-route': { permanent: false, down: true },
  'no-tls': { permanent: true, down: false },
  untrusted: { permanent: true, down: false },
  other: { permanent: false, down: false },
} as const;

export type ProblemKind = keyof typeof KINDS;

/** A node that did not take a call, in words that follow its name: `refused the connection`. Nothing was asked of it, or no answer came. */
export class NodeProblem extends Error {
  override readonly name = 'NodeProblem';
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, words: string, cause?: unknown) {
    super(words, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }

  get permanent(): boolean {
    return KINDS[this.kind].permanent;
  }

  get down(): boolean {
    return KINDS[this.kind].down;
  }
}

/** Errors of the operating system and of OpenSSL, by their code. */
const BY_CODE: Readonly<Record<string, readonly [ProblemKind, string]>> = {
  ECONNREFUSED: ['refused', 'refused the connection'],
  ECONNRESET: ['closed', 'closed the connection'],
  EPIPE: ['closed', 'closed the connection'],
  ETIMEDOUT: ['silent', 'did not answer'],
  ENOTFOUND: ['unresolved', 'has a name that no DNS server knows'],
  EAI_AGAIN: ['unresolved', 'has a name for which no DNS server gave an answer'],
  EHOSTUNREACH: ['no-route', 'cannot be reached: there is no route to it'],
  ENETUNREACH: ['no-route', 'cannot be reached: there is no route to it'],
  EADDRNOTAVAIL: ['no-route', 'cannot be reached from this machine'],
  EACCES: ['no-route', 'cannot be reached: this machine does not permit it'],
  EPERM: ['no-route', 'cannot be reached: this machine does not permit it'],
  CERT_HAS_EXPIRED: ['untrusted', 'shows a certificate that has expired'],
  CERT_NOT_YET_VALID: ['untrusted', 'shows a certificate that is not valid yet'],
};

/** Any error of dialling, as the problem of the node that was dialled. */
export function problemOf(error: unknown): NodeProblem {
  if (error instanceof NodeProblem) return error;
  const code = codeOf(error);
  const [kind, words] = BY_CODE[code] ?? [];
  if (kind !== undefined && words !== undefined) return new NodeProblem(kind, words, error);
  if (isNoTls(code)) return new NodeProblem('no-tls', 'does not speak TLS 1.3 at this port', error);
  if (isNoChain(code))
    return new NodeProblem(
      'untrusted',
      'shows a certificate that no authority of your CA file has issued',
      error,
    );
  return new NodeProblem('other', `cannot be reached (${code || String(error)})`, error);
}

export function silentFor(ms: Millis): NodeProblem {
  return new NodeProblem('silent', `did not answer in ${durationOf(ms)}`);
}

/** `2 s`, `300 ms`. */
export function durationOf(ms: Millis): string {
  return ms < 1000
    ? `${Math.ceil(ms)} ms`
    : `${Number((ms / 1000).toFixed(ms < 10_000 ? 1 : 0))} s`;
}
