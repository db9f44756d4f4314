import { modulo } from '../../../src/crypto/index.js';
import {
  answerNonce,
  type NonceSecrets,
  type Round1,
  type Round2Each,
} from '../../../src/gg20/index.js';
import { stoppedBy, unstopped, type Attempt } from './attack.js';
import { attacker, opened, q, random, freshSsid, taken, VICTIM } from './pair.js';

type Answers = Round2Each<unknown>;

/** The attacker’s answers to a victim’s K, as an honest signer makes them. */
export function answersBy(ssid: Uint8Array, round1: Round1): Answers {
  const { secrets } = opened(attacker);
  return answerNonce(attacker, ssid, secrets, VICTIM, round1, random).each;
}

/** An answer, and what its plaintext should be modulo q. */
export type Forged = { readonly answers: Answers; readonly right: (k: bigint) => bigint };

const SESSIONS = 12;

/**
 * The oracle of failures: in each session the sums come out wrong, which everybody sees, if the plaintext was not what it
 * should be. The attacker has won if that told, in every session, whether the victim’s k is above q/2.
 */
export function topBitOf(
  product: 'alpha' | 'mu',
  forge: (secrets: Pick<NonceSecrets<unknown>, 'K'>, ssid: Uint8Array, honest: Answers) => Forged,
): Attempt {
  const seen: { readonly told: boolean; readonly bit: boolean }[] = [];
  for (let session = 0; session < SESSIONS; session++) {
    const { secrets, all } = opened();
    const ssid = freshSsid();
    const { answers, right } = forge(secrets, ssid, answersBy(ssid, all));
    const got = taken(secrets, ssid, answers);
    if ('stopped' in got) return got;
    const told = modulo(got[product] - right(secrets.k), q) !== 0n;
    seen.push({ told, bit: secrets.k > q / 2n });
  }
  if (seen.every(({ told }) => !told)) return stoppedBy('no answer depends on k');
  const isOracle = seen.every(({ told, bit }) => told === bit) && seen.some(({ told }) => !told);
  return unstopped(isOracle && `the highest bit of k, in each of ${SESSIONS} sessions`);
}
