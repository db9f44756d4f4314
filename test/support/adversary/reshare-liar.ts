import type { PartyIndex } from '../../../src/common/index.js';
import { lagrangeAtZero, SecretPolynomial, modulo } from '../../../src/crypto/index.js';
import type { Party } from '../../../src/mpc/index.js';
import {
  dealerIndices,
  dealingCommitment,
  type ReshareFacts,
  type ReshareRounds,
  type SharingGroup,
} from '../../../src/sharing/index.js';
import type { ReshareValue } from '../../../src/wire/index.js';
import { seededRandom } from '../builders/frost-exchange.js';
import type { HeldSharing } from '../builders/reshare-exchange.js';

/*
 * What a lying dealer of a reshare needs: honest tools, each with one thing changed. It is party 3 of 3; party 1 deals besides, and
 * party 2 only receives.
 */

export const ATTACKER = 3;
export const HONEST: readonly PartyIndex[] = [1, 2];
export const SALT = new Uint8Array(32).fill(9);

/** Dealers are a and c, receivers all three. */
export const NODES = ['a', 'b', 'c'] as const;
export const DEALERS = ['a', 'c'] as const;

/**
 * A polynomial that begins as the attacker's own must, but for `shift`.
 *
 * @param points - t′, or what the attacker makes of it.
 */
export function dealtPolynomial<P>(
  { group }: SharingGroup<P>,
  base: HeldSharing,
  facts: ReshareFacts,
  points: number,
  shift = 0n,
): SecretPolynomial<P> {
  const dealer = facts.parties[ATTACKER - 1]?.dealer ?? 0;
  const { scalar = new Uint8Array() } = base.shares[dealer - 1] ?? {};
  const x = group.decodeScalar(scalar) ?? 0n;
  const w = x * lagrangeAtZero(group.order, dealerIndices(facts), dealer) + shift;
  const random = seededRandom(77);
  const others = Array.from({ length: points - 1 }, () =>
    modulo(BigInt(`0x${Buffer.from(random.bytes(40)).toString('hex')}`), group.order),
  );
  return new SecretPolynomial(group, [modulo(w, group.order), ...others]);
}

/** The points that the attacker shows of a polynomial. */
export function pointsOf<P>(
  { group }: SharingGroup<P>,
  polynomial: SecretPolynomial<P>,
): readonly Uint8Array[] {
  return polynomial.commitment().map((point) => group.encode(point));
}

/** The attacker commits to these points and opens them, and hands out what `valueFor` gives in place of its values, if anything. */
export function dealsOtherwise(
  coefficients: readonly Uint8Array[],
  valueFor: (to: PartyIndex, right: ReshareValue) => ReshareValue = (_, right) => right,
) {
  return {
    [ATTACKER]: (party: Party<ReshareRounds>): Party<ReshareRounds> => {
      const hash = dealingCommitment(party.sessionId, party.index, coefficients, SALT);
      const opening = { coefficients: [...coefficients], salt: SALT };
      const round: Party<ReshareRounds>['round'] = (name, mine) => {
        const forged = {
          announce: mine,
          commit: { all: { hash } },
          open: { all: opening },
          value: mine && handingOut(mine, valueFor),
        };
        return party.round(name, forged[name] as typeof mine);
      };
      return { ...viewOf(party), round };
    },
  };
}

/** The attacker deals from its own polynomial, but for what it hands out. */
export function handsOut(valueFor: (to: PartyIndex, right: ReshareValue) => ReshareValue) {
  return {
    [ATTACKER]: (party: Party<ReshareRounds>): Party<ReshareRounds> => ({
      ...viewOf(party),
      round: (name, mine) => party.round(name, mine && handingOut(mine, valueFor)),
    }),
  };
}

/** A party's own methods, to be overridden one by one. */
export function viewOf(party: Party<ReshareRounds>): Party<ReshareRounds> {
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

function handingOut<M extends object>(
  mine: M,
  valueFor: (to: PartyIndex, right: ReshareValue) => ReshareValue,
): M {
  if (!('each' in mine)) return mine;
  const right = mine.each as (to: PartyIndex) => ReshareValue;
  return { ...mine, each: (to: PartyIndex) => valueFor(to, right(to)) };
}
