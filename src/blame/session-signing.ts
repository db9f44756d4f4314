import { equal, fromHex, type PartyIndex } from '../common/index.js';
import {
  auxMaterialLayout,
  auxRecordsOf,
  beginSession,
  isRightAccept,
  namesOtherAccepts,
  onlineProtocol,
  prepareSet,
  publicSession,
  SESSION_SHARE_KIND,
  shareFault,
  signingFault,
  type AskedSignature,
  type AuxRecord,
  type BegunSession,
  type SessionBasis,
  type SigningFault,
} from '../gg20/index.js';
import { askedOf, sessionBasis, sessionSetName } from '../algorithms/index.js';
import {
  isKeyAlgorithm,
  PARTICIPANTS_MAX,
  partyIndexOf,
  PROFILE_NAMES,
  setIdOf,
} from '../identity/index.js';
import type { SetProfile } from '../identity/index.js';
import { TO_ALL, type SignedMessage } from '../mpc/index.js';
import { isPresign, isSign, signedBytes } from '../state/index.js';
import type { ParsedPresign, ParsedSign } from '../state/index.js';
import { Gg20Profile, type Attempt, type Sharing } from '../wire/index.js';
import { ownSharing } from './own-sharing.js';
import type { Accused, MessagesBeside } from './kind-judge.js';

/** A signing session as the attempt's entry and the accused's own word for the key fix it. */
type JudgedSession = {
  readonly basis: SessionBasis;
  readonly begun: BegunSession;
  readonly sharing: Sharing;
  /** The accused, among the key's participants. */
  readonly index: PartyIndex;
};

/** Whether a share of a session, signed by the accused, fails the check that each share is judged by alone. */
export function isWrongSessionShare(
  accused: Accused,
  [shown, more]: readonly SignedMessage[],
): boolean {
  const judged = judgedSession(accused, NO_MATERIAL);
  const signed = judged?.begun.signed;
  if (judged === undefined || signed === undefined) return false;
  if (shown?.body === undefined || more !== undefined) return false;
  const { basis, begun, index } = judged;
  if (shown.kind !== SESSION_SHARE_KIND || shown.to !== TO_ALL || shown.from !== index)
    return false;
  const { verify, gg20 } = accused;
  const { sessionId, members } = basis;
  const identityKeys = new Map(members.map((each) => [each.index, each.identityKey]));
  const session = publicSession(gg20, begun.facts);
  const presigId = accused.attempt.attempt.presignature;
  const mode = presigId === undefined ? 'interactive' : 'online';
  const signature = { mode, session, signed, presigId } as const;
  const shared = { ...signature, sessionId, identityKeys, verify };
  return shareFault(shared, index, shown.body) !== undefined;
}

/** Whether the accused's messages of a session fail a check, against the bodies that they name and the attempt's material. */
export function isWrongMessage(
  accused: Accused,
  messages: readonly SignedMessage[],
  beside: MessagesBeside,
): boolean {
  return wrongMessage(accused, messages, beside) !== undefined;
}

/** The check that fails, and the part of the evidence that it takes: the rest proves nothing. */
export function wrongMessage(
  accused: Accused,
  messages: readonly SignedMessage[],
  { named, material }: Pick<MessagesBeside, 'named' | 'material'>,
): SigningFault | undefined {
  const { request, attempt } = accused.attempt;
  if (attempt.presignature !== undefined) return wrongOnline(accused, messages, named);
  const judged = judgedSession(accused, material);
  if (judged === undefined || material.length === 0) return undefined;
  const session = publicSession(accused.gg20, judged.begun.facts);
  const protocol = isPresign(request) ? 'gg20-presign' : 'gg20-sign';
  const signer = { protocol, session, accused: judged.index } as const;
  return signingFault(signer, messages, named);
}

