import { assert, concat, toHex, type PartyIndex } from '../common/index.js';
import { lagrangeAtZero, modulo } from '../crypto/index.js';
import { PARTICIPANTS_MAX } from '../identity/index.js';
import { verificationShare } from '../sharing/index.js';
import type { SigningKey } from './signing-key.js';
import type { Binding, SignerBinding, Suite } from './suite.js';

/** A signer's commitment to its nonce, as the entry names it: encoded points. */
export type Commitment = {
  readonly index: PartyIndex;
  readonly D: Uint8Array;
  readonly E: Uint8Array;
};

/** Claims that these are the indices of one attempt: exactly t, ascending, without repetition, 1 .. 20. */
export function isSignerSet(threshold: number, indices: readonly PartyIndex[]): boolean {
  return (
    indices.length === threshold &&
    indices.every(
      (index, at) =>
        Number.isInteger(index) && index > (indices[at - 1] ?? 0) && index <= PARTICIPANTS_MAX,
    )
  );
}

/**
 * Binds a signature to its signers, their commitments and the message (RFC 9591 §4.4–4.6). R and c are the same for all
 * signers and for the aggregator, so a node that is both computes them once.
 *
 * @returns A bad commitment's owner instead, or 0 when the sum of all is the identity, which is no one signer's fault.
 */
export function bind<P>(
  suite: Suite<P>,
  key: SigningKey,
  B: readonly Commitment[],
  message: Uint8Array,
): Binding<P> | { readonly badCommitment: PartyIndex } {
  const { group } = suite;
  const indices = B.map(({ index }) => index);
  assert(isSignerSet(key.threshold, indices), 'B names exactly t signers in order of index');

  const points = new Map<PartyIndex, readonly [D: P, E: P]>();
  for (const { index, D: encodedD, E: encodedE } of B) {
    const [D, E] = [group.decode(encodedD), group.decode(encodedE)];
    if (D === undefined || E === undefined) return { badCommitment: index };
    points.set(index, [D, E]);
  }

  // Every id, D and E has its fixed length by now, so no two lists are spelt alike.
  const list = concat(...B.flatMap(({ index, D, E }) => [identifier(suite, index), D, E]));
  const prefix = concat(key.point, suite.H4(message), suite.H5(list));
  const name = toHex(prefix);
  const known = suite.bindings.get(name);
  if (known !== undefined) return known;

  // rho_j = H1(enc(PK) ‖ H4(message) ‖ H5(B) ‖ enc(id_j)): bound to the message, to PK and to all of B. Anything less is
  // open to Drijvers' attack on parallel sessions (ROS).
  const signers = new Map<PartyIndex, SignerBinding<P>>();
  for (const [index, [D, E]] of points) {
    const rho = suite.H1(concat(prefix, identifier(suite, index)));
    signers.set(index, { D, E, rho, lambda: lagrangeAtZero(group.order, indices, index) });
  }

  // R = Σ_j (D_j + rho_j E_j)
  const all = [...signers.values()];
  const hiding = all.reduce((sum, { D }) => group.add(sum, D), group.identity);
  const sum = group.add(hiding, group.sumOfProducts(all.map(({ E, rho }) => [E, rho])));
  if (group.isIdentity(sum)) return { badCommitment: 0 };

  const R = suite.taproot?.x(sum) ?? group.encode(sum);
  const c = suite.H2(concat(R, key.publicKey, message));
  const binding = { R, negated: suite.taproot?.hasOddY(sum) ?? false, c, signers };
  suite.bindings.set(name, binding);
  return binding;
}

/** Party j is the scalar j. */
function identifier<P>({ group }: Suite<P>, index: PartyIndex): Uint8Array {
  return group.encodeScalar(BigInt(index));
}

/**
 * Whether z_j is j's share of this signature: z_j·G = ±(D_j + rho_j E_j) + c·lambda_j·X_j (RFC 9591 §5.4), for the X_j of the
 * signing key, which is ±X_j + tweak·G of the sharing's. Public data only; j is one of the signers.
 */
export function isRightShare<P>(
  suite: Suite<P>,
  key: SigningKey,
  { c, negated, signers }: Binding<P>,
  j: PartyIndex,
  z_j: bigint,
): boolean {
  const { group } = suite;
  const q = group.order;
  const signer = signers.get(j);
  const X_j = verificationShare(suite, key.V, j);
  assert(signer !== undefined && X_j !== undefined, 'a signer, and a sound sharing');

  // z_j·G − c·lambda_j·tweak·G = ±(D_j + rho_j E_j) ± c·lambda_j·X_j: the tweak costs no multiplication of a point.
  const weight = (c * signer.lambda) % q;
  const left = group.multiplyPublic(group.base, modulo(z_j - weight * key.tweak, q));
  const factor = key.negated === negated ? weight : modulo(-weight, q);
  const right = group.add(
    signer.D,
    group.sumOfProducts([
      [signer.E, signer.rho],
      [X_j, factor],
    ]),
  );
  return group.equal(left, negated ? group.negate(right) : right);
}
