import { equal } from '../common/index.js';
import { isReshare, parseRequest, TASK_KINDS } from '../state/index.js';
import type { JudgingContext } from '../state/index.js';
import type { Key, Sharing, VersionCertificate } from '../wire/index.js';
import { judgeRequester } from './key-requester.js';
import { countInstalled, foreign, unsigned } from './participants-words.js';

/*
 * The certificate of a version after the first. The public key rests on version 1's; this one shows who holds the key now, and how
 * many of them sign. It needs no chain of versions: all its participants have signed for it and as many as sign have activated
 * it, one of them honest while fewer than that are not; and threshold and participants are those of a signed request, so that no
 * few nodes can name themselves.
 */

/** The threshold and participants that somebody with the right to it asked for. */
type Named = { readonly threshold: number; readonly participants: readonly string[] };

/**
 * The fault of the certificate of the version in use; `undefined` where it holds.
 *
 * @param first - Version 1, whose own certificate is checked elsewhere.
 */
export function unfitVersion(
  key: Key,
  first: Sharing,
  { sharing, ...words }: VersionCertificate,
  context: JudgingContext,
): string | undefined {
  if (sharing === undefined) return 'the version in use has no sharing';
  const { genesis, verify } = context;
  const said = { ...words, sharing, clusterId: genesis.clusterId };
  const installed = countInstalled(said, genesis, verify);
  const named = namedFor(key, first, words, context);
  return (
    ofOtherKey(first, sharing) ??
    (typeof named === 'string' ? named : unnamed(sharing, named)) ??
    foreign(sharing, genesis) ??
    unsigned(said, genesis, verify) ??
    (sharing.threshold > installed
      ? `${installed} of at least ${sharing.threshold} participants say that version ${sharing.version} is installed`
      : undefined)
  );
}

/** The version shares the key of the first, as a later one. */
function ofOtherKey(first: Sharing, sharing: Sharing): string | undefined {
  const [own, its] = [first.publicPolynomial[0], sharing.publicPolynomial[0]];
  const same =
    first.baseVersion === 0 &&
    sharing.version > first.version &&
    sharing.baseVersion === sharing.version - 1 &&
    sharing.keyId === first.keyId &&
    sharing.algorithm === first.algorithm &&
    equal(sharing.publicKey, first.publicKey) &&
    equal(sharing.chainCode, first.chainCode) &&
    own !== undefined &&
    its !== undefined &&
    equal(own, its) &&
    sharing.publicPolynomial.length === sharing.threshold;
  return same ? undefined : `version ${sharing.version} is not one of the same key`;
}

/** Refreshes keep both, but that they leave out a node that is proved to have lied. */
function unnamed({ version, threshold, participants }: Sharing, named: Named): string | undefined {
  const isAsNamed =
    threshold === named.threshold &&
    participants.length <= named.participants.length &&
    participants.every(({ nodeId }) => named.participants.includes(nodeId)) &&
    new Set(participants.map(({ nodeId }) => nodeId)).size === participants.length;
  return isAsNamed
    ? undefined
    : `nobody with the right to it asked for the threshold and participants of version ${version}`;
}

/** Those of version 1, or of the last request that named any. A text says why that request counts for nothing. */
function namedFor(
  key: Key,
  first: Sharing,
  { method, request, authorization }: Omit<VersionCertificate, 'sharing'>,
  context: JudgingContext,
): Named | string {
  if (method === '') {
    const participants = first.participants.map(({ nodeId }) => nodeId);
    return { threshold: first.threshold, participants };
  }
  const parsed = parseRequest(TASK_KINDS, method, request);
  const asked = parsed.ok && isReshare(parsed.value.asked) ? parsed.value.asked : undefined;
  if (asked?.keyId !== key.keyId) return 'the request of its version is not one to reshare it';
  const authority = authorization && ({ $case: 'signed', value: authorization } as const);
  const by = judgeRequester({ method, request, authority }, 'reshare', context);
  if (!by.ok) return `of its version: ${by.refusal}`;
  const { spiffeId, role } = by.value;
  return role === 'operator' || spiffeId === key.owner
    ? asked
    : `${spiffeId} asked for its version, which is neither its owner nor an operator`;
}
