import type { NodeId } from '../../common/index.js';
import { DECLINED_KIND } from '../messages.js';
import { SHARE_KIND } from '../../frost/index.js';
import { sessionId, toHex } from '../../common/index.js';
import type { Clock } from '../../ports/index.js';
import type { Queries } from '../../state/index.js';
import { encodeSession } from '../../wire/index.js';
import type { Contribution, Envelope } from '../../wire/index.js';
import type { Accusing } from '../blame/accusing.js';
import type { OpenSession, OpenTasks } from '../open-tasks.js';
import type { Pooling } from './pooling.js';
import type { ShareBox } from './share-box.js';

/** What follows from contributions, where this node leads. */
export type ContributionListener = {
  shareCame(open: OpenSession): void;
  declined(from: NodeId, open: OpenSession, envelope: Envelope): void;
};

/** What contributions are kept in and compared with. */
export type ContributionParts = {
  readonly clock: Clock;
  readonly queries: Queries;
  readonly tasks: OpenTasks;
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
    const open = tasks.session(session);
    if (next.length > 0) {
      const known = open?.task.key?.keyId === keyId ? open.task.key : undefined;
      pooling.take(from, known ?? queries.key(keyId), version, next);
    }
    if (envelope.kind === DECLINED_KIND) {
      if (open !== undefined) this.#listener.declined(from, open, envelope);
      return;
    }
    if (envelope.kind !== SHARE_KIND) return;
    if (open !== undefined) return this.#share(from, open, envelope);
    const message = { $case: 'contribution', value: contribution } as const;
    const { length } = encodeSession({ message });
    const { clock, shares } = this.#parts;
    shares.addEarly(from, session, envelope, length, clock.elapsed());
  }

  #share(from: NodeId, open: OpenSession, envelope: Envelope): void {
    const { shares, accusing } = this.#parts;
    const first = shares.otherThan(from, open, envelope);
    if (first !== undefined) {
      const unsigned = accusing.twoShares(open, first, envelope);
      if (unsigned === 'second') return;
      if (unsigned === 'first') shares.drop(open.session, envelope.from);
      else shares.refuse(open.session, envelope.from);
    }
    if (shares.add(from, open, envelope)) this.#listener.shareCame(open);
  }
}
