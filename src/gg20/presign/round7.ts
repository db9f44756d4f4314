import { concat, type PartyIndex } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import { presignatureReadyBytes } from '../../identity/index.js';
import { bytesItem, listItem, pointItem, u16Item, type Item } from '../../wire/index.js';
import { gg20Xof } from '../transcript.js';
import { EVERYONE } from '../zk/context.js';
import { verifyS } from '../zk/s.js';
import type { Round3, Round5, Round6 } from './messages.js';
import { privateHashFaults } from './private-hashes.js';
import type { NonceSecrets } from './round1.js';
import type { SumSecrets } from './round3.js';
import {
  failed,
  of,
  othersOf,
  place,
  unlessFaults,
  type BySigner,
  type PresignResult,
  type SignerSession,
} from './session.js';

/** The public half of a presignature: with it anyone can check a signature share. */
export type PublicPresignature<P> = {
  /** 32 bytes over all of it. */
  readonly presigId: Uint8Array;
  readonly ssid: Uint8Array;
  readonly signers: readonly PartyIndex[];
  readonly R: P;
  readonly points: BySigner<PresignPoints<P>>;
  /** Of rounds 1, 3, 4, 5 and 6. */
  readonly echoes: readonly Uint8Array[];
};

export type PresignPoints<P> = { readonly T: P; readonly Rb: P; readonly S: P; readonly W: P };

/** Phase 6: every S is that of its T, every list names what came, and Σ S_j = PK (else type 7). */
export function checkS<P>(
  session: SignerSession<P>,
  ssid: Uint8Array,
  R: P,
  sums: BySigner<Round3<P>>,
  heard: BySigner<Round6<P>>,
  heardPrivately: BySigner<Uint8Array>,
): PresignResult<true> {
  const { set, signers, PK } = session;
  const { group } = set.curve;
  const lists = new Map(othersOf(session).map((j) => [j, of(heard, j).hashes5]));
  const faults = [
    ...privateHashFaults(session, 5, heardPrivately, lists),
    ...othersOf(session).flatMap((j) => {
      const { S, proof } = of(heard, j);
      const statement = { R, S, T: of(sums, j).T };
      const check = verifyS(set, place(ssid, j, EVERYONE, 6), statement, proof);
      return check === undefined ? [] : [{ culprit: j, check: `Pi_S: ${check}` }];
    }),
  ];
  if (faults.length > 0) return failed({ kind: 'faults', faults });
  const sum = signers.reduce((total, j) => group.add(total, of(heard, j).S), group.identity);
  return group.equal(sum, PK) ? unlessFaults([], () => true) : failed({ kind: 'type-7' });
}

/**
 * A presignature exists when every signer has signed {@link readyBytes} of its id.
 *
 * @param echoes - Of rounds 1, 3, 4, 5 and 6, which all signers' agreed.
 */
export function publicPresignature<P>(
  { set, signers, facts }: Pick<SignerSession<P>, 'set' | 'signers' | 'facts'>,
  ssid: Uint8Array,
  R: P,
  rounds: {
    readonly sums: BySigner<Pick<Round3<P>, 'T'>>;
    readonly Rb: BySigner<Round5<P>>;
    readonly S: BySigner<Pick<Round6<P>, 'S'>>;
  },
  echoes: readonly Uint8Array[],
): PublicPresignature<P> {
  const { group } = set.curve;
  const points = new Map(
    signers.map((j) => [
      j,
      {
        T: of(rounds.sums, j).T,
        Rb: of(rounds.Rb, j).Rb,
        S: of(rounds.S, j).S,
        W: of(facts, j).W,
      },
    ]),
  );
  const list = (name: keyof PresignPoints<P>): Item =>
    listItem(signers.map((j) => pointItem(group.encode(of(points, j)[name]))));
  const presigId = gg20Xof(
    'presig',
    [
      bytesItem(ssid),
      listItem(signers.map(u16Item)),
      pointItem(group.encode(R)),
      list('T'),
      list('Rb'),
      list('S'),
      list('W'),
      ...echoes.map(bytesItem),
    ],
    32,
  );
  return { presigId, ssid, signers, R, points, echoes };
}

/** The bytes that READY signs. */
export function readyBytes(presigId: Uint8Array): Uint8Array {
  return presignatureReadyBytes(presigId);
}

/** The secret half: k_i ‖ sigma_i, in bytes of their own that can be moved to another thread. Its holder wipes it. */
export function presignatureSecret<P>(
  { set }: SignerSession<P>,
  { k }: NonceSecrets<P>,
  { sigma }: SumSecrets,
): Uint8Array {
  const { group } = set.curve;
  const [first, second] = [group.encodeScalar(k), group.encodeScalar(sigma)];
  const secret = concat(first, second);
  wipe(first, second);
  return secret;
}