/** The same of a session in which a presignature signs: an ACCEPT of something else than the entry, or a share for other ACCEPTs. */
function wrongOnline(
  accused: Accused,
  messages: readonly SignedMessage[],
  named: readonly Uint8Array[],
): SigningFault | undefined {
  const judged = judgedSession(accused, NO_MATERIAL);
  const signed = judged?.begun.signed;
  const presigId = accused.attempt.attempt.presignature;
  if (judged === undefined || signed === undefined || presigId === undefined) return undefined;
  const session = publicSession(accused.gg20, judged.begun.facts);
  const party = session.signers.indexOf(judged.index) + 1;
  const said = (kind: string, from: PartyIndex) =>
    messages.find((each) => each.kind === kind && each.from === from && each.to === TO_ALL);
  const online = { session, signed, presigId };
  const accept = said(onlineProtocol.kinds.accept, party);
  if (accept?.body !== undefined && !isRightAccept(online, accept.body)) {
    return { check: 'ACCEPT is of the entry', messages: [accept], named: [] };
  }
  const echo = said(onlineProtocol.kinds['accept-echo'], party);
  const share = said(SESSION_SHARE_KIND, judged.index);
  if (echo?.body === undefined || share?.body === undefined) return undefined;
  return namesOtherAccepts(online, share.body, echo.body, named)
    ? { check: 'the share is for the ACCEPTs that were heard', messages: [share, echo], named }
    : undefined;
}

const NO_MATERIAL = new Uint8Array(0);

/** @param material - Where it is none, the session is one whose numbers are not asked for. */
function judgedSession(accused: Accused, material: Uint8Array): JudgedSession | undefined {
  const { genesis, schemes, gg20, node, ready } = accused;
  const { attempt, request, sessionId } = accused.attempt;
  const sharing = ready && ownSharing(accused, ready);
  const { auxiliary, assignment } = attempt;
  if (!isSign(request) && !isPresign(request)) return undefined;
  if (sharing === undefined || auxiliary === undefined) return undefined;
  if (assignment?.$case !== 'boots' || !isKeyAlgorithm(sharing.algorithm)) return undefined;
  const { signing } = schemes[sharing.algorithm];
  const isOfThisKey =
    request.keyId === sharing.keyId &&
    attempt.version === sharing.version &&
    equal(attempt.sharingSession, sharing.sessionId);
  const profile = profileOf(sharing, auxiliary.setId);
  if (signing.by !== 'session' || !isOfThisKey || profile === undefined) return undefined;

  const { participants } = sharing;
  const indices = assignment.value.nodes.map(({ nodeId }) => partyIndexOf(participants, nodeId));
  const ascends = indices.every((index, at) => index > (indices[at - 1] ?? 0));
  if (!ascends || indices.length !== sharing.threshold) return undefined;
  const records = recordsOf(accused, profile, material);
  if (records === undefined) return undefined;
  const set = sessionSetName(gg20, signing, profile);
  const { clusterId } = genesis;
  const { number } = attempt;
  const session = { clusterId, sessionId, number, sharing, auxiliary, indices };
  const basis = sessionBasis(set, session, records);
  const begun = beginSession(gg20, basis, askedIn(request, attempt));
  const index = partyIndexOf(participants, node);
  return begun && { basis, begun, sharing, index };
}

/** The signature that a session makes, by its entry; of a presignature nothing. */
function askedIn(
  request: ParsedSign | ParsedPresign,
  { presignature }: Attempt,
): AskedSignature | undefined {
  if (!isSign(request)) return undefined;
  const asked = askedOf(request, signedBytes(request.payload));
  return presignature === undefined ? asked : { ...asked, presigId: presignature };
}

/** The profile with which the key's participants are the set of this id. */
function profileOf({ participants }: Sharing, setId: Uint8Array): SetProfile | undefined {
  const profiles = [Gg20Profile.P3072, Gg20Profile.P2048] as const;
  return profiles.find((profile) =>
    equal(fromHex(setIdOf({ profile, participants })) ?? NO_MATERIAL, setId),
  );
}

/** The records of the attempt's generation, if the material is that: all of it is under the digest in the entry. */
function recordsOf(
  { gg20, attempt: { attempt } }: Accused,
  profile: SetProfile,
  material: Uint8Array,
): readonly AuxRecord[] | undefined {
  if (material.length === 0) return [];
  const set = prepareSet(gg20, PROFILE_NAMES[profile]);
  const { digest = NO_MATERIAL } = attempt.auxiliary ?? {};
  const counts = Array.from({ length: PARTICIPANTS_MAX }, (_, at) => at + 1);
  const count = counts.find((each) => auxMaterialLayout(set, each).byteLength === material.length);
  return count === undefined ? undefined : auxRecordsOf(set, count, digest, material);
}
