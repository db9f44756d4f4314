import { assert, equal, type PartyIndex } from '../common/index.js';
import { equalSecrets, wipe } from '../crypto/index.js';
import type { Random, Signer, Verify } from '../ports/index.js';
import { decodeSecret, encodeSecret, SignedBody, type Envelope } from '../wire/index.js';
import { ProtocolAbort } from './abort.js';
import { envelopeBytes, openEnvelopeOf, TO_ALL } from './envelope.js';
import { Exchange } from './exchange.js';
import type { Kind, KindTable, Party } from './party.js';
import { Seals } from './seals.js';

/** Larger bodies are not read: the largest of ours, an opening for 20 participants, has under 1 KiB. */
const BODY_BYTES_MAX = 16_384;

/** Sealed messages of one sender that wait for its key. An honest one sends one. */
const EARLY_SEALED_MAX = 4;

export type SessionParts<K> = {
  /** 32 bytes. */
  readonly sessionId: Uint8Array;
  /** This participant, 1 .. n. */
  readonly index: PartyIndex;
  /** Of all n participants in order, own included: Ed25519, 32 bytes each. */
  readonly identityKeys: readonly Uint8Array[];
  readonly signer: Signer;
  readonly verify: Verify;
  readonly random: Random;
  readonly kinds: KindTable<K>;
  /** Takes a message on its way; it may be lost, `resend` repeats it. */
  send(to: PartyIndex, envelope: Envelope): void;
};

/** A run of a protocol, from the side of whoever moves its messages and knows its deadline. */
export interface Session<K> {
  readonly party: Party<K>;
  /**
   * Takes what came from participant `from`, in any order, early, repeated. What is not for this session, not signed by
   * its sender, or cannot be opened counts as absent and blames nobody. Never throws.
   */
  receive(from: PartyIndex, envelope: Envelope): void;
  /** Sends everything again, byte for byte. */
  resend(): void;
  /** Ends the session: what waits is rejected with `error`, secrets are wiped, nothing is sent any more. */
  close(error: Error): void;
}

/** Opens this participant's end of a run. Messages can be received before the protocol asks for them. */
export function openSession<K>(parts: SessionParts<K>): Session<K> {
  return new Run(parts);
}

class Run<K> implements Session<K>, Party<K> {
  readonly index: PartyIndex;
  readonly count: number;
  readonly sessionId: Uint8Array;
  readonly #parts: SessionParts<K>;
  readonly #seals: Seals;
  readonly #exchanges: ReadonlyMap<string, Exchange>;
  readonly #early = new Map<PartyIndex, Envelope[]>();
  readonly #sent: { readonly to: PartyIndex; readonly envelope: Envelope }[] = [];
  #waiting: { readonly for: Exchange; complete(): void; fail(error: Error): void } | undefined;
  #error: Error | undefined;

