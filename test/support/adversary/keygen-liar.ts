import type { PartyIndex } from '../../../src/common/index.js';
import { randomPolynomial, randomScalar } from '../../../src/crypto/index.js';
import type { Suite } from '../../../src/frost/index.js';
import type { KeygenRounds } from '../../../src/sharing/index.js';
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
export function opens(forge: (party: Party<KeygenRounds>) => Opening) {
  return {
    [ATTACKER]: (party: Party<KeygenRounds>) => {
      const opening: KeygenOpening = { ...forge(party), salt: SALT };
      const hash = commitmentTo(party.sessionId, party.index, opening, SALT);
      const commitment = { all: { hash, sealKey: party.sealKey } };
      const round: Party<KeygenRounds>['round'] = (name, mine) => {
        const forged = { commit: commitment, open: { all: opening }, value: mine };
        return party.round(name, forged[name] as typeof mine);
      };
      return { ...view(party), round };
    },
  };
}

/** A party's own methods, to be overridden one by one. */
export function view(party: Party<KeygenRounds>): Party<KeygenRounds> {
  const { index, count, sessionId, sealKey } = party;
  return {
    index,
    count,
    sessionId,
    sealKey,
    round: (name, mine) => party.round(name, mine),
    heard: (name, from) => party.heard(name, from),
    senders: (name) => party.senders(name),
    attested: (name, from, digest) => party.attested(name, from, digest),
    broadcasts: (name) => party.broadcasts(name),
    privates: (name) => party.privates(name),
    originals: (names, from) => party.originals(names, from),
  };
}

/** What the attacker hands out in place of its values. */
export function deals(valueFor: (to: PartyIndex, right: KeygenValue) => KeygenValue) {
  return {
    [ATTACKER]: (party: Party<KeygenRounds>): Party<KeygenRounds> => ({
      ...view(party),
      round: (name, mine) => party.round(name, mine && dealing(mine, valueFor)),
    }),
  };
}

function dealing<M extends object>(
  mine: M,
  valueFor: (to: PartyIndex, right: KeygenValue) => KeygenValue,
): M {
  if (!('each' in mine)) return mine;
  const right = mine.each as (to: PartyIndex) => KeygenValue;
  return { ...mine, each: (to: PartyIndex) => valueFor(to, right(to)) };
}
