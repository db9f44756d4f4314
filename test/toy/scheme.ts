import type { Scheme, SignerSupply, SupplySigning, Verifier } from '../../src/algorithms/scheme.js';
import { concat, equal, type PartyIndex } from '../../src/common/index.js';
import { BoundedCache, decodeLittleEndian, lagrangeAtZero, wipe } from '../../src/crypto/index.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { SHARE_KIND } from '../../src/frost/index.js';
import { isShareOf, verificationShare, type SharedKey } from '../../src/sharing/index.js';
import { Algorithm, decode, SignatureShare } from '../../src/wire/index.js';
import { smallSuite } from '../simulation/small-group.js';

/*
 * A toy algorithm: Schnorr signatures whose nonce is the sum of the signers' nonces, without FROST's binding factors, in the
 * simulator's small group. It stands in the table's line of an algorithm with the same lengths. Nothing of it is secure.
 */

const { group } = smallSuite();
const VERIFIED_MAX = 1024;
/** Randomness for each of the two scalars. Each supply takes the same, whatever is drawn. */
const SCALAR_RANDOM_BYTES = 64;

/** The line of the tables that the toy algorithm takes. */
export const TOY_ALGORITHM = Algorithm.FROST_ED25519_SHA512;

const sharing = {
  algorithm: TOY_ALGORITHM,
  group,
  verificationShares: new BoundedCache<bigint>(VERIFIED_MAX),
} as const;

function challenge(R: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return decodeLittleEndian(sha512(concat(R, publicKey, message))) % group.order;
}

/** Σ (D_j + E_j), encoded; `undefined` for what are no points. */
function nonceOf(signers: readonly SignerSupply[]): Uint8Array | undefined {
  const points = signers.flatMap(({ parts }) => parts).map((part) => group.decode(part));
  const known = points.filter((point) => point !== undefined);
  const sum = known.reduce((total, point) => group.add(total, point), group.identity);
  return known.length < points.length || group.isIdentity(sum) ? undefined : group.encode(sum);
}

function lagrange(signers: readonly SignerSupply[], index: PartyIndex): bigint {
  return lagrangeAtZero(
    group.order,
    signers.map((each) => each.index),
    index,
  );
}

export const toyScheme: Scheme = {
  sharing,
  signing: toySigning(),

  publicKeyOf: (V_0) => (group.decode(V_0) === undefined ? undefined : V_0),

  /** No key is derived from another. */
  derivedPublicKey({ V, threshold, publicKey, derivation }) {
    const isRoot = (derivation?.path.length ?? 0) === 0;
    return isRoot && V.length === threshold && V[0] !== undefined && equal(V[0], publicKey)
      ? publicKey
      : undefined;
  },

  belongs: ({ V, publicKey }, share) =>
    V[0] !== undefined && equal(V[0], publicKey) && isShareOf(sharing, V, share),
};

function isSupply(parts: readonly Uint8Array[]): boolean {
  return parts.length === 2 && parts.every((part) => group.decode(part) !== undefined);
}

