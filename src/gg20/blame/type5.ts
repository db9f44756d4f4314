import { equal, type PartyIndex } from '../../common/index.js';
import { modulo } from '../../crypto/index.js';
import { gammaCommitment, type NonceSecrets } from '../presign/round1.js';
import type { Round2Each, Round3 } from '../presign/messages.js';
import type { AnswerMasks } from '../presign/round2.js';
import { of, othersOf, type BySigner, type Fault, type SignerSession } from '../presign/session.js';
import { faultsOf, isNonce, opensK, othersThan } from './judged.js';
import type { JudgedRounds, JudgedSession } from './judged.js';
import type { OpenedMask, Opening5 } from './messages.js';

/** Type 5: this signer's opening. k and gamma are burned with it: the presignature can never become ready. */
export function open5<P>(
  session: SignerSession<P>,
  { k, r, gamma, salt }: NonceSecrets<P>,
  masks: BySigner<AnswerMasks>,
): Opening5 {
  const opened = othersOf(session).map((j): OpenedMask => {
    const { beta, betaNonce } = of(masks, j);
    return { beta, nonce: betaNonce };
  });
  return { k, r, gamma, salt, masks: opened };
}

/** The messages that one signer's opening is held against. */
export type Rounds5<P> = Pick<JudgedRounds<P>, 'round1'> & {
  /** This signer's answers as Bob, by Alice. */
  readonly answers: BySigner<Pick<Round2Each<P>, 'c'>>;
  /** Absent where there is no R. */
  readonly Rb?: P;
};

/**
 * Type 5: the check of signer i's own messages that its opening does not give, if any.
 *
 * @param R - Absent where the deltas added up to 0, and there is none.
 */
export function checkOpening5<P>(
  session: JudgedSession<P>,
  rounds: Rounds5<P>,
  i: PartyIndex,
  opening: Opening5,
  R: P | undefined,
): readonly Fault[] {
  const { set, signers } = session;
  const { group } = set.curve;
  const { gamma } = opening;
  return faultsOf([i], () => [
    ['gamma is a scalar and not 0', () => gamma > 0n && gamma < group.order],
    ['K opens', () => opensK(session, rounds, i, opening)],
    ['Gamma opens its commitment', () => opensGamma(session, rounds.round1, i, opening)],
    ...othersThan(signers, i).map((alice) => {
      const product = { bob: i, alice, c: of(rounds.answers, alice).c };
      const opens = () => opensProduct(session, rounds.round1, product, opening);
      return ['every product with gamma opens', opens] as const;
    }),
    [
      'Rb is k·R',
      () =>
        R === undefined ||
        rounds.Rb === undefined ||
        group.equal(rounds.Rb, group.multiplyPublic(R, opening.k)),
    ],
  ]);
}

type Product = { readonly bob: PartyIndex; readonly alice: PartyIndex; readonly c: bigint };

function opensGamma<P>(
  session: JudgedSession<P>,
  round1: JudgedRounds<P>['round1'],
  i: PartyIndex,
  { gamma, salt }: Opening5,
): boolean {
  const { group } = session.set.curve;
  const Gamma = group.multiplyPublic(group.base, gamma);
  return equal(gammaCommitment(session, i, Gamma, salt), of(round1, i).commitment);
}

function opensProduct<P>(
  { set, signers, facts }: JudgedSession<P>,
  round1: JudgedRounds<P>['round1'],
  { bob, alice, c }: Product,
  { gamma, masks }: Opening5,
): boolean {
  const { key } = of(facts, alice);
  const { beta = -1n, nonce = 0n } = masks[othersThan(signers, bob).indexOf(alice)] ?? {};
  if (beta < 0n || beta >= set.ranges.beta || !isNonce(key, nonce)) return false;
  const factor = key.power(of(round1, alice).K, gamma);
  return c === key.modNN.multiply(factor, key.encrypt(beta, nonce));
}

/** Type 5: whether Bob's opening is right in all that Alice's delta takes of it: gamma, and the addend of one product. */
export function isRightMask<P>(
  session: JudgedSession<P>,
  round1: JudgedRounds<P>['round1'],
  product: Product,
  opening: Opening5,
): boolean {
  const { gamma } = opening;
  return (
    gamma > 0n &&
    gamma < session.set.curve.group.order &&
    opensGamma(session, round1, product.bob, opening) &&
    opensProduct(session, round1, product, opening)
  );
}

/** Type 5: the signers whose delta is not what the openings give, all of which are right by themselves. */
export function checkDeltas<P>(
  { set, signers }: Pick<JudgedSession<P>, 'set' | 'signers'>,
  round3: BySigner<Pick<Round3<P>, 'delta'>>,
  openings: BySigner<Opening5>,
  asked: readonly PartyIndex[] = signers,
): readonly Fault[] {
  const maskOf = (i: PartyIndex, j: PartyIndex): bigint =>
    of(openings, i).masks[othersThan(signers, i).indexOf(j)]?.beta ?? 0n;
  // delta_i = k_i·gamma_i + Σ (k_i·gamma_j + beta'_ji) − Σ beta'_ij
  return faultsOf(asked, (i) => [
    [
      'delta is what the products give',
      () => {
        const { k, gamma } = of(openings, i);
        const sum = othersThan(signers, i).reduce(
          (total, j) => total + k * of(openings, j).gamma + maskOf(j, i) - maskOf(i, j),
          k * gamma,
        );
        return of(round3, i).delta === modulo(sum, set.curve.group.order);
      },
    ],
  ]);
}

/**
 * Type 5: the signers whose messages their openings do not give. Each is held against its own messages first; the equation of
 * delta takes other signers' openings, and is asked only when all of those are right.
 *
 * @param R - Absent where the deltas added up to 0, and there is none.
 */
export function judge5<P>(
  session: JudgedSession<P>,
  rounds: Pick<JudgedRounds<P>, 'round1' | 'answers' | 'round3'> &
    Partial<Pick<JudgedRounds<P>, 'round5'>>,
  openings: BySigner<Opening5>,
  R: P | undefined,
): readonly Fault[] {
  const own = session.signers.flatMap((i) => {
    const Rb = rounds.round5 && of(rounds.round5, i).Rb;
    const said = {
      round1: rounds.round1,
      answers: of(rounds.answers, i),
      ...(Rb !== undefined && { Rb }),
    };
    return checkOpening5(session, said, i, of(openings, i), R);
  });
  return own.length > 0 ? own : checkDeltas(session, rounds.round3, openings);
}
