import { assert, type PartyIndex } from '../common/index.js';
import { randomPolynomial, randomScalar, wipe, xof } from '../crypto/index.js';
import { ProtocolAbort, type Party } from '../mpc/index.js';
import type { Compute, Random } from '../ports/index.js';
import { bytesItem, listItem, type KeygenValue } from '../wire/index.js';
import { commitmentTo } from './checks.js';
import { PARTICIPANTS_MAX, THRESHOLD_MIN, type KeyShare, type SharingGroup } from './group.js';
import { checkOpeningJob, checkValueJob, openKeygenJob, publicPolynomialJob } from './job-names.js';
import { SALT_BYTES, type KeygenKinds } from './messages.js';

/** A key that has just been made: this node's part, and what all nodes must say alike in `ready`. */
export type NewKey = {
  /** The caller wipes the scalar. */
  readonly share: KeyShare;
  /** The sum of all A_i, encoded. */
  readonly V: readonly Uint8Array[];
  /** 32 bytes, for derivation later (BIP-32). */
  readonly chainCode: Uint8Array;
  /** 32 bytes over all KG1 and KG2: equal digests in all `ready` are the echo. */
  readonly digest: Uint8Array;
};

/**
 * Makes one key together with all parties of the session: Pedersen's key generation with commit-reveal and session-bound
 * proofs of possession (Feldman 1987; Pedersen 1991; Komlo–Goldberg 2020, figure 1).
 *
 * @param threshold - t: signers needed later, 2 ≤ t ≤ party.count.
 * @throws {ProtocolAbort} A message fails a check; `culprits` and `evidence` say whose and which.
 */
export async function generateKey<P>(
  sharing: SharingGroup<P>,
  party: Party<KeygenKinds>,
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
  const opening = await compute.run(openKeygenJob, secret, [...coefficients, k]);

  // KG1: everybody commits before anybody shows, so nobody chooses as a function of the others.
  const hash = commitmentTo(party.sessionId, party.index, opening, opening.salt);
  await party.exchange('KG1', { hash, sealKey: party.sealKey });
  const kg1 = party.bodies('KG1');

  // KG2: the opening. Exactly t points each, and proof that a_{j,0} is known.
  await party.exchange('KG2', opening);
  const kg2 = party.bodies('KG2');
  await blame(party, ['KG1', 'KG2'], (who) => {
    const input = { algorithm, sessionId, who, threshold, kg1: at(kg1, who), kg2: at(kg2, who) };
    return compute.run(checkOpeningJob, input);
  });

  // KG3: f_i(j) for each j alone; f_j(i)·G = Σ_l i^l·A_{j,l}
  const mine: Uint8Array[] = [];
  const sent = party.exchangeSealed('KG3', (to) => {
    const value = sharing.group.encodeScalar(polynomial.evaluate(to));
    mine.push(value);
    return { value };
  });
  // Encoded by now: the session has copies of its own, and wipes them.
  wipe(...mine);
  const values = await sent;
  const kg3 = party.bodies('KG3');
  await blame(party, ['KG2', 'KG3'], (j) => {
    const mineOf = Uint8Array.from(at(kg3, j));
    const input = { algorithm, kg2: at(kg2, j), kg3: mineOf, to: party.index };
    return compute.run(checkValueJob, input, [mineOf]);
  });

  const V = await compute.run(publicPolynomialJob, { algorithm, kg2, threshold });
  const [V_0] = V ?? [];
  if (V === undefined || V_0 === undefined) throw isIdentity();
  return {
    share: { index: party.index, scalar: sumOf(sharing, values) },
    V,
    chainCode: xof('cc', [bytesItem(party.sessionId), bytesItem(V_0)], 32),
    digest: digestOf(party, kg1, kg2),
  };
}

/** Ends the run when a check of somebody else's message fails, with that message as evidence. */
async function blame(
  party: Party<KeygenKinds>,
  kinds: readonly (keyof KeygenKinds)[],
  isRight: (j: PartyIndex) => Promise<boolean>,
): Promise<void> {
  const others = participants(party).filter((j) => j !== party.index);
  const verdicts = await Promise.all(others.map(isRight));
  const culprits = others.filter((_, position) => verdicts[position] !== true);
  if (culprits.length === 0) return;
  const evidence = culprits.flatMap((j) => party.originals(kinds, j));
  throw new ProtocolAbort(`Wrong ${kinds.join(' or ')} in key generation`, culprits, evidence);
}

/** Commit-reveal leaves this to chance, and chance does not do it: nobody is to blame. */
function isIdentity(): ProtocolAbort {
  return new ProtocolAbort('The key or a key share would be the identity', []);
}

/** x_i = Σ_j f_j(i) mod q. */
function sumOf<P>({ group }: SharingGroup<P>, values: readonly KeygenValue[]): Uint8Array {
  const sum = values.reduce((total, { value }) => {
    const scalar = group.decodeScalar(value);
    assert(scalar !== undefined, 'the values have been checked');
    return total + scalar;
  }, 0n);
  return group.encodeScalar(sum % group.order);
}

/** XOF("keygen", [ssid, KG1 bodies, KG2 bodies], 32), in order of index. */
function digestOf(
  { sessionId }: Party<KeygenKinds>,
  kg1: readonly Uint8Array[],
  kg2: readonly Uint8Array[],
): Uint8Array {
  const lists = [kg1, kg2].map((bodies) => listItem(bodies.map(bytesItem)));
  return xof('keygen', [bytesItem(sessionId), ...lists], 32);
}

function participants({ count }: Party<KeygenKinds>): readonly PartyIndex[] {
  return Array.from({ length: count }, (_, position) => position + 1);
}

/** The element of participant j: lists are in order of index, which begins at 1. */
function at(list: readonly Uint8Array[], j: PartyIndex): Uint8Array {
  const element = list[j - 1];
  assert(element !== undefined, 'a list has an element for each participant');
  return element;
}
