import { assert, type PartyIndex } from '../../common/index.js';
import { wipe, xof, type SecretPolynomial } from '../../crypto/index.js';
import { ProtocolAbort, type Party } from '../../mpc/index.js';
import type { Compute, Random } from '../../ports/index.js';
import { bytesItem, listItem } from '../../wire/index.js';
import type { KeyShare, SharingGroup } from '../group.js';
import { SALT_BYTES } from '../messages.js';
import {
  checkDealingJob,
  checkDealtValueJob,
  dealingCommitment,
  newPolynomialJob,
} from './checks.js';
import { dealingPolynomial, openDealingJob } from './dealing.js';
import {
  assertFit,
  dealerIndices,
  hashOfFacts,
  receiverCount,
  type ReshareFacts,
  type ReshareParty,
} from './facts.js';
import { resharing, type ReshareRounds } from './messages.js';

/** A sharing that has just been made of one that was there: this node's part, and the values that all receivers state alike in `ready`. */
export type NewSharing = {
  /** Its index is the one in the new sharing. The caller wipes the scalar. */
  readonly share: KeyShare;
  /** V′, encoded. Its first point is the base's. */
  readonly V: readonly Uint8Array[];
  /** 32 bytes over the facts, all commitments and openings: equal digests in all `ready` are the echo. */
  readonly digest: Uint8Array;
};

/** The basis of a party's checks and messages. */
type Run<P> = {
  readonly sharing: SharingGroup<P>;
  readonly party: Party<ReshareRounds>;
  readonly facts: ReshareFacts;
  readonly compute: Compute;
  /** Of the session's parties this one. */
  readonly self: ReshareParty;
};

/** A dealer's own secret and what it shows of it. */
type Dealt<P> = {
  readonly polynomial: SecretPolynomial<P>;
  readonly coefficients: readonly Uint8Array[];
  readonly salt: Uint8Array;
};

/**
 * Shares a key anew, from t dealers of the base sharing to n′ receivers, with the threshold t′; the key stays as it is (Desmedt and
 * Jajodia 1997, with Feldman's commitments by commit-reveal). A refresh is a reshare to the same participants.
 *
 * @param share - Of the base sharing, of a dealer, and of no other; it has been compared with the base's V. The caller wipes it.
 * @returns Nothing for a dealer that is no receiver: its part is done, but for messages that it sends again.
 * @throws {ProtocolAbort} A message fails a check; `culprits` are its senders by the session's party index, `evidence` the messages.
 */
export async function reshare<P>(
  sharing: SharingGroup<P>,
  party: Party<ReshareRounds>,
  facts: ReshareFacts,
  share: KeyShare | undefined,
  random: Random,
  compute: Compute,
): Promise<NewSharing | undefined> {
  assertFit(facts);
  assert(facts.parties.length === party.count, 'the parties are those of the session');
  const self = partyAt(facts, party.index);
  assert((share?.index ?? 0) === self.dealer, 'a dealer has its share of the base sharing');
  const run: Run<P> = { sharing, party, facts, compute, self };

  const announced = party.round('announce', { all: { sealKey: party.sealKey } });
  using polynomial = share && dealingPolynomial(sharing, share, dealingOf(run, self), random);
  const dealt = polynomial && (await openDealing(run, polynomial, random));
  const openBodies = await commitAndOpen(run, dealt, announced);
  const values = await exchangeValues(run, dealt, openBodies);
  if (self.receiver === 0) return undefined;

  const { algorithm } = sharing;
  const { threshold, base } = facts;
  const [V_0 = new Uint8Array()] = base.V;
  const count = receiverCount(facts);
  const V = await compute.run(newPolynomialJob, { algorithm, openBodies, V_0, threshold, count });
  if (V === undefined) throw isNoSharing();
  return {
    share: { index: self.receiver, scalar: sumOf(sharing, values) },
    V,
    digest: digestOf(run, openBodies),
  };
}

/** A′_i and its salt, once this node has made the check of it that every other party will make. */
async function openDealing<P>(
  run: Run<P>,
  polynomial: SecretPolynomial<P>,
  random: Random,
): Promise<Dealt<P>> {
  const { sharing, compute, self } = run;
  const { algorithm } = sharing;
  const { dealer, dealers, baseV } = dealingOf(run, self);
  const secret = { algorithm, dealer, dealers, baseV, coefficients: polynomial.copies() };
  const coefficients = await compute.run(openDealingJob, secret);
  if (coefficients === undefined) throw isWrongHere();
  return { polynomial, coefficients, salt: random.bytes(SALT_BYTES) };
}

/** The openings of all dealers, checked. */
async function commitAndOpen<P>(
  run: Run<P>,
  dealt: Dealt<P> | undefined,
  announced: Promise<unknown>,
): Promise<readonly Uint8Array[]> {
  const { party, sharing, compute } = run;
  // commit: every dealer commits before any one shows, so none chooses as a function of the others.
  const hash =
    dealt && dealingCommitment(party.sessionId, party.index, dealt.coefficients, dealt.salt);
  const committed = party.round('commit', hash && { all: { hash } });
  await Promise.all([announced, committed]);
  const commitBodies = bodiesOf(party, 'commit');

  // open: exactly t′ points each, the first of them lambda_i·X_i.
  const mine = dealt && { coefficients: [...dealt.coefficients], salt: dealt.salt };
  await party.round('open', mine && { all: mine });
  const bodies = bodiesOf(party, 'open');
  const { algorithm } = sharing;
  await blame(run, ['commit', 'open'], (each, at) => {
    const said = { commitBody: elementOf(commitBodies, at), openBody: elementOf(bodies, at) };
    return compute.run(checkDealingJob, { algorithm, ...dealingOf(run, each), ...said });
  });
  return bodies;
}

