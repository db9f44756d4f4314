import type { PartyIndex } from '../../common/index.js';
import type { PaillierPublicKey } from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { Round1, Round2Each, Round3, Round5, Round6 } from '../presign/messages.js';
import { of, type BySigner, type Fault, type SignerFacts } from '../presign/session.js';

/** A session as a judge sees it, who needs no secret of it: a signer, or a reader of evidence. */
export type JudgedSession<P> = {
  readonly set: ParameterSet<P>;
  readonly ssid0: Uint8Array;
  readonly ssid: Uint8Array;
  readonly signers: readonly PartyIndex[];
  readonly facts: ReadonlyMap<PartyIndex, SignerFacts<P>>;
};

/** The messages of a presignature that the openings are held against, all of them agreed on by all signers. */
export type JudgedRounds<P> = {
  readonly round1: BySigner<Round1>;
  /** Bob's answers by Bob, then Alice. Their proofs have been verified. */
  readonly answers: BySigner<BySigner<Pick<Round2Each<P>, 'c' | 'ch'>>>;
  readonly round3: BySigner<Round3<P>>;
  readonly round5: BySigner<Round5<P>>;
  readonly round6: BySigner<Round6<P>>;
};

/** The others of a signer, ascending: the order of the lists in an opening. */
export function othersThan(signers: readonly PartyIndex[], i: PartyIndex): readonly PartyIndex[] {
  return signers.filter((j) => j !== i);
}

/** The first failed check of each signer. */
export function faultsOf(
  signers: readonly PartyIndex[],
  checksOf: (i: PartyIndex) => readonly (readonly [check: string, holds: () => boolean])[],
): readonly Fault[] {
  return signers.flatMap((culprit) => {
    const failing = checksOf(culprit).find(([, holds]) => !holds());
    return failing === undefined ? [] : [{ culprit, check: failing[0] }];
  });
}

/** Whether i's K encrypts this k. */
export function opensK<P>(
  { facts }: JudgedSession<P>,
  { round1 }: Pick<JudgedRounds<P>, 'round1'>,
  i: PartyIndex,
  { k, r }: { readonly k: bigint; readonly r: bigint },
): boolean {
  const { key } = of(facts, i);
  return isNonce(key, r) && key.encrypt(k, r) === of(round1, i).K;
}

/** Claims that r is a unit modulo N. */
export function isNonce(key: PaillierPublicKey, r: bigint): boolean {
  return r > 0n && r < key.N && key.isCiphertext(r);
}
