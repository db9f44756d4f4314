import type { PartyIndex } from '../common/index.js';
import {
  beginSession,
  combineBodies,
  publicSession,
  type AskedSignature,
  type EcdsaSignature,
  type Gg20Context,
  type SessionBasis,
  type SigningMode,
} from '../gg20/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job, Verify } from '../ports/index.js';
import type { SigningContext } from './signing-jobs.js';

/** The context of a thread that combines what sessions have signed. */
export type CombiningContext = SigningContext &
  Gg20Context & { readonly verify: Pick<Verify, 'identity'> };

export type CombineSessionInput = {
  readonly algorithm: KeyAlgorithm;
  readonly mode: SigningMode;
  readonly basis: SessionBasis;
  readonly asked: AskedSignature;
  /** The body of each signer's share, by its index among the key's participants. */
  readonly shares: ReadonlyMap<PartyIndex, Uint8Array>;
};

/** A signature, and the key at its path, under which it has been verified; or the signers of wrong shares, by index. */
export type CombinedSession =
  | ({ readonly ok: true; readonly publicKey: Uint8Array } & EcdsaSignature)
  | { readonly ok: false; readonly culprits: readonly PartyIndex[] };

/**
 * The signature of a session's shares. The node that combines them need not have been in the session: every share has the
 * presignature's public half, with READY of all signers.
 */
export const combineSessionJob: Job<CombineSessionInput, CombinedSession, CombiningContext> = {
  name: 'signing/combine-session',
  lane: 'signing',
  compute({ algorithm, mode, basis, asked, shares }, { gg20, verifiers, verify }) {
    const begun = beginSession(gg20, basis, asked);
    if (begun?.signed === undefined) return { ok: false, culprits: [] };
    const { facts, signed } = begun;
    const publicKey = signed.derivedKey;
    const identityKeys = new Map(
      basis.members.map(({ index, identityKey }) => [index, identityKey]),
    );
    const session = publicSession(gg20, facts);
    const { presigId } = asked;
    const { sessionId } = basis;
    const of = { mode, session, signed, presigId, sessionId, identityKeys, verify };
    const made = combineBodies(of, shares, (signature) =>
      verifiers[algorithm].verify(publicKey, signed.digest, signature),
    );
    return made.ok ? { ok: true, publicKey, ...made.signature } : made;
  },
};
