import type { Budgets, NodeId } from '../../common/index.js';
import { sessionId, toHex } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import type { Contribution, Decline, Envelope, FreshSupplies } from '../../wire/index.js';
import type { Accusing } from '../blame/accusing.js';
import type { LiveAttempt, LiveTasks } from '../live-tasks.js';
import { DECLINED_KIND } from '../messages.js';
import type { Pooling } from './pooling.js';
import type { ShareBox } from './share-box.js';

/** The effects of contributions, where this node leads. */
export type ContributionListener = {
  contributed(from: NodeId, attempt: LiveAttempt): void;
  declined(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void;
};

/** The context in which contributions are kept and compared. */
export type ContributionParts = {
  readonly clock: Clock;
  readonly tasks: LiveTasks;
  readonly shares: ShareBox;
  readonly pooling: Pooling;
  readonly accusing: Accusing;
  /** `SIGNATURES_CHECKED`, by node. */
  readonly checking: Budgets;
};

/** Takes what participants contribute to attempts: shares, the refusal of one, and the supplies that ride along. */
export class Contributions {
  readonly #parts: ContributionParts;
  readonly #listener: ContributionListener;

  constructor(parts: ContributionParts, listener: ContributionListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** @param bytes - The length of the message that it came with. */
  take(from: NodeId, { envelope, freshSupplies }: Contribution, bytes: number): void {
    if (envelope === undefined) return;
    const session = sessionId(toHex(envelope.sessionId));
    const attempt = this.#parts.tasks.attempt(session);
    this.#pool(from, attempt, freshSupplies);
    if (attempt !== undefined) return this.#keep(from, attempt, envelope);
    const { clock, shares } = this.#parts;
    shares.addEarly(from, session, envelope, bytes, clock.elapsed());
  }

  declined(from: NodeId, { envelope, freshSupplies }: Decline): void {
    if (envelope === undefined) return;
    const attempt = this.#parts.tasks.attempt(sessionId(toHex(envelope.sessionId)));
    this.#pool(from, attempt, freshSupplies);
    if (attempt === undefined || envelope.kind !== DECLINED_KIND) return;
    this.#listener.declined(from, attempt, envelope);
  }

  #pool(from: NodeId, attempt: LiveAttempt | undefined, fresh: FreshSupplies | undefined): void {
    if (fresh === undefined) return;
    this.#parts.pooling.take(from, fresh, attempt?.task.key);
  }

  #keep(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void {
    const { shares, accusing, checking, clock } = this.#parts;
    const first = shares.otherThan(from, attempt, envelope);
    if (first !== undefined) {
      // The signatures of both.
      if (!checking.take(from, 2, clock.elapsed())) return;
      const unsigned = accusing.twoShares(attempt, first, envelope);
      if (unsigned === 'second') return;
      if (unsigned === 'first') shares.drop(attempt.session, envelope.from);
      else shares.refuse(attempt.session, envelope.from);
    }
    if (shares.add(from, attempt, envelope)) this.#listener.contributed(from, attempt);
  }
}
