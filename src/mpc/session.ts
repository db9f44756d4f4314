import { assert, equal, type PartyIndex } from '../common/index.js';
import { equalSecrets, wipe } from '../crypto/index.js';
import type { Random, Signer, Verify } from '../ports/index.js';
import { decodeSecret, SignedBody, type Envelope, type SignedDigest } from '../wire/index.js';
import { ProtocolAbort } from './abort.js';
import type { Channel } from './channel.js';
import { EarlySeals } from './early-seals.js';
import { digestBytes, TO_ALL } from './envelope.js';
import { Outbox } from './outbox.js';
import type { Heard, Mine, Party } from './party.js';
import { sealedBytesMax, type Carried, type Protocol, type Rounds } from './protocol.js';
import { roundRuns, type RoundRun } from './round-run.js';
import { Seals } from './seals.js';

export type SessionParts<R extends Rounds, G extends string = never> = {
  readonly protocol: Protocol<R, G>;
  /** The members of each group that the protocol names, ascending. */
  readonly groups: { readonly [N in G]: readonly PartyIndex[] };
  /** 32 bytes. */
  readonly sessionId: Uint8Array;
  /** This participant, 1 .. n. */
  readonly index: PartyIndex;
  /** Of all n participants in order, own included: Ed25519, 32 bytes each. */
  readonly identityKeys: readonly Uint8Array[];
  readonly signer: Signer;
  readonly verify: Pick<Verify, 'identity'>;
  readonly random: Random;
  /** Takes a message on its way; it may be lost, `resend` repeats it. */
  send(to: PartyIndex, envelope: Envelope): void;
};

/** A run of a protocol, from the side of the code that moves its messages and knows its deadline. */
export interface Session<R extends Rounds> {
  readonly party: Party<R>;
  /**
   * Takes a message that came from participant `from`, in any order, early, repeated. A message that is not for this session, not
   * signed by its sender, or cannot be opened counts as absent and blames no participant. Never throws.
   */
  receive(from: PartyIndex, envelope: Envelope): void;
  /** Sends everything again, byte for byte. */
  resend(): void;
  /** Ends the session: rounds in flight are rejected with `error`, secrets are wiped, nothing is sent any more. */
  close(error: Error): void;
}

/** Starts this participant's end of a run. Messages can be received before the protocol asks for them. */
export function startSession<R extends Rounds, G extends string = never>(
  parts: SessionParts<R, G>,
): Session<R>;
export function startSession(parts: SessionParts<Rounds, string>): unknown {
  return new Run(parts);
}

/** A round in flight, or a part of one. */
type Waiting = { isOver(): boolean; complete(): void; fail(error: Error): void };

class Run implements Session<Rounds>, Party<Rounds> {
  readonly index: PartyIndex;
  readonly count: number;
  readonly sessionId: Uint8Array;
  readonly #parts: SessionParts<Rounds, string>;
  readonly #seals: Seals;
  readonly #rounds: ReadonlyMap<string, RoundRun>;
  /** The same by kind, as messages name them. */
  readonly #kinds: ReadonlyMap<string, RoundRun>;
  readonly #outbox: Outbox;
  readonly #early: EarlySeals;
  readonly #waiting = new Set<Waiting>();
  #error: Error | undefined;

