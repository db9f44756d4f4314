import type { PartyIndex } from '../common/index.js';
import type { Envelope, SignedBody, SignedDigest } from '../wire/index.js';
import type { Carried, Rounds } from './protocol.js';

/** The values that a participant gives to a round: one value for all, one for each receiver, or both. */
export type Mine<C extends Carried> = {
  readonly [P in keyof C]: P extends 'each' ? (to: PartyIndex) => C[P] : C[P];
};

/** The values that came from one sender in a round. */
export type Heard<C extends Carried> = { readonly from: PartyIndex } & Readonly<C>;

/** A protocol's view of its session: messages go out and come in, and all that may go wrong on the way is elsewhere. */
export interface Party<R extends Rounds> {
  readonly index: PartyIndex;
  /** Participants of the session, this one included. */
  readonly count: number;
  /** 32 bytes, the same for all participants, never used for another run. */
  readonly sessionId: Uint8Array;
  /** This session's own X25519 public key, for the round that announces it. */
  readonly sealKey: Uint8Array;

  /**
   * Sends `mine` and waits until every sender has spoken: in order of senders, own included. Each round is begun once; others may
   * be in flight. `mine.each` is called before this returns, its values sealed for their receivers alone, unless the round's are open. A participant that
   * only receives gives nothing; one that only sends gets nothing, at once.
   *
   * @throws {ProtocolAbort} A signed body cannot be decoded, or a sender signed two different ones.
   * @throws What the session was closed with, a passed deadline for instance.
   */
  round<N extends keyof R & string>(name: N, mine?: Mine<R[N]>): Promise<readonly Heard<R[N]>[]>;

  /** The values of one sender in a round, as soon as they have come. Throws as {@link round} does. */
  heard<N extends keyof R & string>(name: N, from: PartyIndex): Promise<Heard<R[N]>>;

  /** The participants that this one hears in a round, ascending, own index included. */
  senders(name: keyof R & string): readonly PartyIndex[];

  /** The broadcasts of a round that is over, as signed, in order of senders, own included. None for one that receives none. */
  broadcasts(name: keyof R & string): readonly SignedBody[];

  /** The bodies of what a round that is over brought to this participant alone. Sealed ones are wiped when the session is closed. */
  privates(name: keyof R & string): readonly Uint8Array[];

  /** All that `from` said here in rounds that are over, with its signatures: evidence, which outlives the session. */
  originals(names: readonly (keyof R & string)[], from: PartyIndex): readonly Envelope[];

  /** A broadcast of `from` by its digest, as evidence; nothing if `from` did not sign it in this session. */
  attested(name: keyof R & string, from: PartyIndex, digest: SignedDigest): Envelope | undefined;
}
