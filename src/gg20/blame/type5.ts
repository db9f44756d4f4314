import { equal, type PartyIndex } from '../../common/index.js';
import { modulo } from '../../crypto/index.js';
import { gammaCommitment, type NonceSecrets } from '../presign/round1.js';
import type { AnswerMasks } from '../presign/round2.js';
import { of, othersOf, type BySigner, type Fault, type SignerSession } from '../presign/session.js';
import { faultsOf, isNonce, opensK, othersThan } from './judged.js';
import type { JudgedRounds, JudgedSession } from './judged.js';
import type { OpenedMask, Opening5 } from './messages.js';

/** F5: this signer's opening. k and gamma are burned with it: the presignature can never become ready. */
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

/**
 * F5: the signers whose messages their openings do not give. Each is held against its own messages first; the equation of
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
  const { set, signers, facts } = session;
  const { group } = set.curve;
  const maskOf = (i: PartyIndex, j: PartyIndex): OpenedMask | undefined =>
    of(openings, i).masks[othersThan(signers, i).indexOf(j)];
  const own = faultsOf(signers, (i) => {
    const opening = of(openings, i);
    const { gamma, salt } = opening;
    return [
      ['gamma is a scalar and not 0', () => gamma > 0n && gamma < group.order],
      ['K opens', () => opensK(session, rounds, i, opening)],
      [
        'Gamma opens its commitment',
        () => {
          const Gamma = group.multiplyPublic(group.base, gamma);
          const committed = gammaCommitment(session, i, Gamma, salt);
          return equal(committed, of(rounds.round1, i).commitment);
        },
      ],
      ...othersThan(signers, i).map(
        (j) =>
          [
            'every product with gamma opens',
            () => {
              const { key } = of(facts, j);
              const { beta = -1n, nonce = 0n } = maskOf(i, j) ?? {};
              if (beta < 0n || beta >= set.ranges.beta || !isNonce(key, nonce)) return false;
              const factor = key.power(of(rounds.round1, j).K, gamma);
              return (
                of(of(rounds.answers, i), j).c ===
                key.modNN.multiply(factor, key.encrypt(beta, nonce))
              );
            },
          ] as const,
      ),
      [
        'Rb is k·R',
        () =>
          R === undefined ||
          rounds.round5 === undefined ||
          group.equal(of(rounds.round5, i).Rb, group.multiplyPublic(R, opening.k)),
      ],
    ];
  });
  if (own.length > 0) return own;

  // delta_i = k_i·gamma_i + Σ (k_i·gamma_j + beta'_ji) − Σ beta'_ij
  return faultsOf(signers, (i) => [
    [
      'delta is what the products give',
      () => {
        const { k, gamma } = of(openings, i);
        const sum = othersThan(signers, i).reduce((total, j) => {
          const [theirs, mine] = [maskOf(j, i), maskOf(i, j)];
          return total + k * of(openings, j).gamma + (theirs?.beta ?? 0n) - (mine?.beta ?? 0n);
        }, k * gamma);
        return of(rounds.round3, i).delta === modulo(sum, group.order);
      },
    ],
  ]);
}