  constructor(parts: SessionParts<Rounds, string>) {
    const { protocol, groups, index, identityKeys, sessionId, random, signer } = parts;
    this.#parts = parts;
    this.index = index;
    this.count = identityKeys.length;
    this.sessionId = sessionId;
    assert(index >= 1 && index <= this.count, 'this node is a participant');

    const { count } = this;
    this.#rounds = roundRuns(protocol, { sessionId, index, count, groups });
    const rounds = [...this.#rounds.values()];
    this.#kinds = new Map(rounds.map((round) => [round.kind, round]));
    const sealed = rounds.filter(({ privates }) => privates?.sealed === true);
    const kinds = sealed.map(({ kind }) => kind);
    const seals = new Seals(sessionId, index, kinds, random);
    this.#seals = seals;
    this.#early = new EarlySeals(protocol.limits.earlySealedMax);
    const { limits } = protocol;
    this.#outbox = new Outbox({
      sessionId,
      index,
      signer,
      seals,
      limits,
      send: (to, envelope) => parts.send(to, envelope),
    });
  }

  get party(): Party<Rounds> {
    return this;
  }

  get sealKey(): Uint8Array {
    return this.#seals.publicKey;
  }

  round(name: string, mine?: Mine<Carried>): Promise<readonly Heard<Carried>[]> {
    const heard = this.#begin(this.#round(name), mine);
    // A protocol may end while its rounds are in flight: then nothing waits for them, and that is no unhandled rejection.
    heard.catch(() => undefined);
    return heard;
  }

  heard(name: string, from: PartyIndex): Promise<Heard<Carried>> {
    const heard = this.#hear(this.#round(name), from);
    heard.catch(() => undefined);
    return heard;
  }

  broadcasts(name: string): readonly SignedBody[] {
    return this.#round(name).broadcasts?.all() ?? [];
  }

  privates(name: string): readonly Uint8Array[] {
    return (
      this.#round(name)
        .privates?.all()
        .map(({ body }) => body) ?? []
    );
  }

  originals(names: readonly string[], from: PartyIndex): readonly Envelope[] {
    const channels = names.flatMap((name) => this.#round(name).channels);
    return channels.filter((channel) => channel.hears(from)).map((channel) => channel.shown(from));
  }

  senders(name: string): readonly PartyIndex[] {
    return this.#round(name).senders;
  }

  attested(name: string, from: PartyIndex, value: SignedDigest): Envelope | undefined {
    const { sessionId } = this;
    const { kind } = this.#round(name);
    const identityKey = this.#parts.identityKeys[from - 1];
    const signed = digestBytes(sessionId, kind, from, TO_ALL, value.digest);
    const { verify } = this.#parts;
    if (identityKey === undefined || !verify.identity(identityKey, signed, value.signature)) return;
    return { sessionId, kind, from, to: TO_ALL, content: { $case: 'digest', value } };
  }

  receive(from: PartyIndex, envelope: Envelope): void {
    const round = this.#kinds.get(envelope.kind);
    const channel = round?.channels.find(({ to }) => to === envelope.to);
    if (
      this.#error !== undefined ||
      round === undefined ||
      channel === undefined ||
      from === this.index ||
      envelope.from !== from ||
      !channel.hears(from) ||
      !equal(envelope.sessionId, this.sessionId)
    )
      return;

    const signed = this.#signedBodyOf(channel, envelope);
    if (signed === undefined) return;
    this.#accept(round, channel, from, signed);
    // A plaintext that was not kept has no other owner.
    if (channel.sealed && channel.from(from) !== signed) wipe(signed.body);
  }

  resend(): void {
    this.#outbox.resend();
  }

  close(error: Error): void {
    this.#fail(error);
    this.#seals[Symbol.dispose]();
    for (const { channels } of this.#rounds.values())
      for (const channel of channels) channel.forget();
    this.#early.clear();
    this.#outbox.clear();
  }

  async #begin(
    round: RoundRun,
    mine: Mine<Carried> | undefined,
  ): Promise<readonly Heard<Carried>[]> {
    if (this.#error !== undefined) throw this.#error;
    assert(!round.begun, `${round.kind} is begun once`);
    round.begun = true;
    this.#outbox.say(round, mine);
    await this.#until(() => round.hasHeard(round.senders));
    return round.values(round.senders);
  }

  async #hear(round: RoundRun, from: PartyIndex): Promise<Heard<Carried>> {
    assert(round.senders.includes(from), `${round.kind} is heard from its senders`);
    await this.#until(() => round.hasHeard([from]));
    const [heard] = round.values([from]);
    assert(heard !== undefined, 'there is a value for each sender');
    return heard;
  }

  /** The body of an envelope, or nothing. A sealed one that comes before its sender's key is kept until then. */
  #signedBodyOf({ kind, sealed }: Channel, envelope: Envelope): SignedBody | undefined {
    const { content, from } = envelope;
    if (content === undefined || sealed !== (content.$case === 'sealed')) return;
    if (content.$case === 'open') return content.value;
    if (content.$case === 'digest') return;
    const bytesMax = sealedBytesMax(this.#parts.protocol.limits);
    if (content.value.length > bytesMax) return;
    if (!this.#seals.has(from)) {
      this.#early.keep(from, envelope);
      return;
    }
    const plain = this.#seals.open(kind, from, content.value);
    const signed = plain && decodeSecret(SignedBody, plain, bytesMax);
    if (plain !== undefined && signed === undefined) wipe(plain);
    return signed;
  }

  #accept(round: RoundRun, channel: Channel, from: PartyIndex, signed: SignedBody): void {
    const first = channel.from(from);
    // Signatures are left out of the comparison: their maker can alter them.
    if (first !== undefined && equalSecrets(first.body, signed.body)) return;
    if (!this.#isSigned(channel, from, signed)) return;

    if (first !== undefined) {
      const evidence = [first, signed].map((each) => channel.shown(from, each));
      const message = `Participant ${from} sent two different ${channel.kind}`;
      this.#fail(new ProtocolAbort(message, [from], evidence));
      return;
    }
    if (channel === round.broadcasts && !this.#takeSealKey(round, from, signed.body)) return;
    channel.add(from, signed);
    this.#advance();
  }

  #isSigned(channel: Channel, from: PartyIndex, { body, signature }: SignedBody): boolean {
    const { identityKeys, protocol, verify } = this.#parts;
    const identityKey = identityKeys[from - 1];
    if (identityKey === undefined || body.length > protocol.limits.bodyBytesMax) return false;
    return verify.identity(identityKey, channel.signedBytes(from, body), signature);
  }

  /** Learns the key that a broadcast announces, and reads what came before it. `false`: it is no key, the message absent. */
  #takeSealKey({ round }: RoundRun, from: PartyIndex, body: Uint8Array): boolean {
    const all = round.sealKey && round.all?.decode(body);
    // A signed body that cannot be decoded announces nothing; the round will name its sender.
    if (round.sealKey === undefined || all === undefined) return true;
    if (!this.#seals.agree(from, round.sealKey(all))) return false;

    for (const envelope of this.#early.take(from)) this.receive(from, envelope);
    return true;
  }

  /** Waits for what `isOver` speaks of. */
  async #until(isOver: () => boolean): Promise<void> {
    if (this.#error === undefined && !isOver())
      await new Promise<void>((complete, fail) => {
        this.#waiting.add({ isOver, complete, fail });
      });
    // An equivocation may have come between the last message and this line.
    if (this.#error !== undefined) throw this.#error;
  }

  #advance(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.isOver()) continue;
      this.#waiting.delete(waiting);
      waiting.complete();
    }
  }

  /** The first failure is the session's. */
  #fail(error: Error): void {
    this.#error ??= error;
    for (const waiting of this.#waiting) waiting.fail(this.#error);
    this.#waiting.clear();
  }

  #round(name: string): RoundRun {
    const round = this.#rounds.get(name);
    assert(round !== undefined, `${name} is a round of ${this.#parts.protocol.name}`);
    return round;
  }
}