function toySigning(): SupplySigning {
  return {
    by: 'supplies',
    supplyRandomBytes: 2 * SCALAR_RANDOM_BYTES,

    makeSupply(_, random) {
      const nonces = [0, 1].map(() => {
        return decodeLittleEndian(random.bytes(SCALAR_RANDOM_BYTES)) % group.order;
      });
      const encoded = nonces.map((scalar) => group.encodeScalar(scalar));
      const secret = concat(...encoded);
      wipe(...encoded);
      return { secret, parts: nonces.map((scalar) => group.encode(group.multiplyBase(scalar))) };
    },

    isSupply,

    signShare(key, { index, scalar }, secret, signers, message) {
      const R = nonceOf(signers);
      const bad = signers.find(({ parts }) => !isSupply(parts));
      const publicKey = toyScheme.derivedPublicKey(key);
      const [d, e, x] = [
        group.decodeScalar(secret.slice(0, group.scalarBytes)),
        group.decodeScalar(secret.slice(group.scalarBytes)),
        group.decodeScalar(scalar),
      ];
      wipe(secret);
      if (R === undefined || publicKey === undefined) {
        return { declined: 'bad-commitment', index: bad?.index ?? 0 };
      }
      if (d === undefined || e === undefined || x === undefined) {
        return { declined: 'wrong-share', index };
      }
      // z_i = d_i + e_i + c·λ_i·x_i
      const c = challenge(R, publicKey, message);
      const z = (d + e + c * lagrange(signers, index) * x) % group.order;
      const share = group.encodeScalar(z);
      return judgeShare(key, signers, message, index, share) === 'right'
        ? { share }
        : { declined: 'wrong-share', index };
    },

    combine(key, signers, message, shares, verify) {
      const R = nonceOf(signers);
      const culprits = signers
        .map(({ index }) => index)
        .filter((index) => {
          const share = shares.get(index) ?? new Uint8Array(0);
          return judgeShare(key, signers, message, index, share) === 'wrong';
        });
      if (R === undefined || culprits.length > 0) return { ok: false, culprits };
      const sum = [...shares.values()].reduce((z, share) => z + decodeLittleEndian(share), 0n);
      const signature = concat(R, group.encodeScalar(sum % group.order));
      return verify(signature) ? { ok: true, signature } : { ok: false, culprits: [] };
    },

    isMadeOf(_, signers, _message, signature) {
      const R = nonceOf(signers);
      return R !== undefined && equal(signature.slice(0, R.length), R);
    },

    judge({ key, signers, message, index }, _reason, [shown]) {
      if (shown?.kind !== SHARE_KIND || shown.from !== index || shown.body === undefined)
        return false;
      const share = decode(SignatureShare, shown.body)?.share ?? new Uint8Array(0);
      return judgeShare(key, signers, message, index, share) === 'wrong';
    },
  };
}

/** Whether `share` is the signature share of signer `who`; `unknown` where an honest signer makes none. */
function judgeShare(
  key: SharedKey,
  signers: readonly SignerSupply[],
  message: Uint8Array,
  who: PartyIndex,
  share: Uint8Array,
): 'right' | 'wrong' | 'unknown' {
  const R = nonceOf(signers);
  const own = signers.find(({ index }) => index === who);
  const publicKey = toyScheme.derivedPublicKey(key);
  const X = verificationShareOf(key, who);
  if (R === undefined || own === undefined || publicKey === undefined || X === undefined) {
    return 'unknown';
  }
  const z = group.decodeScalar(share);
  const nonce = nonceOf([own]);
  const D_E = nonce && group.decode(nonce);
  if (D_E === undefined) return 'unknown';
  // z_i·G = D_i + E_i + c·λ_i·X_i
  const c = challenge(R, publicKey, message);
  const right = group.multiplyPublic(X, (c * lagrange(signers, who)) % group.order);
  return z !== undefined && group.equal(group.multiplyBase(z), group.add(D_E, right))
    ? 'right'
    : 'wrong';
}

function verificationShareOf({ V }: SharedKey, index: PartyIndex): bigint | undefined {
  return verificationShare(sharing, V, index);
}

/** The same equation for the whole key, sharing no line with what signs. */
export const toyVerifier: Verifier = {
  isQuick: true,
  verify(publicKey, message, signature) {
    const [R, z] = [signature.slice(0, group.pointBytes), signature.slice(group.pointBytes)];
    const [point, key] = [group.decode(R), group.decode(publicKey)];
    const scalar = group.decodeScalar(z);
    if (point === undefined || key === undefined || scalar === undefined) return false;
    const hash = sha512(Buffer.concat([R, publicKey, message]));
    const c = BigInt(`0x${Buffer.from(hash.toReversed()).toString('hex')}`) % group.order;
    return group.equal(group.multiplyBase(scalar), group.add(point, group.multiplyPublic(key, c)));
  },
};
