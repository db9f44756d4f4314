import { assert, Bug } from '../../common/index.js';
import { decodeBigEndian } from '../../crypto/index.js';
import { unlessFaults } from '../presign/session.js';
import type { ParameterSet } from '../parameter-set.js';
import type { PublicPresignature } from '../presign/round7.js';
import { interactiveNonce, rerandomised, type SigningNonce } from '../sign/nonce.js';
import { isRightShare, signatureShare } from '../sign/share.js';
import type { SignedFacts } from '../sign/signed-facts.js';
import type { SignedBytes } from './begin.js';
import type { PublicSession } from './facts.js';
import { partsOf, presignatureLayout, presignatureOf } from './presignature.js';
import { own, sessionJob, type SessionInput } from './session-job.js';
import { shareLayout, type SigningMode } from './share-body.js';

/** The facts with their number and point. */
export function signedFacts<P>({ curve }: ParameterSet<P>, signed: SignedBytes): SignedFacts<P> {
  const derivedKey = curve.group.decode(signed.derivedKey);
  assert(derivedKey !== undefined, 'the key at the path is a point');
  return { ...signed, eps: decodeBigEndian(signed.eps), derivedKey };
}

type ShareInput = SessionInput<{
  /** k ‖ sigma. */
  readonly presignature: Uint8Array;
}> & {
  readonly signed: SignedBytes;
  /** The public half. */
  readonly presignature: Uint8Array;
  /** Of the session in which READY was said. */
  readonly session: Uint8Array;
  readonly readies: readonly Uint8Array[];
};

/** The interactive mode: s_i, which has passed the check that every node would make. */
export const interactiveShareJob = sessionJob<ShareInput, { readonly body: Uint8Array }>(
  'interactive-share',
  ({ session }, input) => {
    const { set } = session;
    const presignature = presignatureIn(session, input);
    const nonce = interactiveNonce(set, presignature, signedFacts(set, input.signed));
    assert(nonce !== undefined, 'every signer has looked at r');
    const body = shareOf(session, input, presignature, nonce, 'interactive');
    return unlessFaults([], () => ({ body }));
  },
);

export type OnlineShareInput = ShareInput & {
  /** A. */
  readonly accepts: Uint8Array;
};

/** With a presignature: the same; no body where the factor or r is 0. */
export const onlineShareJob = sessionJob<
  OnlineShareInput,
  { readonly body: Uint8Array | undefined }
>('online-share', ({ session }, input) => {
  const { set } = session;
  const presignature = presignatureIn(session, input);
  const facts = signedFacts(set, input.signed);
  const nonce = rerandomised(set, presignature, facts, input.accepts);
  const body = nonce && shareOf(session, input, presignature, nonce, 'online');
  return unlessFaults([], () => ({ body }));
});

function presignatureIn<P>(
  session: PublicSession<P>,
  { presignature }: ShareInput,
): PublicPresignature<P> {
  const layout = presignatureLayout(session.set, session.signers.length);
  return presignatureOf(session, own(layout, presignature));
}

function shareOf<P>(
  { set, signers }: PublicSession<P>,
  { index, secret, session, readies }: ShareInput,
  presignature: PublicPresignature<P>,
  nonce: SigningNonce<P>,
  mode: SigningMode,
): Uint8Array {
  const s = signatureShare(set, secret.presignature, nonce);
  if (!isRightShare(set, presignature, nonce, index, s)) throw new Bug('an own share is wrong');
  const { presigId } = presignature;
  const said = { presigId, accepts: nonce.accepts, s, session };
  const layout = shareLayout(set, signers.length, mode);
  return layout.encode({ ...said, presignature: partsOf(presignature), readies });
}
