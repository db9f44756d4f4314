import { assert, Bug } from '../../common/index.js';
import { decodeBigEndian } from '../../crypto/index.js';
import { unlessFaults } from '../presign/session.js';
import type { ParameterSet } from '../parameter-set.js';
import { interactiveNonce } from '../sign/nonce.js';
import { isRightShare, signatureShare } from '../sign/share.js';
import type { SignedFacts } from '../sign/signed-facts.js';
import type { SignedBytes } from './begin.js';
import { presignatureLayout, presignatureOf } from './presignature.js';
import { own, sessionJob, type SessionInput } from './session-job.js';
import { shareLayout } from './share-body.js';

/** The facts with their number and point. */
export function signedFacts<P>({ curve }: ParameterSet<P>, signed: SignedBytes): SignedFacts<P> {
  const derivedKey = curve.group.decode(signed.derivedKey);
  assert(derivedKey !== undefined, 'the key at the path is a point');
  return { ...signed, eps: decodeBigEndian(signed.eps), derivedKey };
}

export type InteractiveShareInput = SessionInput<{
  /** k ‖ sigma. */
  readonly presignature: Uint8Array;
}> & {
  readonly signed: SignedBytes;
  /** The public half. */
  readonly presignature: Uint8Array;
  readonly session: Uint8Array;
  readonly readies: readonly Uint8Array[];
};

/** D.8 in the interactive mode: s_i, which has passed the check that every node would make. */
export const interactiveShareJob = sessionJob(
  'interactive-share',
  ({ session }, { index, secret, readies, ...input }: InteractiveShareInput) => {
    const { set, signers } = session;
    const parts = own(presignatureLayout(set, signers.length), input.presignature);
    const presignature = presignatureOf(session, parts);
    const nonce = interactiveNonce(set, presignature, signedFacts(set, input.signed));
    assert(nonce !== undefined, 'every signer has looked at r');
    const s = signatureShare(set, secret.presignature, nonce);
    if (!isRightShare(set, presignature, nonce, index, s)) throw new Bug('an own share is wrong');
    const { presigId } = presignature;
    const said = { presigId, accepts: nonce.accepts, s, session: input.session };
    const layout = shareLayout(set, signers.length, 'interactive');
    return unlessFaults([], () => ({
      body: layout.encode({ ...said, presignature: parts, readies }),
    }));
  },
);
