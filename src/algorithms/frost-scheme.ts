import { concat } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import {
  aggregate,
  belongs,
  commit,
  derivedPublicKey,
  hasNonceOf,
  HEDGE_BYTES,
  isSignerSet,
  judgeSignatureShare,
  publicKeyOf,
  SHARE_KIND,
  signShare,
  type Commitment,
  type Suite,
} from '../frost/index.js';
import { TO_ALL } from '../mpc/index.js';
import { decode, SignatureShare } from '../wire/index.js';
import type { Scheme, SignerSupply, SupplySigning } from './scheme.js';

/** FROST's signing as a scheme. A supply is a nonce: its secret d ‖ e, its parts the commitment D and E. */
export function frostScheme<P>(suite: Suite<P>): Scheme {
  return {
    sharing: suite,
    signing: supplySigningOf(suite),
    publicKeyOf: (V_0) => publicKeyOf(suite, V_0),
    derivedPublicKey: (key) => derivedPublicKey(suite, key),
    belongs: (key, share) => belongs(suite, key, share),
  };
}

function supplySigningOf<P>(suite: Suite<P>): SupplySigning {
  const { scalarBytes } = suite.group;
  return {
    by: 'supplies',
    supplyRandomBytes: 2 * HEDGE_BYTES,
    makeSupply(scalar, random) {
      const { d, e, D, E } = commit(suite, scalar, random);
      const secret = concat(d, e);
      wipe(d, e);
      return { secret, parts: [D, E] };
    },
    isSupply: (parts) =>
      parts.length === 2 && parts.every((part) => suite.group.decode(part) !== undefined),
    signShare(key, share, secret, signers, message) {
      // Views of the secret: it is wiped with the nonce.
      const nonce = { d: secret.subarray(0, scalarBytes), e: secret.subarray(scalarBytes) };
      return signShare(suite, key, share, nonce, signers.map(commitmentOf), message);
    },
    combine: (key, signers, message, shares, verify) =>
      aggregate(suite, key, signers.map(commitmentOf), message, shares, verify),
    isMadeOf: (key, signers, message, signature) =>
      hasNonceOf(suite, key, signers.map(commitmentOf), message, signature),
    judge({ key, signers, message, index }, reason, messages) {
      switch (reason) {
        case 'WRONG_SHARE': {
          const [shown, more] = messages;
          const isShare = shown?.kind === SHARE_KIND && shown.to === TO_ALL && more === undefined;
          const indices = signers.map((each) => each.index);
          const isSigner = isSignerSet(key.threshold, indices) && indices.includes(index);
          if (!isShare || shown.from !== index || !isSigner) return false;
          if (shown.body === undefined) return false;
          // A signed body that spells no share is a wrong share.
          const { share = NO_SHARE } = decode(SignatureShare, shown.body) ?? {};
          const B = signers.map(commitmentOf);
          return judgeSignatureShare(suite, key, B, message, index, share) === 'wrong';
        }
      }
    },
  };
}

/** A supply without two parts spells no point, which is found out where points are decoded. */
function commitmentOf({ index, parts }: SignerSupply): Commitment {
  const [D = NO_POINT, E = NO_POINT] = parts;
  return { index, D, E };
}

const NO_POINT = new Uint8Array(0);
const NO_SHARE = new Uint8Array(0);
