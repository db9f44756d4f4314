import type { PartyIndex } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { bodyDigest, digestBytes, TO_ALL } from '../../mpc/index.js';
import type { Verify } from '../../ports/index.js';
import { readyBytes, type PublicPresignature } from '../presign/round7.js';
import { interactiveNonce, rerandomised, type SigningNonce } from '../sign/nonce.js';
import { combineShares, isRightShare, type EcdsaSignature } from '../sign/share.js';
import { isSum } from '../zk/check.js';
import type { SignedBytes } from './begin.js';
import type { Bodies, PublicSession } from './facts.js';
import { presignatureOf } from './presignature.js';
import { shareLayout, type ShareBody, type SigningMode } from './share-body.js';
import { signedFacts } from './share-jobs.js';

/** A signature as its attempt fixes it. All of it is public. */
export type SharedSignature<P> = {
  readonly mode: SigningMode;
  readonly session: PublicSession<P>;
  readonly signed: SignedBytes;
  /** Of the presignature that the attempt names; nothing in the interactive mode. */
  readonly presigId: Uint8Array | undefined;
  /** Of the attempt. In the interactive mode READY was said in it, too. */
  readonly sessionId: Uint8Array;
  /** Of each signer: Ed25519, 32 bytes. */
  readonly identityKeys: ReadonlyMap<PartyIndex, Uint8Array>;
  readonly verify: Pick<Verify, 'identity'>;
};

/** A share that has been read: with the nonce that its presignature gives for what is signed. */
type ReadShare<P> = {
  readonly body: ShareBody<P>;
  readonly presignature: PublicPresignature<P>;
  readonly nonce: SigningNonce<P>;
};

/**
 * The check that a share fails, or nothing. It asks for no message but the share: no honest signer signs one that states a
 * presignature of which not all signers have said READY, or an s that does not fit it.
 *
 * @param body - Signed by signer j as its share in this session.
 */
export function shareFault<P>(
  signature: SharedSignature<P>,
  j: PartyIndex,
  body: Uint8Array,
): string | undefined {
  const share = readShare(signature, body);
  if (share === undefined) return 'the share is read';
  const { session } = signature;
  const { presignature, nonce, body: said } = share;
  const { presigId = said.presigId } = signature;
  if (!equal(said.presigId, presigId)) return 'the presignature is the named one';
  if (!equal(said.presigId, presignature.presigId)) return 'the presignature has this id';
  if (!areReady(signature, said)) return 'every signer is ready';
  const isRight = isRightShare(session.set, presignature, nonce, j, said.s);
  return isRight ? undefined : 'the share fits its presignature';
}

export type CombinedShares =
  | { readonly ok: true; readonly signature: EcdsaSignature }
  /** The signers of wrong shares. None: the shares are of two sets of ACCEPTs, which are not at hand. */
  | { readonly ok: false; readonly culprits: readonly PartyIndex[] };

/**
 * Makes the signature of all shares, or finds the wrong ones. Where signers state different presignatures, that one counts which
 * gives a signature.
 *
 * @param shares - Of every signer.
 * @param verify - Verifies r ‖ s over the digest under PK', by code that is not this.
 */
export function combineBodies<P>(
  signature: SharedSignature<P>,
  shares: Bodies,
  verify: (signature: Uint8Array) => boolean,
): CombinedShares {
  const { set } = signature.session;
  const read = new Map([...shares].map(([j, body]) => [j, readShare(signature, body)]));
  const all = [...read].flatMap(([j, share]) => (share ? [[j, share] as const] : []));
  if (all.length === signature.session.signers.length) {
    const sums = new Map(all.map(([j, { body }]) => [j, body.s]));
    for (const nonce of distinctNonces(all.map(([, share]) => share))) {
      const made = combineShares(set, nonce, sums);
      if (made !== undefined && isOfNonce(signature, nonce, sums) && verify(made.bytes)) {
        return { ok: true, signature: made };
      }
    }
  }
  const culprits = signature.session.signers.filter((j) => {
    const body = shares.get(j);
    return body !== undefined && shareFault(signature, j, body) !== undefined;
  });
  return { ok: false, culprits };
}

/** s·R' = m·G + r·PK': R itself is that of the signature, and not −R, whose recovery id is another. */
function isOfNonce<P>(
  { session, signed }: SharedSignature<P>,
  { R, r, m }: SigningNonce<P>,
  shares: ReadonlyMap<PartyIndex, bigint>,
): boolean {
  const { group } = session.set.curve;
  const s = [...shares.values()].reduce((sum, each) => sum + each, 0n) % group.order;
  const { derivedKey } = signedFacts(session.set, signed);
  return isSum(group, group.multiplyPublic(R, s), [
    [group.base, m],
    [derivedKey, r],
  ]);
}

function distinctNonces<P>(shares: readonly ReadShare<P>[]): readonly SigningNonce<P>[] {
  const nonces = new Map<string, SigningNonce<P>>();
  for (const { nonce } of shares) nonces.set(`${nonce.r}/${nonce.recoveryId}`, nonce);
  return [...nonces.values()];
}

function readShare<P>(
  { session, signed, mode, sessionId }: SharedSignature<P>,
  bytes: Uint8Array,
): ReadShare<P> | undefined {
  const { set, signers } = session;
  const body = shareLayout(set, signers.length, mode).decode(bytes);
  if (body === undefined) return undefined;
  if (mode === 'interactive' && !equal(body.session, sessionId)) return undefined;
  const presignature = presignatureOf(session, body.presignature);
  const facts = signedFacts(set, signed);
  const nonce =
    mode === 'interactive'
      ? interactiveNonce(set, presignature, facts)
      : rerandomised(set, presignature, facts, body.accepts);
  return nonce && { body, presignature, nonce };
}

/** Whether every signer has signed READY of the presignature that the share states. */
function areReady<P>(
  { session, mode, identityKeys, verify }: SharedSignature<P>,
  said: ShareBody<P>,
): boolean {
  const kind = mode === 'interactive' ? 'gg20-sign/ready' : 'gg20-presign/ready';
  const digest = bodyDigest(readyBytes(said.presigId));
  return session.signers.every((j, at) => {
    const [key, ready] = [identityKeys.get(j), said.readies[at]];
    const signed = digestBytes(said.session, kind, at + 1, TO_ALL, digest);
    return key !== undefined && ready !== undefined && verify.identity(key, signed, ready);
  });
}
