import type { AskedSignature, AuxRecord, Gg20Tables, SessionBasis } from '../../../gg20/index.js';
import { algorithmOf, partyIndexOf } from '../../../identity/index.js';
import {
  askedOf,
  sessionBasis as keyBasis,
  sessionSetName,
  signedBytesJob,
} from '../../../algorithms/index.js';
import type { Schemes } from '../../../algorithms/index.js';
import type { Compute } from '../../../ports/index.js';
import { setOfKey, signedBytes } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { HASHED_AT_ONCE_BYTES_MAX } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';

/** A session's attempt, and the key that it signs with. */
export type SignAttempt = LiveAttempt<ParsedSign>;

/** Why there is no share: the version that the attempt names is over here. */
export const VERSION_OVER = 'version-over';

/** Claims that the version that an attempt names is not the active one any more. Its share may be there still, or be erased. */
export function isOver({ record, task }: LiveAttempt): boolean {
  return record.attempt?.version !== task.key?.version;
}

/** Claims that a key's algorithm signs in sessions of its signers. */
export function signsBySession(schemes: Schemes, key: ActiveKey): boolean {
  return schemes[algorithmOf(key)].signing.by === 'session';
}

/**
 * The facts of a session, as its attempt's entry and the applied state fix them; `undefined` for an attempt of another algorithm.
 *
 * @param records - Of the members of the attempt's generation. None for a node that only adds shares up: it needs no numbers.
 */
export function sessionBasis(
  { schemes, gg20 }: { readonly schemes: Schemes; readonly gg20: Gg20Tables },
  clusterId: string,
  { record, number, nodes }: LiveAttempt,
  key: ActiveKey,
  records: readonly AuxRecord[],
): SessionBasis | undefined {
  const { signing } = schemes[algorithmOf(key)];
  const keySet = setOfKey(key);
  const auxiliary = record.attempt?.auxiliary;
  if (signing.by !== 'session' || keySet === undefined || auxiliary === undefined) return undefined;
  const set = sessionSetName(gg20, signing, keySet.profile);
  const indices = nodes.map((node) => partyIndexOf(key.participants, node));
  const { sessionId } = record;
  const attempt = { clusterId, sessionId, number, sharing: key, auxiliary, indices };
  return keyBasis(set, attempt, records);
}

/** The signature that a request asks for, its digest made by this node of the request's own message. */
export async function askedSignature(
  asked: Pick<ParsedSign, 'payload' | 'path'>,
  compute: Compute,
): Promise<AskedSignature> {
  const { payload } = asked;
  const isShort = payload.form !== 'hashed' || payload.message.length <= HASHED_AT_ONCE_BYTES_MAX;
  const digest = isShort ? signedBytes(payload) : await compute.run(signedBytesJob, payload);
  return askedOf(asked, digest);
}
