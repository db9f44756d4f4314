import type { PartyIndex } from '../common/index.js';
import { setName, type AskedSignature, type AuxRecord, type SessionBasis } from '../gg20/index.js';
import type { Gg20Tables } from '../gg20/index.js';
import { PROFILE_NAMES, type SetProfile } from '../identity/index.js';
import { signedHash, type ParsedSign } from '../state/index.js';
import type { Auxiliary, Sharing } from '../wire/index.js';
import type { SessionSigning } from './scheme.js';

/** The attempt of a session, and the sharing that signs in it. */
export type SessionAttempt = {
  readonly clusterId: string;
  /** 32 bytes. */
  readonly sessionId: Uint8Array;
  /** From 1. */
  readonly number: number;
  readonly sharing: Pick<
    Sharing,
    'keyId' | 'version' | 'threshold' | 'participants' | 'publicPolynomial' | 'chainCode'
  >;
  readonly auxiliary: Auxiliary;
  /** Of the signers, among the key's participants, in the order of the attempt. */
  readonly indices: readonly PartyIndex[];
};

/** The name of a key's parameter set: the curve of its sessions with the profile of its participant set. */
export function sessionSetName(
  gg20: Gg20Tables,
  { curve }: Pick<SessionSigning, 'curve'>,
  profile: SetProfile,
): string {
  return setName(gg20.parameterSet(`${curve.name}/${PROFILE_NAMES[profile]}`));
}

/**
 * The facts of a session as its attempt's entry and the key's sharing fix them: the same for its signers, for a node that adds
 * their shares up, and for a judge of their messages.
 *
 * @param set - Of {@link sessionSetName}.
 * @param records - Of the members of the attempt's generation. None where the session's numbers are not asked for.
 */
export function sessionBasis(
  set: string,
  { clusterId, sessionId, number, sharing, auxiliary, indices }: SessionAttempt,
  records: readonly AuxRecord[],
): SessionBasis {
  const { keyId, version, threshold, participants, publicPolynomial, chainCode } = sharing;
  return {
    set,
    clusterId,
    sessionId,
    attempt: number,
    keyId,
    version,
    threshold,
    members: participants.map(({ nodeId, identityKey }, at) => ({
      index: at + 1,
      nodeId,
      identityKey,
    })),
    V: publicPolynomial,
    chainCode,
    setId: auxiliary.setId,
    generation: auxiliary.generation,
    auxDigest: auxiliary.digest,
    signers: indices.map((index) => {
      const { N, Nh, s, t } = records.find((each) => each.index === index) ?? NO_NUMBERS;
      return { index, N, Nh, s, t };
    }),
  };
}

const NOTHING = new Uint8Array(0);
const NO_NUMBERS = { N: NOTHING, Nh: NOTHING, s: NOTHING, t: NOTHING };

/** The signature that a request asks for, with the digest that this node has made of the request's own message. */
export function askedOf(
  { payload, path }: Pick<ParsedSign, 'payload' | 'path'>,
  digest: Uint8Array,
): AskedSignature {
  const form = payload.form === 'digest' ? 'digest' : 'message';
  return { form, hash: signedHash(payload), digest, path };
}
