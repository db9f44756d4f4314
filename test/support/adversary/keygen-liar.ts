import type { PartyIndex } from '../../../src/common/index.js';
import { randomPolynomial, randomScalar } from '../../../src/crypto/index.js';
import type { Suite } from '../../../src/frost/index.js';
import type { KeygenKinds } from '../../../src/sharing/index.js';
import { commitmentTo, proofChallenge } from '../../../src/sharing/checks.js';
import type { Opening } from '../../../src/sharing/checks.js';
import type { Party } from '../../../src/mpc/index.js';
import type { KeygenOpening, KeygenValue } from '../../../src/wire/index.js';
import { seededRandom } from '../builders/frost-exchange.js';

/** What a lying participant of a 2-of-3 key generation needs: honest tools, each with one thing changed. */
export const LIAR_THRESHOLD = 2;
export const ATTACKER = 3;
export const SALT = new Uint8Array(32).fill(9);

/** A valid opening for a session, index and number of points; `alter` spoils it, and the proof is made for what it gives. */
export function openingFor<P>(
  suite: Suite<P>,
  sessionId: Uint8Array,
  index: PartyIndex,
  points: number = LIAR_THRESHOLD,
  alter: (coefficients: readonly Uint8Array[]) => readonly Uint8Array[] = (each) => each,
): Opening {
  const { group } = suite;
  const random = seededRandom(77);
  const polynomial = randomPolynomial(group, points, random);
  const coefficients = [...alter(polynomial.commitment().map((point) => group.encode(point)))];
  const k = randomScalar(group.order, random);
  const proofCommitment = group.encode(group.multiplyBase(k));
  const e = proofChallenge(suite, sessionId, index, coefficients, proofCommitment);
  const proofResponse = group.encodeScalar((k + e * polynomial.constant) % group.order);
  return { coefficients, proofCommitment, proofResponse };
}

/** The attacker commits to and opens what `forge` gives: well committed to, whatever it is. */
export function opens(forge: (party: Party<KeygenKinds>) => Opening) {
  return {
    [ATTACKER]: (party: Party<KeygenKinds>) => {
      const opening: KeygenOpening = { ...forge(party), salt: SALT };
      const hash = commitmentTo(party.sessionId, party.index, opening, SALT);
      return {
        ...view(party),
        exchange: (kind: string) =>
          kind === 'KG1'
            ? party.exchange('KG1', { hash, sealKey: party.sealKey })
            : party.exchange('KG2', opening),
      } as Party<KeygenKinds>;
    },
  };
}

/** A party's own methods, to be overridden one by one. */
export function view(party: Party<KeygenKinds>): Party<KeygenKinds> {
  const { index, count, sessionId, sealKey } = party;
  return {
    index,
    count,
    sessionId,
    sealKey,
    exchange: (kind, mine) => party.exchange(kind, mine),
    exchangeSealed: (kind, mine) => party.exchangeSealed(kind, mine),
    bodies: (kind) => party.bodies(kind),
    originals: (kinds, from) => party.originals(kinds, from),
  };
}

/** What the attacker hands out in place of its values. */
export function deals(valueFor: (to: PartyIndex, right: KeygenValue) => KeygenValue) {
  return {
    [ATTACKER]: (party: Party<KeygenKinds>) =>
      ({
        ...view(party),
        exchangeSealed: (kind: 'KG3', mine: (to: PartyIndex) => KeygenValue) =>
          party.exchangeSealed(kind, (to) => valueFor(to, mine(to))),
      }) as Party<KeygenKinds>,
  };
}
