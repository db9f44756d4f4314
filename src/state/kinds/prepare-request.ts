import { BOOT_BYTES, isId, nodeId as idOf } from '../../common/index.js';
import type { NodeId, Result } from '../../common/index.js';
import { isSetProfile, PARTICIPANTS_MAX, setIdOf, THRESHOLD_MIN } from '../../identity/index.js';
import type { ParticipantSet } from '../../identity/index.js';
import { decode, PrepareRequest } from '../../wire/index.js';
import type { Attempt, BootedNode } from '../../wire/index.js';
import type { ParsedRequest } from '../kind-rules.js';
import { PREPARE_EVIDENCE_BYTES_MAX, IDENTITY_KEY_BYTES } from '../limits.js';
import { notCanonical } from '../request-fields.js';
import { isSorted } from '../session-attempts.js';

export type ParsedPrepare = ParsedRequest & {
  readonly kind: 'prepare';
  readonly set: ParticipantSet;
  /** Of the set: 32 hex characters. */
  readonly setId: string;
  /** The number of the generation that is to be made. */
  readonly generation: number;
  /** A participant that is said to have lied, and the evidence, which the state has not judged. */
  readonly culprit: { readonly nodeId: NodeId; readonly evidence: Uint8Array } | undefined;
};

/** Reads a `PrepareRequest`, as `KindRules.parse` does. */
export function parsePrepare(bytes: Uint8Array): Result<ParsedPrepare> {
  const request = decode(PrepareRequest, bytes);
  if (request === undefined) return notCanonical('PrepareRequest');
  const { profile, participants, generation, culprit } = request;
  const isRead =
    isSetProfile(profile) &&
    participants.length >= THRESHOLD_MIN &&
    participants.length <= PARTICIPANTS_MAX &&
    participants.every((each) => isId(each.nodeId)) &&
    participants.every(({ identityKey }) => identityKey.length === IDENTITY_KEY_BYTES) &&
    isSorted(participants) &&
    generation > 0 &&
    (culprit === undefined ||
      (participants.some((each) => each.nodeId === culprit.nodeId) &&
        culprit.evidence.length > 0 &&
        culprit.evidence.length <= PREPARE_EVIDENCE_BYTES_MAX));
  if (!isRead) return notCanonical('PrepareRequest');
  const set = { profile, participants };
  return {
    ok: true,
    value: {
      kind: 'prepare',
      requestId: '',
      set,
      setId: setIdOf(set),
      generation,
      culprit: culprit && { nodeId: idOf(culprit.nodeId), evidence: culprit.evidence },
    },
  };
}

/** The members that an attempt names, if it has the form of one: enough of the set, sorted, each in one run of its process. */
export function membersIn(
  { participants }: ParticipantSet,
  attempt: Attempt,
): readonly BootedNode[] | undefined {
  if (attempt.assignment?.$case !== 'boots') return undefined;
  const { nodes } = attempt.assignment.value;
  const able = new Set(participants.map(({ nodeId }) => nodeId));
  const isFormed =
    attempt.version === 0 &&
    attempt.sharingSession.length === 0 &&
    attempt.auxiliary === undefined &&
    attempt.dealers.length === 0 &&
    attempt.presignature === undefined &&
    nodes.length >= THRESHOLD_MIN &&
    isSorted(nodes) &&
    nodes.every(({ nodeId, boot }) => able.has(nodeId) && boot.length === BOOT_BYTES);
  return isFormed ? nodes : undefined;
}
