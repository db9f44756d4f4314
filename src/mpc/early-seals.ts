import { equal, type PartyIndex } from '../common/index.js';
import type { Envelope } from '../wire/index.js';

/** Sealed messages that came before their sender's key, a bounded number of each sender. */
export class EarlySeals {
  readonly #perSenderMax: number;
  readonly #kept = new Map<PartyIndex, Envelope[]>();

  constructor(perSenderMax: number) {
    this.#perSenderMax = perSenderMax;
  }

  keep(from: PartyIndex, envelope: Envelope): void {
    const kept = this.#kept.get(from) ?? [];
    // Repetitions of one message would leave no place for the next.
    if (kept.length >= this.#perSenderMax || kept.some((each) => isSame(each, envelope))) return;
    this.#kept.set(from, [...kept, envelope]);
  }

  /** Gives away what is kept of a sender. */
  take(from: PartyIndex): readonly Envelope[] {
    const kept = this.#kept.get(from) ?? [];
    this.#kept.delete(from);
    return kept;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** Whether two sealed envelopes of one sender are one message, repeated. */
function isSame(a: Envelope, b: Envelope): boolean {
  const [one, other] = [a, b].map(({ content }) =>
    content?.$case === 'sealed' ? content.value : undefined,
  );
  return a.kind === b.kind && one !== undefined && other !== undefined && equal(one, other);
}
