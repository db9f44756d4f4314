import { assert, type PartyIndex } from '../common/index.js';
import { randomPolynomial, randomScalar, wipe, xof } from '../crypto/index.js';
import { PARTICIPANTS_MAX, THRESHOLD_MIN } from '../identity/index.js';
import { ProtocolAbort, type Party } from '../mpc/index.js';
import type { Compute, Random } from '../ports/index.js';
import { bytesItem, listItem, type KeygenValue } from '../wire/index.js';
import { checkOpeningJob, checkValueJob, commitmentTo } from './checks.js';
import type { KeyShare, SharingGroup } from './group.js';
import { keygen, SALT_BYTES, type KeygenRounds } from './messages.js';
import { openKeygenJob } from './opening.js';
import { publicPolynomialJob } from './public.js';

/** A key that has just been made: this node's part, and the values that all nodes must state alike in `ready`. */
export type NewKey = {
  /** The caller wipes the scalar. */
  readonly share: KeyShare;
  /** The sum of all A_i, encoded. */
  readonly V: readonly Uint8Array[];
  /** 32 bytes, for derivation later (BIP-32). */
  readonly chainCode: Uint8Array;
  /** 32 bytes over all commitments and openings: equal digests in all `ready` are the echo. */
  readonly digest: Uint8Array;
};

/**
 * Makes one key together with all parties of the session: Pedersen's key generation with commit-reveal and session-bound
 * proofs of possession (Feldman 1987; Pedersen 1991; Komlo–Goldberg 2020, figure 1).
 *
 * @param threshold - t: signers needed later, 2 ≤ t ≤ party.count.
 * @throws {ProtocolAbort} A message fails a check; `culprits` are its senders, `evidence` the messages.
 */
export async function generateKey<P>(
  sharing: SharingGroup<P>,
  party: Party<KeygenRounds>,
  threshold: number,
  random: Random,
  compute: Compute,
): Promise<NewKey> {
  assert(threshold >= THRESHOLD_MIN && threshold <= party.count, 'a threshold is 2 .. n');
  assert(party.count <= PARTICIPANTS_MAX, 'at most 20 participants');
  using polynomial = randomPolynomial(sharing.group, threshold, random);
  const { algorithm } = sharing;
  const { sessionId, index } = party;
  const coefficients = polynomial.copies();
  const k = sharing.group.encodeScalar(randomScalar(sharing.group.order, random));
  const salt = random.bytes(SALT_BYTES);
  const secret = { algorithm, sessionId, index, coefficients, k, salt };
  const opening = await compute.run(openKeygenJob, secret);

  // commit: every participant commits before any one shows, so none chooses as a function of the others.
  const hash = commitmentTo(party.sessionId, party.index, opening, opening.salt);
  await party.round('commit', { all: { hash, sealKey: party.sealKey } });
  const commitBodies = party.broadcasts('commit').map(({ body }) => body);

  // open: exactly t points each, and proof that a_{j,0} is known.
  await party.round('open', { all: opening });
  const openBodies = party.broadcasts('open').map(({ body }) => body);
  await blame(party, ['commit', 'open'], (who) => {
    const bodies = { commitBody: at(commitBodies, who), openBody: at(openBodies, who) };
    return compute.run(checkOpeningJob, { algorithm, sessionId, who, threshold, ...bodies });
  });

  // value: f_i(j) for each j alone; f_j(i)·G = Σ_l i^l·A_{j,l}
  const mine: Uint8Array[] = [];
  const sent = party.round('value', {
    each: (to) => {
      const value = sharing.group.encodeScalar(polynomial.evaluate(to));
      mine.push(value);
      return { value };
    },
  });
  // Encoded by now: the session has copies of its own, and wipes them.
  wipe(...mine);
  const values = await sent;
  const valueBodies = party.privates('value');
  await blame(party, ['open', 'value'], (j) => {
    const mineOf = Uint8Array.from(at(valueBodies, j));
    const input = { algorithm, openBody: at(openBodies, j), valueBody: mineOf, to: party.index };
    return compute.run(checkValueJob, input);
  });

  const V = await compute.run(publicPolynomialJob, { algorithm, openBodies, threshold });
  const [V_0] = V ?? [];
  if (V === undefined || V_0 === undefined) throw isIdentity();
  return {
    share: { index: party.index, scalar: sumOf(sharing, values) },
    V,
    chainCode: xof('cc', [bytesItem(party.sessionId), bytesItem(V_0)], 32),
    digest: digestOf(party, commitBodies, openBodies),
  };
}

/** Ends the run when a check of another participant's messages fails, with those messages as evidence. */
async function blame(
  party: Party<KeygenRounds>,
  rounds: readonly (keyof KeygenRounds)[],
  isRight: (j: PartyIndex) => Promise<boolean>,
): Promise<void> {
  const others = participants(party).filter((j) => j !== party.index);
  const verdicts = await Promise.all(others.map(isRight));
  const culprits = others.filter((_, position) => verdicts[position] !== true);
  if (culprits.length === 0) return;
  const evidence = culprits.flatMap((j) => party.originals(rounds, j));
  throw new ProtocolAbort(
    `Wrong ${rounds.map((round) => keygen.kinds[round]).join(' or ')}`,
    culprits,
    evidence,
  );
}

/** Commit-reveal leaves this to chance, and chance does not do it: there is no culprit. */
function isIdentity(): ProtocolAbort {
  return new ProtocolAbort('The key or a key share would be the identity', []);
}

/** x_i = Σ_j f_j(i) mod q. */
function sumOf<P>(
  { group }: SharingGroup<P>,
  values: readonly { readonly each: KeygenValue }[],
): Uint8Array {
  const sum = values.reduce((total, { each }) => {
    const scalar = group.decodeScalar(each.value);
    assert(scalar !== undefined, 'the values have been checked');
    return total + scalar;
  }, 0n);
  return group.encodeScalar(sum % group.order);
}

/** XOF("keygen", [ssid, bodies of commit, bodies of open], 32), in order of index. */
function digestOf(
  { sessionId }: Party<KeygenRounds>,
  commitBodies: readonly Uint8Array[],
  openBodies: readonly Uint8Array[],
): Uint8Array {
  const lists = [commitBodies, openBodies].map((bodies) => listItem(bodies.map(bytesItem)));
  return xof('keygen', [bytesItem(sessionId), ...lists], 32);
}

function participants({ count }: Party<KeygenRounds>): readonly PartyIndex[] {
  return Array.from({ length: count }, (_, position) => position + 1);
}

/** The element of participant j: lists are in order of index, which begins at 1. */
function at(list: readonly Uint8Array[], j: PartyIndex): Uint8Array {
  const element = list[j - 1];
  assert(element !== undefined, 'a list has an element for each participant');
  return element;
}
