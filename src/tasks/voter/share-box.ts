import type { NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { Envelope } from '../../wire/index.js';
import { SHARE_BYTES_MAX, SHARES_KEPT_BYTES_MAX, UNSIGNED_SHARES_MAX } from '../limits.js';
import { EarlyMessages } from './early-messages.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';

/** A signer's place in a session. */
type Place = {
  share: { readonly from: NodeId; readonly envelope: Envelope; readonly bytes: number } | undefined;
  /** Its share failed its check, and there is no second one. */
  refused: boolean;
  /** Shares that came without the signer's signature. */
  unsigned: number;
};

/**
 * Signature shares as they came, on every voter: a new leader completes open attempts from them at once. Kept while
 * their task is open; the first of each signer and session counts.
 */
export class ShareBox implements Work {
  readonly #places = new Map<SessionId, Map<PartyIndex, Place>>();
  /** The bytes of all shares that a node has here. */
  readonly #bytes = new Map<NodeId, number>();
  readonly #early = new EarlyMessages<Envelope>();
  readonly #envelopeOf: (attempt: LiveAttempt) => string | undefined;

  /** @param envelopeOf - The kind of envelope that carries contributions to an attempt. */
  constructor(envelopeOf: (attempt: LiveAttempt) => string | undefined) {
    this.#envelopeOf = envelopeOf;
  }

  /** Keeps a contribution that came from a participant that the attempt asks. Says whether it is news. */
  add(from: NodeId, attempt: LiveAttempt, envelope: Envelope): boolean {
    const index = this.#indexOf(from, attempt, envelope);
    if (index === 0 || envelope.content?.$case !== 'open') return false;
    const { length } = envelope.content.value.body;
    const place = this.#placeOf(attempt.session, index);
    if (length > SHARE_BYTES_MAX || place.refused || place.share !== undefined) return false;
    const bytes = length + SHARE_COSTS_BYTES;
    const held = (this.#bytes.get(from) ?? 0) + bytes;
    // Its signer sends it again: by then tasks have closed, and there is room.
    if (held > SHARES_KEPT_BYTES_MAX) return false;
    this.#bytes.set(from, held);
    place.share = { from, envelope: copyOf(envelope), bytes };
    return true;
  }

  /** The first share of the same signer, where this one says another thing: a node that signed both has lied. */
  otherThan(from: NodeId, attempt: LiveAttempt, envelope: Envelope): Envelope | undefined {
    const index = this.#indexOf(from, attempt, envelope);
    const first = this.#places.get(attempt.session)?.get(index)?.share?.envelope;
    if (first === undefined || index === 0) return undefined;
    return saysTheSame(first, envelope) ? undefined : first;
  }

  /** Keeps a share whose session is not open here yet. */
  addEarly(from: NodeId, session: SessionId, envelope: Envelope, bytes: number, now: number): void {
    this.#early.keep(from, session, envelope, bytes, now);
  }

  /** Looks through what came early, when a session opens. */
  taskOpen({ attempts }: LiveTask): void {
    for (const attempt of attempts) {
      for (const { from, message } of this.#early.take(attempt.session)) {
        this.add(from, attempt, message);
      }
    }
  }

  of(session: SessionId): ReadonlyMap<PartyIndex, Envelope> {
    const shares = new Map<PartyIndex, Envelope>();
    for (const [index, { share }] of this.#places.get(session) ?? []) {
      if (share !== undefined) shares.set(index, share.envelope);
    }
    return shares;
  }

  /** The body of each share. The bytes stay the box's own. */
  bodiesOf(session: SessionId): ReadonlyMap<PartyIndex, Uint8Array> {
    const bodies = new Map<PartyIndex, Uint8Array>();
    for (const [index, { content }] of this.of(session)) {
      if (content?.$case === 'open') bodies.set(index, content.value.body);
    }
    return bodies;
  }

  /** Forgets a share that its signer did not sign, as if it had never come. A few times: each costs checks of all others. */
  drop(session: SessionId, index: PartyIndex): void {
    const place = this.#placeOf(session, index);
    this.#forget(place);
    place.unsigned += 1;
    place.refused ||= place.unsigned >= UNSIGNED_SHARES_MAX;
  }

  /** Takes no share of this signer for this session any more: it signed a wrong one, and sends it again and again. */
  refuse(session: SessionId, index: PartyIndex): void {
    const place = this.#placeOf(session, index);
    this.#forget(place);
    place.refused = true;
  }

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    for (const { session } of task?.attempts ?? []) {
      for (const place of this.#places.get(session)?.values() ?? []) this.#forget(place);
      this.#places.delete(session);
    }
  }

  #placeOf(session: SessionId, index: PartyIndex): Place {
    const places = this.#places.get(session) ?? new Map<PartyIndex, Place>();
    this.#places.set(session, places);
    const place = places.get(index) ?? { share: undefined, refused: false, unsigned: 0 };
    places.set(index, place);
    return place;
  }

  #forget(place: Place): void {
    const { share } = place;
    if (share === undefined) return;
    place.share = undefined;
    const rest = (this.#bytes.get(share.from) ?? 0) - share.bytes;
    if (rest > 0) this.#bytes.set(share.from, rest);
    else this.#bytes.delete(share.from);
  }

  /** The sender's party index; 0 for what is no contribution of a participant that the attempt asks. */
  #indexOf(from: NodeId, attempt: LiveAttempt, { kind, ...said }: Envelope): PartyIndex {
    const { nodes, participants } = attempt;
    if (!nodes.includes(from) || kind !== this.#envelopeOf(attempt) || said.to !== 0) return 0;
    const index = partyIndexOf(participants, from);
    return said.from === index ? index : 0;
  }
}

/** The memory that a share takes beside its body: signature, session, and the objects around them. */
const SHARE_COSTS_BYTES = 256;

/** Decoded bytes are views of their message: a share would keep in memory what came with it. */
function copyOf(envelope: Envelope): Envelope {
  const { sessionId, content } = envelope;
  if (content?.$case !== 'open') return envelope;
  const { body, signature } = content.value;
  const value = { body: body.slice(), signature: signature.slice() };
  return { ...envelope, sessionId: sessionId.slice(), content: { $case: 'open', value } };
}

function saysTheSame({ content: a }: Envelope, { content: b }: Envelope): boolean {
  if (a?.$case !== 'open' || b?.$case !== 'open') return a?.$case === b?.$case;
  return equal(a.value.body, b.value.body);
}
