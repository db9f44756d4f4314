import { assert, type PartyIndex } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import type { Envelope, SignedBody } from '../wire/index.js';
import { envelopeBytes, openEnvelopeOf, TO_ALL } from './envelope.js';
import type { Kind } from './party.js';

/** One kind of message in one session: what each participant said, in signed bodies that were checked before. */
export class Exchange {
  readonly name: string;
  readonly kind: Kind<unknown>;
  /** Whom messages to this node name as receiver. */
  readonly receiver: PartyIndex;
  readonly #sessionId: Uint8Array;
  readonly #said = new Map<PartyIndex, SignedBody>();

  constructor(name: string, kind: Kind<unknown>, sessionId: Uint8Array, index: PartyIndex) {
    this.name = name;
    this.kind = kind;
    this.receiver = kind.sealed ? index : TO_ALL;
    this.#sessionId = sessionId;
  }

  /** How many have spoken. */
  get count(): number {
    return this.#said.size;
  }

  from(sender: PartyIndex): SignedBody | undefined {
    return this.#said.get(sender);
  }

  add(sender: PartyIndex, signed: SignedBody): void {
    this.#said.set(sender, signed);
  }

  /** Of a sender that has spoken. */
  body(sender: PartyIndex): Uint8Array {
    return this.#of(sender).body;
  }

  /** What `sender`'s signature of `body` is over, when it speaks to this node. */
  signedBytes(sender: PartyIndex, body: Uint8Array): Uint8Array {
    return envelopeBytes(this.#sessionId, this.name, sender, this.receiver, body);
  }

  /** A signed body for everybody's eyes: a copy, which outlives the session's wiping. */
  shown(sender: PartyIndex, { body, signature }: SignedBody = this.#of(sender)): Envelope {
    const copy = { body: body.slice(), signature };
    return openEnvelopeOf(this.#sessionId, this.name, sender, this.receiver, copy);
  }

  /** Wipes what was said in private. */
  forget(): void {
    if (this.kind.sealed) for (const { body } of this.#said.values()) wipe(body);
  }

  #of(sender: PartyIndex): SignedBody {
    const signed = this.#said.get(sender);
    assert(signed !== undefined, `${this.name} has been exchanged`);
    return signed;
  }
}
