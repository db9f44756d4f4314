import type { PartyIndex } from '../common/index.js';
import type { Envelope } from '../wire/index.js';

/** One kind of message: who gets it, and its bytes. Methods, so that kinds of different values fit one table. */
export interface Kind<V> {
  /** Whether it goes to each participant alone, sealed, rather than to all. */
  readonly sealed: boolean;
  encode(value: V): Uint8Array;
  /** `undefined` for bytes that `encode` would not write. Never throws. */
  decode(body: Uint8Array): V | undefined;
  /** The X25519 key that this message announces, to seal later ones to. One kind of a protocol has it, or none. */
  sealKey?(value: V): Uint8Array;
}

/** The messages of a protocol: `K` names the kinds and says what each carries. */
export type KindTable<K> = { readonly [N in keyof K & string]: Kind<K[N]> };

/** A protocol's view of its session: messages go out and come in, and all that may go wrong on the way is elsewhere. */
export interface Party<K> {
  readonly index: PartyIndex;
  /** Participants, this one included. */
  readonly count: number;
  /** 32 bytes, the same for all participants, never used for another run. */
  readonly sessionId: Uint8Array;
  /** This session's own X25519 public key, for the message that announces it. */
  readonly sealKey: Uint8Array;

  /**
   * Sends `mine` to all and waits for everybody's: in order of participants, own included. Once for each kind.
   *
   * @throws {ProtocolAbort} Somebody's signed body cannot be decoded, or there are two different ones.
   * @throws What the session was closed with, a passed deadline for instance.
   */
  exchange<N extends keyof K & string>(kind: N, mine: K[N]): Promise<readonly K[N][]>;

  /** As {@link exchange}, with a message of its own for each, sealed so that nobody else can read it. */
  exchangeSealed<N extends keyof K & string>(
    kind: N,
    mine: (to: PartyIndex) => K[N],
  ): Promise<readonly K[N][]>;

  /** The bodies of an exchange that is over, as signed, in order of participants, own included. */
  bodies(kind: keyof K & string): readonly Uint8Array[];

  /** The same bodies of one participant with its signatures: evidence. */
  originals(kinds: readonly (keyof K & string)[], from: PartyIndex): readonly Envelope[];
}