/** g_i(j) of every dealer for this receiver, checked: encoded scalars, which are the caller's to wipe. None for a node that only deals. */
async function exchangeValues<P>(
  run: Run<P>,
  dealt: Dealt<P> | undefined,
  openBodies: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const { party, sharing, facts, compute, self } = run;
  // value: g_i(j) for each receiver alone; g_i(j)·G = Σ_l j^l·A′_i[l]
  const mine: Uint8Array[] = [];
  const sent = party.round(
    'value',
    dealt && {
      each: (to) => {
        const j = partyAt(facts, to).receiver;
        const value = sharing.group.encodeScalar(dealt.polynomial.evaluate(j));
        mine.push(value);
        return { value };
      },
    },
  );
  // Encoded by now: the session has copies of its own, and wipes them.
  wipe(...mine);
  const heard = await sent;
  if (self.receiver === 0) return [];
  const bodies = party.privates('value');
  const { algorithm } = sharing;
  await blame(run, ['open', 'value'], (_, at) => {
    const valueBody = Uint8Array.from(elementOf(bodies, at));
    const input = { algorithm, openBody: elementOf(openBodies, at), valueBody };
    return compute.run(checkDealtValueJob, { ...input, receiver: self.receiver });
  });
  return heard.map(({ each }) => each.value);
}

/** Ends the run when a check of another dealer's messages fails, with those messages as evidence. */
async function blame<P>(
  { party, facts }: Run<P>,
  rounds: readonly (keyof ReshareRounds)[],
  isRight: (dealer: ReshareParty, at: number) => Promise<boolean>,
): Promise<void> {
  const dealers = party.senders('commit');
  const verdicts = await Promise.all(
    dealers.map(async (each, at) => each === party.index || isRight(partyAt(facts, each), at)),
  );
  const culprits = dealers.filter((_, at) => verdicts[at] !== true);
  if (culprits.length === 0) return;
  const evidence = culprits.flatMap((each) => party.originals(rounds, each));
  const kinds = rounds.map((round) => resharing.kinds[round]);
  throw new ProtocolAbort(`Wrong ${kinds.join(' or ')}`, culprits, evidence);
}

/** The dealers' weights and points, with what one of them is judged by. */
function dealingOf<P>({ party, facts }: Run<P>, { nodeId, dealer }: ReshareParty) {
  const { base, threshold, parties } = facts;
  return {
    sessionId: party.sessionId,
    party: parties.findIndex((each) => each.nodeId === nodeId) + 1,
    dealer,
    dealers: dealerIndices(facts),
    baseV: base.V,
    threshold,
  };
}

/** Commit-reveal leaves an identity to chance, and chance does not do it; another key is not made of right dealings. There is no culprit. */
function isNoSharing(): ProtocolAbort {
  return new ProtocolAbort('The dealings make no sharing of the key', []);
}

function isWrongHere(): ProtocolAbort {
  return new ProtocolAbort('The share of this node is not of the base sharing', []);
}

/** x′_j = Σ_i g_i(j) mod q. The values are wiped. */
function sumOf<P>({ group }: SharingGroup<P>, values: readonly Uint8Array[]): Uint8Array {
  const sum = values.reduce((total, value) => {
    const scalar = group.decodeScalar(value);
    assert(scalar !== undefined, 'the values have been checked');
    return total + scalar;
  }, 0n);
  wipe(...values);
  return group.encodeScalar(sum % group.order);
}

/** XOF("reshare", [ssid, facts, bodies of commit, bodies of open], 32), in order of the dealers' party index. */
function digestOf<P>({ party, facts }: Run<P>, openBodies: readonly Uint8Array[]): Uint8Array {
  const lists = [bodiesOf(party, 'commit'), openBodies].map((bodies) =>
    listItem(bodies.map(bytesItem)),
  );
  return xof('reshare', [bytesItem(party.sessionId), bytesItem(hashOfFacts(facts)), ...lists], 32);
}

/** As signed, in order of the dealers' party index. */
function bodiesOf(party: Party<ReshareRounds>, round: 'commit' | 'open'): readonly Uint8Array[] {
  return party.broadcasts(round).map(({ body }) => body);
}

function partyAt({ parties }: ReshareFacts, index: PartyIndex): ReshareParty {
  const party = parties[index - 1];
  assert(party !== undefined, 'a party is one of the session');
  return party;
}

/** The element of the dealer at this place among the dealers. */
function elementOf(list: readonly Uint8Array[], at: number): Uint8Array {
  const element = list[at];
  assert(element !== undefined, 'a list has an element for each dealer');
  return element;
}
