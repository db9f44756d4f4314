import type { NodeId } from '../../../src/common/index.js';
import type { Attempts } from './attempts.js';
import { short, type Facts, type Report } from './facts.js';

/**
 * M4: no share leaves before the entry that it answers is committed, as its sender knows, and durable in the sender's own
 * log; nor after the request's expiry by the sender's own clock. The messages of a key generation keep to the first half.
 */
export class ReleasedShare {
  readonly #attempts: Attempts;
  readonly #facts: Facts;
  readonly #report: Report;

  constructor(attempts: Attempts, facts: Facts, report: Report) {
    this.#attempts = attempts;
    this.#facts = facts;
    this.#report = report;
  }

  /** `node` sends a signature share of `session`. */
  share(node: NodeId, session: string): void {
    this.contribution(node, session, 'a share');
    const attempt = this.#attempts.of(session);
    if (attempt === undefined) return;
    const expiry = this.#attempts.expiryOf(attempt.task, attempt.index);
    const clock = this.#facts.clock(node);
    if (expiry === undefined || clock >= expiry) {
      const late = `for a request that expired at ${expiry}, now ${clock}`;
      this.#report('ReleasedShare', `${node} sends a share of ${session} ${late}`);
    }
  }

  /** `node` sends any message that it may make only for an entry of its own log. */
  contribution(node: NodeId, session: string, what: string): void {
    const attempt = this.#attempts.of(session);
    const wrong = attempt === undefined ? 'which no log knows' : this.#missing(node, attempt);
    if (wrong !== undefined) {
      this.#report('ReleasedShare', `${node} sends ${what} of ${session}, ${wrong}`);
    }
  }

  #missing(node: NodeId, { index, hash }: { index: number; hash: string }): string | undefined {
    const entry = this.#facts.disk(node).entries[index - 1];
    if (entry === undefined || short(entry.hash) !== hash) {
      return `but entry ${index} is not durable in its log`;
    }
    const commit = this.#facts.status(node)?.commit ?? 0;
    return commit < index ? `but it knows no commit of entry ${index}` : undefined;
  }
}
