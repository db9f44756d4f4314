import { codeOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { dialFaultOf } from '../rpc/index.js';
import type { DialFault } from '../rpc/index.js';

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

/** The words for each fault of a connection. A node that does not take our certificate is told by its own code. */
const PROBLEM_OF: Readonly<
  Record<Exclude<DialFault, 'refuses-us'>, readonly [ProblemKind, string]>
> = {
  refused: ['refused', 'refused the connection'],
  closed: ['closed', 'closed the connection'],
  silent: ['silent', 'did not answer'],
  'no-name': ['unresolved', 'has a name that no DNS server knows'],
  'no-name-now': ['unresolved', 'has a name for which no DNS server gave an answer'],
  'no-route': ['no-route', 'cannot be reached: there is no route to it'],
  'no-source': ['no-route', 'cannot be reached from this machine'],
  'not-permitted': ['no-route', 'cannot be reached: this machine does not permit it'],
  'no-tls': ['no-tls', 'does not speak TLS 1.3 at this port'],
  expired: ['untrusted', 'shows a certificate that has expired'],
  early: ['untrusted', 'shows a certificate that is not valid yet'],
  foreign: ['untrusted', 'shows a certificate that no authority of your CA file has issued'],
};

/** Any error of dialling, as the problem of the node that was dialled. */
export function problemOf(error: unknown): NodeProblem {
  if (error instanceof NodeProblem) return error;
  const code = codeOf(error);
  const fault = dialFaultOf(code);
  if (fault !== undefined && fault !== 'refuses-us')
    return new NodeProblem(...PROBLEM_OF[fault], error);
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
