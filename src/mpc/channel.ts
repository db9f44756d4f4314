import { assert, type PartyIndex } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import type { Envelope, SignedBody } from '../wire/index.js';
import { envelopeBytes, plainEnvelope } from './envelope.js';
import type { Codec } from './protocol.js';

/** One way through a round: the broadcasts, or what is for this participant alone. */
export type ChannelParts = {
  readonly sessionId: Uint8Array;
  readonly kind: string;
  /** Receiver that the messages name. */
  readonly to: PartyIndex;
  readonly sealed: boolean;
  readonly codec: Codec<unknown>;
  /** The senders that this participant hears, ascending, own index included; none if it does not receive. */
  readonly senders: readonly PartyIndex[];
};

/** The message of each sender on one channel: signed bodies, which were verified before. */
export class Channel {
  readonly kind: string;
  readonly to: PartyIndex;
  readonly sealed: boolean;
  readonly codec: Codec<unknown>;
  readonly #sessionId: Uint8Array;
  readonly #senders: readonly PartyIndex[];
  readonly #said = new Map<PartyIndex, SignedBody>();

  constructor({ sessionId, kind, to, sealed, codec, senders }: ChannelParts) {
    this.kind = kind;
    this.to = to;
    this.sealed = sealed;
    this.codec = codec;
    this.#sessionId = sessionId;
    this.#senders = senders;
  }

  /** Every sender has spoken. */
  get complete(): boolean {
    return this.#said.size === this.#senders.length;
  }

  hears(sender: PartyIndex): boolean {
    return this.#senders.includes(sender);
  }

  from(sender: PartyIndex): SignedBody | undefined {
    return this.#said.get(sender);
  }

  add(sender: PartyIndex, signed: SignedBody): void {
    assert(this.hears(sender), 'a channel keeps what its senders say');
    this.#said.set(sender, signed);
  }

  /** In order of senders, of a channel on which every one has spoken. */
  all(): readonly SignedBody[] {
    return this.#senders.map((sender) => this.#of(sender));
  }

  /** The value that a sender's body spells, or `undefined` for one that spells none. */
  value(sender: PartyIndex): unknown {
    return this.codec.decode(this.#of(sender).body);
  }

  /** The bytes that a signature of `body` by `sender` is over. */
  signedBytes(sender: PartyIndex, body: Uint8Array): Uint8Array {
    return envelopeBytes(this.#sessionId, this.kind, sender, this.to, body);
  }

  /** A signed body for others to judge: a copy, which outlives the session's wiping. */
  shown(sender: PartyIndex, { body, signature }: SignedBody = this.#of(sender)): Envelope {
    const copy = { body: body.slice(), signature };
    return plainEnvelope(this.#sessionId, this.kind, sender, this.to, copy);
  }

  /** Wipes what was said under seal. */
  forget(): void {
    if (this.sealed) for (const { body } of this.#said.values()) wipe(body);
  }

  #of(sender: PartyIndex): SignedBody {
    const signed = this.#said.get(sender);
    assert(signed !== undefined, `${this.kind} has been exchanged`);
    return signed;
  }
}
