import { assert, type PartyIndex } from '../common/index.js';
import {
  randomPolynomial,
  randomScalar,
  wipe,
  xof,
  type SecretPolynomial,
} from '../crypto/index.js';
import { ProtocolAbort, type Party } from '../mpc/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, listItem, type KeygenOpening, type KeygenValue } from '../wire/index.js';
import { commitmentTo, judgeOpening, judgeShare, proofChallenge } from './judge.js';
import {
  decodeAll,
  PARTICIPANTS_MAX,
  THRESHOLD_MIN,
  verificationShare,
  type FrostShare,
} from './key.js';
import { keygenKinds, SALT_BYTES, type KeygenKinds } from './messages.js';
import { publicKeyOf } from './signing-key.js';
import type { Suite } from './suite.js';

/** A key that has just been made: this node's part, and what all nodes must say alike in `ready`. */
export type NewKey = {
  /** The caller wipes the scalar. */
  readonly share: FrostShare;
  /** The sum of all A_i, encoded. */
  readonly V: readonly Uint8Array[];
  readonly publicKey: Uint8Array;
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
  suite: Suite<P>,
  party: Party<KeygenKinds>,
  threshold: number,
  random: Random,
): Promise<NewKey> {
  assert(threshold >= THRESHOLD_MIN && threshold <= party.count, 'a threshold is 2 .. n');
  assert(party.count <= PARTICIPANTS_MAX, 'at most 20 participants');
  using polynomial = randomPolynomial(suite.group, threshold, random);
  const opening = openingOf(suite, party, polynomial, random);

  // KG1: everybody commits before anybody shows, so nobody chooses as a function of the others.
  const hash = commitmentTo(party.sessionId, party.index, opening, opening.salt);
  await party.exchange('KG1', { hash, sealKey: party.sealKey });
  const kg1 = party.bodies('KG1');

  // KG2: the opening. Exactly t points each, and proof that a_{j,0} is known.
  await party.exchange('KG2', opening);
  const kg2 = party.bodies('KG2');
  blame(party, ['KG1', 'KG2'], (j) =>
    judgeOpening(suite, party.sessionId, j, threshold, at(kg1, j), at(kg2, j)),
  );

  // KG3: f_i(j) for each j alone; f_j(i)·G = Σ_l i^l·A_{j,l}
  const mine: Uint8Array[] = [];
  const sent = party.exchangeSealed('KG3', (to) => {
    const value = suite.group.encodeScalar(polynomial.evaluate(to));
    mine.push(value);
    return { value };
  });
  // Encoded by now: the session has copies of its own, and wipes them.
  wipe(...mine);
  const values = await sent;
  const kg3 = party.bodies('KG3');
  blame(party, ['KG2', 'KG3'], (j) => judgeShare(suite, at(kg2, j), at(kg3, j), party.index));

  const { V, V_0, publicKey } = publicPart(suite, party, kg2, threshold);
  return {
    share: { index: party.index, scalar: sumOf(suite, values) },
    V,
    publicKey,
    chainCode: xof('cc', [bytesItem(party.sessionId), bytesItem(V_0)], 32),
    digest: digestOf(party, kg1, kg2),
  };
}

/** A_i, and a Schnorr proof that a_{i,0} is known: B = k·G, z = k + e·a_{i,0}. */
function openingOf<P>(
  suite: Suite<P>,
  { sessionId, index }: Party<KeygenKinds>,
  polynomial: SecretPolynomial<P>,
  random: Random,
): KeygenOpening {
  const { group } = suite;
  const coefficients = polynomial.commitment().map((point) => group.encode(point));
  const k = randomScalar(group.order, random);
  const proofCommitment = group.encode(group.multiplyBase(k));
  const e = proofChallenge(suite, sessionId, index, coefficients, proofCommitment);
  const z = (k + e * polynomial.constant) % group.order;
  const proofResponse = group.encodeScalar(z);
  return { coefficients, proofCommitment, proofResponse, salt: random.bytes(SALT_BYTES) };
}

/** Ends the run when a check of somebody else's message fails, with that message as evidence. */
function blame(
  party: Party<KeygenKinds>,
  kinds: readonly (keyof KeygenKinds)[],
  isRight: (j: PartyIndex) => boolean,
): void {
  const others = participants(party).filter((j) => j !== party.index);
  const culprits = others.filter((j) => !isRight(j));
  if (culprits.length === 0) return;
  const evidence = culprits.flatMap((j) => party.originals(kinds, j));
  throw new ProtocolAbort(`Wrong ${kinds.join(' or ')} in key generation`, culprits, evidence);
}

/** V_l = Σ_j A_{j,l}; PK = V_0, which clients of Taproot see with its tweak. */
function publicPart<P>(
  suite: Suite<P>,
  party: Party<KeygenKinds>,
  kg2: readonly Uint8Array[],
  threshold: number,
): Pick<NewKey, 'V' | 'publicKey'> & { readonly V_0: Uint8Array } {
  const { group } = suite;
  const sums: P[] = Array.from({ length: threshold }, () => group.identity);
  for (const body of kg2) {
    const A = decodeAll(suite, keygenKinds.KG2.decode(body)?.coefficients ?? []);
    for (const [l, point] of A?.entries() ?? []) sums[l] = group.add(sums[l] ?? point, point);
  }
  refuseIdentity(sums.some((V_l) => group.isIdentity(V_l)));

  const V = sums.map((V_l) => group.encode(V_l));
  const X = participants(party).map((j) => verificationShare(suite, V, j));
  refuseIdentity(X.some((X_j) => X_j === undefined || group.isIdentity(X_j)));
  const [V_0] = V;
  assert(V_0 !== undefined, 'V has a constant term');
  const publicKey = publicKeyOf(suite, V_0);
  if (publicKey === undefined) throw isIdentity();
  return { V, V_0, publicKey };
}

function refuseIdentity(found: boolean): void {
  if (found) throw isIdentity();
}

/** Commit-reveal leaves this to chance, and chance does not do it: nobody is to blame. */
function isIdentity(): ProtocolAbort {
  return new ProtocolAbort('The key or a key share would be the identity', []);
}

/** x_i = Σ_j f_j(i) mod q. */
function sumOf<P>({ group }: Suite<P>, values: readonly KeygenValue[]): Uint8Array {
  const sum = values.reduce((total, { value }) => {
    const scalar = group.decodeScalar(value);
    assert(scalar !== undefined, 'the values have been judged');
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
