import { assert, type PartyIndex } from '../../common/index.js';
import { u16Item } from '../../wire/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { ProfileName } from '../profile.js';
import type { Gg20Tables } from '../tables.js';
import { sessionBase, ssid0Of, type SessionMember } from '../session-id.js';

/**
 * The curve whose numbers the proofs of `prepare` have. The material serves keys of both curves: both have an order of 256 bits, which
 * the bounds of the proofs are made of.
 */
export const PREPARE_CURVE = 'secp256k1';

/** The set whose numbers a profile's `prepare` has. */
export function prepareSet(tables: Gg20Tables, profile: ProfileName): ParameterSet {
  return tables.parameterSet(`${PREPARE_CURVE}/${profile}`);
}

/** One `prepare` as its attempt fixes it. */
export type PrepareFacts = {
  readonly clusterId: string;
  /** The participant set: 16 bytes. */
  readonly setId: Uint8Array;
  /** Of the set: the number that this run makes. */
  readonly generation: number;
  readonly attempt: number;
  /**
   * The members of this attempt in the order of the session's party index, each with its index in the set, ascending. Proofs and
   * records name the index in the set.
   */
  readonly members: readonly SessionMember[];
};

/**
 * ssid0 of a run: of the session's id, which no other entry of any fork gives, and of all that the run is for.
 *
 * @param sessionId - Of the session that carries the run: 32 bytes.
 */
export function prepareSsid0(
  set: ParameterSet,
  { clusterId, setId, generation, attempt, members }: PrepareFacts,
  sessionId: Uint8Array,
): Uint8Array {
  const base = sessionBase({
    set,
    protocol: 'prepare',
    keyId: '',
    version: 0,
    attempt,
    threshold: 0,
    members,
    publicKey: new Uint8Array(0),
    signers: [],
    setId,
    generation,
    auxDigest: new Uint8Array(0),
    bind: members.map(({ index }) => u16Item(index)),
  });
  return ssid0Of(clusterId, sessionId, base);
}

/** The index in the set of a session's party. */
export function memberAt({ members }: Pick<PrepareFacts, 'members'>, party: PartyIndex): number {
  const member = members[party - 1];
  assert(member !== undefined, 'a party of the session is one of its members');
  return member.index;
}