  constructor(parts: SessionParts<K>) {
    this.#parts = parts;
    this.index = parts.index;
    this.count = parts.identityKeys.length;
    this.sessionId = parts.sessionId;
    assert(this.index >= 1 && this.index <= this.count, 'this node is a participant');
    this.#seals = new Seals(this.sessionId, this.index, parts.random);

    const kinds = Object.entries<Kind<unknown>>(parts.kinds);
    // A second one would seal a second plaintext with the same key and nonce.
    assert(kinds.filter(([, { sealed }]) => sealed).length <= 1, 'at most one kind is sealed');
    this.#exchanges = new Map(
      kinds.map(([name, kind]) => [name, new Exchange(name, kind, this.sessionId, this.index)]),
    );
  }

  get party(): Party<K> {
    return this;
  }

  get sealKey(): Uint8Array {
    return this.#seals.publicKey;
  }

  async exchange<N extends keyof K & string>(kind: N, mine: K[N]): Promise<readonly K[N][]> {
    const exchange = this.#begin(kind, false);
    const codec = this.#parts.kinds[kind];
    const signed = this.#sign(kind, TO_ALL, codec.encode(mine));
    exchange.add(this.index, signed);
    const envelope = openEnvelopeOf(this.sessionId, kind, this.index, TO_ALL, signed);
    for (const to of this.#others()) this.#send(to, envelope);
    return this.#collect(exchange, codec);
  }

  async exchangeSealed<N extends keyof K & string>(
    kind: N,
    mine: (to: PartyIndex) => K[N],
  ): Promise<readonly K[N][]> {
    const exchange = this.#begin(kind, true);
    const codec = this.#parts.kinds[kind];
    exchange.add(this.index, this.#sign(kind, this.index, codec.encode(mine(this.index))));
    for (const to of this.#others()) {
      const signed = this.#sign(kind, to, codec.encode(mine(to)));
      const plain = encodeSecret(SignedBody, signed);
      const value = this.#seals.seal(to, plain);
      wipe(plain, signed.body);
      const { sessionId, index: from } = this;
      this.#send(to, { sessionId, kind, from, to, content: { $case: 'sealed', value } });
    }
    return this.#collect(exchange, codec);
  }

  bodies(kind: keyof K & string): readonly Uint8Array[] {
    const exchange = this.#exchange(kind);
    return this.#all().map((from) => exchange.body(from));
  }

  originals(kinds: readonly (keyof K & string)[], from: PartyIndex): readonly Envelope[] {
    return kinds.map((kind) => this.#exchange(kind).shown(from));
  }

  receive(from: PartyIndex, envelope: Envelope): void {
    const exchange = this.#exchanges.get(envelope.kind);
    if (
      this.#error !== undefined ||
      exchange === undefined ||
      from === this.index ||
      envelope.from !== from ||
      envelope.to !== exchange.receiver ||
      !equal(envelope.sessionId, this.sessionId)
    )
      return;

    const signed = this.#open(exchange, envelope);
    if (signed === undefined) return;
    this.#accept(exchange, from, signed);
    // What was opened and not kept is nobody's.
    if (exchange.kind.sealed && exchange.from(from) !== signed) wipe(signed.body);
  }

  resend(): void {
    for (const { to, envelope } of this.#sent) this.#parts.send(to, envelope);
  }

  close(error: Error): void {
    this.#fail(error);
    this.#seals[Symbol.dispose]();
    for (const exchange of this.#exchanges.values()) exchange.forget();
    this.#early.clear();
    this.#sent.length = 0;
  }

  /** What an envelope carries, or nothing. A sealed one that comes before its sender's key is kept until then. */
  #open(exchange: Exchange, envelope: Envelope): SignedBody | undefined {
    const { content, from } = envelope;
    if (content === undefined || exchange.kind.sealed !== (content.$case === 'sealed')) return;
    if (content.$case === 'open') return content.value;
    if (content.value.length > BODY_BYTES_MAX) return;
    if (!this.#seals.has(from)) {
      const early = this.#early.get(from) ?? [];
      if (early.length < EARLY_SEALED_MAX) this.#early.set(from, [...early, envelope]);
      return;
    }
    const plain = this.#seals.open(from, content.value);
    const signed = plain && decodeSecret(SignedBody, plain);
    if (plain !== undefined && signed === undefined) wipe(plain);
    return signed;
  }

  #accept(exchange: Exchange, from: PartyIndex, signed: SignedBody): void {
    const first = exchange.from(from);
    // Signatures are left out of the comparison: their maker can alter them.
    if (first !== undefined && equalSecrets(first.body, signed.body)) return;
    if (!this.#isSigned(exchange, from, signed)) return;

    if (first !== undefined) {
      const evidence = [first, signed].map((each) => exchange.shown(from, each));
      const message = `Participant ${from} sent two different ${exchange.name}`;
      this.#fail(new ProtocolAbort(message, [from], evidence));
      return;
    }
    if (!this.#takeSealKey(exchange.kind, from, signed.body)) return;
    exchange.add(from, signed);
    if (this.#waiting?.for === exchange && exchange.count === this.count) this.#waiting.complete();
  }

  #isSigned(exchange: Exchange, from: PartyIndex, { body, signature }: SignedBody): boolean {
    const identityKey = this.#parts.identityKeys[from - 1];
    if (identityKey === undefined || body.length > BODY_BYTES_MAX) return false;
    const signed = exchange.signedBytes(from, body);
    const holds = this.#parts.verify.identity(identityKey, signed, signature);
    wipe(signed);
    return holds;
  }

  /** Learns the key that a message announces, and reads what came before it. `false`: it is no key, the message absent. */
  #takeSealKey(kind: Kind<unknown>, from: PartyIndex, body: Uint8Array): boolean {
    const value = kind.sealKey && kind.decode(body);
    // A signed body that cannot be decoded announces nothing; the exchange will name its sender.
    if (kind.sealKey === undefined || value === undefined) return true;
    if (!this.#seals.agree(from, kind.sealKey(value))) return false;

    const early = this.#early.get(from) ?? [];
    this.#early.delete(from);
    for (const envelope of early) this.receive(from, envelope);
    return true;
  }

  #begin(kind: string, sealed: boolean): Exchange {
    if (this.#error !== undefined) throw this.#error;
    const exchange = this.#exchange(kind);
    assert(exchange.kind.sealed === sealed, `${kind} is sealed in every session, or in none`);
    assert(exchange.from(this.index) === undefined, `${kind} is exchanged once`);
    return exchange;
  }

  /** Waits until everybody has spoken, then reads what they said. */
  async #collect<V>(exchange: Exchange, kind: Kind<V>): Promise<readonly V[]> {
    if (exchange.count < this.count)
      await new Promise<void>((complete, fail) => {
        this.#waiting = { for: exchange, complete, fail };
      });
    // An equivocation may have come between the last message and this line.
    if (this.#error !== undefined) throw this.#error;

    const values = this.#all().map((from) => kind.decode(exchange.body(from)));
    const culprits = this.#all().filter((from) => values[from - 1] === undefined);
    if (culprits.length > 0) {
      const evidence = culprits.map((from) => exchange.shown(from));
      throw new ProtocolAbort(`A signed ${exchange.name} cannot be decoded`, culprits, evidence);
    }
    return values.filter((value) => value !== undefined);
  }

  /** The first failure is the session's. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.#waiting?.fail(this.#error);
  }

  #exchange(kind: string): Exchange {
    const exchange = this.#exchanges.get(kind);
    assert(exchange !== undefined, `${kind} is a kind of the protocol`);
    return exchange;
  }

  #sign(kind: string, to: PartyIndex, body: Uint8Array): SignedBody {
    const signed = envelopeBytes(this.sessionId, kind, this.index, to, body);
    const signature = this.#parts.signer.sign(signed);
    wipe(signed);
    return { body, signature };
  }

  #send(to: PartyIndex, envelope: Envelope): void {
    this.#sent.push({ to, envelope });
    this.#parts.send(to, envelope);
  }

  #all(): readonly PartyIndex[] {
    return Array.from({ length: this.count }, (_, position) => position + 1);
  }

  #others(): readonly PartyIndex[] {
    return this.#all().filter((each) => each !== this.index);
  }
}
