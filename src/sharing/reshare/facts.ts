import { assert, type PartyIndex } from '../../common/index.js';
import { xof } from '../../crypto/index.js';
import { PARTICIPANTS_MAX, THRESHOLD_MIN } from '../../identity/index.js';
import { bytesItem, listItem, pointItem, textItem, u16Item, u64Item } from '../../wire/index.js';

/**
 * One node of a reshare. A dealer holds a share of the base sharing and deals, a receiver gets a share of the new one; a node is
 * either, or both. Its index in the session is its place in the list of parties, which is neither of these two.
 */
export type ReshareParty = {
  readonly nodeId: string;
  /** Its index in the base sharing, 1 .. n; 0 for a node that does not deal. */
  readonly dealer: PartyIndex;
  /** Its index in the new sharing, 1 .. n′; 0 for a node that gets no share. */
  readonly receiver: PartyIndex;
};

/** The sharing that a reshare starts from, as the key's record has it: all nodes know it alike. */
export type BaseSharing = {
  readonly version: number;
  /** The session that made it: 32 bytes. */
  readonly sessionId: Uint8Array;
  /** Its public polynomial V_0 .. V_{t−1}. t is its length. */
  readonly V: readonly Uint8Array[];
};

/** A reshare as the entry of its attempt and the key's record fix it. */
export type ReshareFacts = {
  readonly keyId: string;
  /** Of the request that it answers: 32 bytes. */
  readonly requestHash: Uint8Array;
  readonly base: BaseSharing;
  /** t′: signers needed after it, 2 ≤ t′ ≤ n′. */
  readonly threshold: number;
  /** Dealers and receivers together, in order of the session's party index. */
  readonly parties: readonly ReshareParty[];
  /** The digest of the auxiliary material that the new shares sign under; none for algorithms without such material. */
  readonly auxDigest: Uint8Array | undefined;
};

/**
 * The parties of a reshare, by the ids of nodes.
 *
 * @param nodes - Dealers and receivers together, in order of the session's party index.
 * @param holders - The participants of the base sharing, in order of index.
 * @param receivers - Those of the new sharing, in order of index.
 */
export function reshareParties(
  nodes: readonly string[],
  dealers: readonly string[],
  holders: readonly string[],
  receivers: readonly string[],
): readonly ReshareParty[] {
  return nodes.map((nodeId) => ({
    nodeId,
    dealer: dealers.includes(nodeId) ? holders.indexOf(nodeId) + 1 : 0,
    receiver: receivers.indexOf(nodeId) + 1,
  }));
}

/** The indices of the dealers in the base sharing: S_old, in order of parties. */
export function dealerIndices({ parties }: Pick<ReshareFacts, 'parties'>): readonly PartyIndex[] {
  return parties.map(({ dealer }) => dealer).filter((index) => index !== 0);
}

/** n′. */
export function receiverCount({ parties }: Pick<ReshareFacts, 'parties'>): number {
  return parties.filter(({ receiver }) => receiver !== 0).length;
}

/** The groups of the session: party indices, ascending. */
export function reshareGroups({ parties }: Pick<ReshareFacts, 'parties'>): {
  readonly [group in 'dealers' | 'receivers']: readonly PartyIndex[];
} {
  const partiesWith = (role: 'dealer' | 'receiver'): readonly PartyIndex[] =>
    parties.flatMap((party, at) => (party[role] === 0 ? [] : [at + 1]));
  return { dealers: partiesWith('dealer'), receivers: partiesWith('receiver') };
}

/** The state admits no other attempts: a caller that has such facts is wrong. */
export function assertFit(facts: ReshareFacts): void {
  const { threshold, parties } = facts;
  const count = receiverCount(facts);
  assert(threshold >= THRESHOLD_MIN && threshold <= count, 'a new threshold is 2 .. n′');
  assert(count <= PARTICIPANTS_MAX, 'at most 20 receivers');
  assert(isRange(parties.map(({ receiver }) => receiver)), 'receivers have the indices 1 .. n′');
  const dealers = dealerIndices(facts);
  assert(new Set(dealers).size === dealers.length, 'each dealer has an index of its own');
}

function isRange(receivers: readonly PartyIndex[]): boolean {
  const given = receivers.filter((index) => index !== 0).toSorted((a, b) => a - b);
  return given.every((index, at) => index === at + 1);
}

/** XOF("reshare/facts", …, 32): what all parties must have been told alike, beside what they tell each other. */
export function hashOfFacts(facts: ReshareFacts): Uint8Array {
  const { keyId, requestHash, base, threshold, parties, auxDigest } = facts;
  return xof(
    'reshare/facts',
    [
      textItem(keyId),
      bytesItem(requestHash),
      u64Item(base.version),
      bytesItem(base.sessionId),
      listItem(base.V.map(pointItem)),
      u16Item(threshold),
      listItem(
        parties.map(({ nodeId, dealer, receiver }) =>
          listItem([textItem(nodeId), u16Item(dealer), u16Item(receiver)]),
        ),
      ),
      listItem(auxDigest === undefined ? [] : [bytesItem(auxDigest)]),
    ],
    32,
  );
}
