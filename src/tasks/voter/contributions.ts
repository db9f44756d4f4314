import type { NodeId } from '../../common/index.js';
import { sessionId, toHex } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import type { Queries } from '../../state/index.js';
import { encodeSession } from '../../wire/index.js';
import type { Contribution, Envelope } from '../../wire/index.js';
import type { Accusing } from '../blame/accusing.js';
import type { LiveAttempt, LiveTasks } from '../live-tasks.js';
import { DECLINED_KIND } from '../messages.js';
import type { Pooling } from './pooling.js';
import type { ShareBox } from './share-box.js';

/** What follows from contributions, where this node leads. */
export type ContributionListener = {
  contributed(attempt: LiveAttempt): void;
  declined(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void;
};

/** What contributions are kept in and compared with. */
export type ContributionParts = {
  readonly clock: Clock;
  readonly queries: Queries;
  readonly tasks: LiveTasks;
  readonly shares: ShareBox;
  readonly pooling: Pooling;
  readonly accusing: Accusing;
};

/** Takes what participants contribute to attempts: shares, the refusal of one, and the commitments that ride along. */
export class Contributions {
  readonly #parts: ContributionParts;
  readonly #listener: ContributionListener;

  constructor(parts: ContributionParts, listener: ContributionListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  take(from: NodeId, contribution: Contribution): void {
    const { queries, tasks, pooling } = this.#parts;
    const { envelope, keyId, version, next } = contribution;
    if (envelope === undefined) return;
    const session = sessionId(toHex(envelope.sessionId));
    const attempt = tasks.attempt(session);
    if (next.length > 0) {
      const known = attempt?.task.key?.keyId === keyId ? attempt.task.key : undefined;
      pooling.take(from, known ?? queries.key(keyId), version, next);
    }
    if (envelope.kind === DECLINED_KIND) {
      if (attempt !== undefined) this.#listener.declined(from, attempt, envelope);
      return;
    }
    if (attempt !== undefined) return this.#keep(from, attempt, envelope);
    const message = { $case: 'contribution', value: contribution } as const;
    const { length } = encodeSession({ message });
    const { clock, shares } = this.#parts;
    shares.addEarly(from, session, envelope, length, clock.elapsed());
  }

  #keep(from: NodeId, attempt: LiveAttempt, envelope: Envelope): void {
    const { shares, accusing } = this.#parts;
    const first = shares.otherThan(from, attempt, envelope);
    if (first !== undefined) {
      const unsigned = accusing.twoShares(attempt, first, envelope);
      if (unsigned === 'second') return;
      if (unsigned === 'first') shares.drop(attempt.session, envelope.from);
      else shares.refuse(attempt.session, envelope.from);
    }
    if (shares.add(from, attempt, envelope)) this.#listener.contributed(attempt);
  }
}
