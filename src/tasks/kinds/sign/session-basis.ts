import { setName } from '../../../gg20/index.js';
import type { AskedSignature, AuxRecord, Gg20Tables, SessionBasis } from '../../../gg20/index.js';
import { algorithmOf, partyIndexOf, PROFILE_NAMES } from '../../../identity/index.js';
import { signedBytesJob } from '../../../algorithms/index.js';
import type { Schemes } from '../../../algorithms/index.js';
import type { Compute } from '../../../ports/index.js';
import { setOfKey, signedBytes, signedHash } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { HASHED_AT_ONCE_BYTES_MAX } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';

/** A session's attempt, and the key that it signs with. */
export type SignAttempt = LiveAttempt<ParsedSign>;

/** Claims that a key's algorithm signs in sessions of its signers. */
export function signsBySession(schemes: Schemes, key: ActiveKey): boolean {
  return schemes[algorithmOf(key)].signing.by === 'session';
}

/** The name of the parameter set of a key: its algorithm's curve with its set's profile. */
function setNameOf(schemes: Schemes, gg20: Gg20Tables, key: ActiveKey): string | undefined {
  const { signing } = schemes[algorithmOf(key)];
  const set = setOfKey(key);
  if (signing.by !== 'session' || set === undefined) return undefined;
  return setName(gg20.parameterSet(`${signing.curve.name}/${PROFILE_NAMES[set.profile]}`));
}

/**
 * The facts of a session, as its attempt's entry and the applied state fix them; `undefined` for an attempt of another algorithm.
 *
 * @param records - Of the members of the attempt's generation. None for a node that only adds shares up: it needs no numbers.
 */
export function sessionBasis(
  { schemes, gg20 }: { readonly schemes: Schemes; readonly gg20: Gg20Tables },
  clusterId: string,
  { task, record, number, nodes }: SignAttempt,
  key: ActiveKey,
  records: readonly AuxRecord[],
): SessionBasis | undefined {
  const { chainCode } = key;
  const set = setNameOf(schemes, gg20, key);
  const auxiliary = record.attempt?.auxiliary;
  if (set === undefined || auxiliary === undefined) return undefined;
  const signers = nodes.map((node) => {
    const index = partyIndexOf(key.participants, node);
    const { N, Nh, s, t } = records.find((each) => each.index === index) ?? NO_NUMBERS;
    return { index, N, Nh, s, t };
  });
  return {
    set,
    clusterId,
    sessionId: record.sessionId,
    attempt: number,
    keyId: task.asked.keyId,
    version: key.version,
    threshold: key.threshold,
    members: key.participants.map(({ nodeId, identityKey }, at) => ({
      index: at + 1,
      nodeId,
      identityKey,
    })),
    V: key.publicPolynomial,
    chainCode,
    setId: auxiliary.setId,
    generation: auxiliary.generation,
    auxDigest: auxiliary.digest,
    signers,
  };
}

const NOTHING = new Uint8Array(0);
const NO_NUMBERS = { N: NOTHING, Nh: NOTHING, s: NOTHING, t: NOTHING };

/** The signature that a request asks for, its digest made by this node of the request's own message. */
export async function askedSignature(
  { payload, path }: Pick<ParsedSign, 'payload' | 'path'>,
  compute: Compute,
): Promise<AskedSignature> {
  const isShort = payload.form !== 'hashed' || payload.message.length <= HASHED_AT_ONCE_BYTES_MAX;
  const digest = isShort ? signedBytes(payload) : await compute.run(signedBytesJob, payload);
  return {
    form: payload.form === 'digest' ? 'digest' : 'message',
    hash: signedHash(payload),
    digest,
    path,
  };
}
