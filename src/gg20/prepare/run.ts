import { assert, type PartyIndex } from '../../common/index.js';
import type { Echoed, Party } from '../../mpc/index.js';
import type { Compute, Random } from '../../ports/index.js';
import type { MaterialPrimes } from '../own-material.js';
import type { ParameterSet } from '../parameter-set.js';
import { setName } from '../tables.js';
import type { ProverPlace } from './checks.js';
import { memberAt, prepareSsid0, type PrepareFacts } from './facts.js';
import type { OpenBody, PrepareRounds, PublicMaterial } from './messages.js';
import type { SeenModuli } from './seen-moduli.js';

/** A run of `prepare` from outside: what it is for, and what it takes. */
export type PrepareParts = {
  /** {@link PREPARE_CURVE} with the set's profile. */
  readonly set: ParameterSet;
  readonly facts: PrepareFacts;
  /** Of this run alone: used once, whether it ends well or not. */
  readonly primes: MaterialPrimes;
  /** A secret of this node that its random source has not made now. */
  readonly deviceSecret: Uint8Array;
  readonly random: Random;
  readonly compute: Compute;
  readonly seen: SeenModuli;
};

/** A run of `prepare` from inside. */
export type PrepareRun = PrepareParts & {
  readonly party: Party<Echoed<PrepareRounds>>;
  /** Of `setName`. */
  readonly name: string;
  readonly ssid0: Uint8Array;
  /** The other parties, ascending. */
  readonly others: readonly PartyIndex[];
};

/** A value of each party, in order. */
export type OfAll<V> = readonly { readonly from: PartyIndex; readonly all: V }[];

export function prepareRun(party: Party<Echoed<PrepareRounds>>, parts: PrepareParts): PrepareRun {
  const { set, facts } = parts;
  const { members } = facts;
  const ascends = members.every(({ index }, at) => index > (members[at - 1]?.index ?? 0));
  assert(members.length === party.count && ascends, 'a session has a party for each member');
  return {
    ...parts,
    party,
    name: setName(set),
    ssid0: prepareSsid0(set, facts, party.sessionId),
    others: members.map((_, at) => at + 1).filter((j) => j !== party.index),
  };
}

export function placeOf({ ssid0, facts }: PrepareRun, party: PartyIndex): ProverPlace {
  return { ssid0, prover: memberAt(facts, party) };
}

/** The value of one party: there is one of each. */
export function of<V>(values: OfAll<V>, party: PartyIndex): V {
  const value = values[party - 1];
  assert(value !== undefined, 'there is a value of every party');
  return value.all;
}

/** The random bytes that ssid is made of, in order of members. */
export function ridsOf(openings: OfAll<OpenBody>): readonly Uint8Array[] {
  return openings.map(({ all }) => all.rid);
}

/** The material of an opening, and nothing else of it. */
export function materialOf({ N, Nh, s, t }: PublicMaterial): PublicMaterial {
  return { N, Nh, s, t };
}
