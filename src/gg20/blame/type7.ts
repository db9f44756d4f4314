import type { PartyIndex } from '../../common/index.js';
import { modulo } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { Round2Each, Round6 } from '../presign/messages.js';
import type { NonceSecrets } from '../presign/round1.js';
import type { Products, SumSecrets } from '../presign/round3.js';
import {
  of,
  othersOf,
  place,
  type BySigner,
  type Fault,
  type SignerSession,
} from '../presign/session.js';
import { proveChaumPedersen, verifyChaumPedersen } from '../zk/chaum-pedersen.js';
import { EVERYONE } from '../zk/context.js';
import { faultsOf, isNonce, opensK, othersThan } from './judged.js';
import type { JudgedRounds, JudgedSession } from './judged.js';
import type { OpenedProduct, Opening7 } from './messages.js';

/** Of the session's rounds; openings come after all of them. */
const ROUND = 8;

/**
 * Type 7: this signer's opening. Only ciphertexts whose Pi_bob_wc has been verified are opened.
 *
 * @param answers - Of each other signer as Bob: its product with w.
 */
export function open7<P>(
  session: SignerSession<P>,
  ssid: Uint8Array,
  { k, r }: NonceSecrets<P>,
  answers: BySigner<{ readonly ch: bigint }>,
  products: BySigner<Products>,
  { sigma }: SumSecrets,
  { R, S }: { readonly R: P; readonly S: P },
  random: Random,
): Opening7<P> {
  const { set, index, own } = session;
  const opened = othersOf(session).map((j): OpenedProduct => {
    const { mu } = of(products, j);
    return { mu, nonce: own.key.nonceOf(of(answers, j).ch, mu) };
  });
  const statement = { R, Y1: set.curve.group.multiplyBase(sigma), Y2: S };
  const at = place(ssid, index, EVERYONE, ROUND);
  return { k, r, products: opened, proof: proveChaumPedersen(set, at, statement, sigma, random) };
}

/** The messages that one signer's opening is held against. */
export type Rounds7<P> = Pick<JudgedRounds<P>, 'round1'> & {
  /** The answers that this signer has as Alice, by Bob. */
  readonly answers: BySigner<Pick<Round2Each<P>, 'ch'>>;
};

/** Type 7: the check of signer i's own messages that its opening does not give, if any. */
export function checkOpening7<P>(
  session: JudgedSession<P>,
  rounds: Rounds7<P>,
  i: PartyIndex,
  opening: Opening7<P>,
): readonly Fault[] {
  return faultsOf([i], () => [
    ['K opens', () => opensK(session, rounds, i, opening)],
    ...othersThan(session.signers, i).map((bob) => {
      const product = { bob, alice: i, ch: of(rounds.answers, bob).ch };
      return ['every product with w opens', () => opensProduct(session, product, opening)] as const;
    }),
  ]);
}

type Product = { readonly bob: PartyIndex; readonly alice: PartyIndex; readonly ch: bigint };

function opensProduct<P>(
  { set, signers, facts }: JudgedSession<P>,
  { bob, alice, ch }: Product,
  { products }: Opening7<P>,
): boolean {
  const { key } = of(facts, alice);
  const muMax = set.ranges.betaMask + set.ranges.mask ** 2n;
  const at = othersThan(signers, alice).indexOf(bob);
  const { mu = muMax + 1n, nonce = 0n } = products[at] ?? {};
  const magnitude = mu < 0n ? -mu : mu;
  return magnitude <= muMax && isNonce(key, nonce) && key.encrypt(mu, nonce) === ch;
}

/** Type 7: whether Alice's opening is right in all that Bob's sigma takes of it: k, and the plaintext of one product. */
export function isRightProduct<P>(
  session: JudgedSession<P>,
  round1: JudgedRounds<P>['round1'],
  product: Product,
  opening: Opening7<P>,
): boolean {
  return (
    opensK(session, { round1 }, product.alice, opening) && opensProduct(session, product, opening)
  );
}

/**
 * Type 7: the signers whose S is not what the openings give, all of which are right by themselves: with k = Σ k_j, the point
 * Sg_i = k·W_i + Σ (mu_ij − mu_ji)·G is sigma_i·G, and S_i has the same sigma_i. (The text of May 2020 has mu_ij twice.)
 */
export function checkSigmas<P>(
  { set, ssid, signers, facts }: JudgedSession<P>,
  round6: BySigner<Pick<Round6<P>, 'S'>>,
  openings: BySigner<Opening7<P>>,
  R: P,
  asked: readonly PartyIndex[] = signers,
): readonly Fault[] {
  const { group } = set.curve;
  const productOf = (i: PartyIndex, j: PartyIndex): bigint =>
    of(openings, i).products[othersThan(signers, i).indexOf(j)]?.mu ?? 0n;
  const k = signers.reduce((sum, i) => sum + of(openings, i).k, 0n);
  return faultsOf(asked, (i) => [
    [
      'S is what the products give',
      () => {
        const sum = othersThan(signers, i).reduce(
          (total, j) => total + productOf(i, j) - productOf(j, i),
          0n,
        );
        const Sg = group.sumOfProducts([
          [of(facts, i).W, modulo(k, group.order)],
          [group.base, modulo(sum, group.order)],
        ]);
        if (group.isIdentity(Sg)) return false;
        const statement = { R, Y1: Sg, Y2: of(round6, i).S };
        const at = place(ssid, i, EVERYONE, ROUND);
        return verifyChaumPedersen(set, at, statement, of(openings, i).proof) === undefined;
      },
    ],
  ]);
}

/**
 * Type 7: the signers whose S their openings do not give. Each is held against its own messages first; the equation of sigma
 * takes other signers' openings, and is asked only when all of those are right.
 */
export function judge7<P>(
  session: JudgedSession<P>,
  rounds: Pick<JudgedRounds<P>, 'round1' | 'answers' | 'round6'>,
  openings: BySigner<Opening7<P>>,
  R: P,
): readonly Fault[] {
  const own = session.signers.flatMap((i) => {
    const answers = new Map(
      othersThan(session.signers, i).map((j) => [j, of(of(rounds.answers, j), i)]),
    );
    return checkOpening7(session, { round1: rounds.round1, answers }, i, of(openings, i));
  });
  return own.length > 0 ? own : checkSigmas(session, rounds.round6, openings, R);
}
