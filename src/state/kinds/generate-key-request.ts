import { compareText, keyId, nodeId } from '../../common/index.js';
import type { KeyId, Millis, NodeId, Result } from '../../common/index.js';
import { ALGORITHMS, isKeyAlgorithm, PARTICIPANTS_MAX } from '../../identity/index.js';
import type { KeyAlgorithm, ParticipantSet, SetProfile } from '../../identity/index.js';
import { decode, GenerateKeyRequest, Gg20Profile } from '../../wire/index.js';
import type { KeyParticipant, Label } from '../../wire/index.js';
import type { JudgingContext, ParsedRequest } from '../kind-rules.js';
import { RESHARE_INTERVAL_MS, RESHARE_LEVEL, UPKEEP_LEVEL } from '../limits.js';
import { members, shareHolders } from '../members.js';
import type { Member } from '../members.js';
import {
  checkId,
  checkInterval,
  checkLabels,
  checkParticipants,
  checkProfile,
  checkSigners,
  checkThreshold,
  intervalOf,
  notCanonical,
  profileOf,
  unsupportedAlgorithm,
} from '../request-fields.js';
import type { View } from '../view.js';

export type ParsedGenerateKey = ParsedRequest & {
  readonly kind: 'generate-key';
  readonly keyId: KeyId;
  readonly algorithm: KeyAlgorithm;
  readonly threshold: number;
  /** Sorted bytewise; empty means all voters. */
  readonly participants: readonly NodeId[];
  readonly labels: readonly Label[];
  readonly allowNoRedundancy: boolean;
  readonly allowedSigners: readonly string[];
  /** Of the set that a GG20 key belongs to; `undefined` for other algorithms. */
  readonly profile: SetProfile | undefined;
  /** From one refresh to the next; 0 for none. Counts only where the state's level has refreshes. */
  readonly intervalMs: Millis;
};

/** Reads a request for a new key. As {@link KindRules.parse}. */
export function parseGenerateKey(bytes: Uint8Array, level: number): Result<ParsedGenerateKey> {
  const request = decode(GenerateKeyRequest, bytes);
  if (request === undefined) return notCanonical('GenerateKeyRequest');
  const { gg20Profile, reshareInterval } = request;
  const isLater =
    (gg20Profile !== Gg20Profile.UNSPECIFIED && level < UPKEEP_LEVEL) ||
    (reshareInterval !== undefined && level < RESHARE_LEVEL);
  if (isLater) return notCanonical('GenerateKeyRequest');
  const { requestId, algorithm, threshold, labels, allowNoRedundancy, allowedSigners } = request;
  const all = request.participants.length === 0;
  const badId = checkId('request_id', requestId) ?? checkId('key_id', request.keyId);
  if (badId !== undefined) return { ok: false, refusal: badId };
  if (!isKeyAlgorithm(algorithm) || ALGORITHMS[algorithm].level > level) {
    return { ok: false, refusal: unsupportedAlgorithm() };
  }
  const wrong =
    checkProfile(algorithm, gg20Profile) ??
    checkParticipants(request.participants) ??
    // How many voters there are is for the state to say.
    checkThreshold(
      threshold,
      all ? PARTICIPANTS_MAX : request.participants.length,
      allowNoRedundancy || all,
    ) ??
    checkLabels(labels) ??
    checkSigners(allowedSigners) ??
    checkInterval(reshareInterval);
  if (wrong !== undefined) return { ok: false, refusal: wrong };
  return {
    ok: true,
    value: {
      kind: 'generate-key',
      requestId,
      keyId: keyId(request.keyId),
      algorithm,
      threshold,
      participants: request.participants.map(nodeId).sort(compareText),
      labels,
      allowNoRedundancy,
      allowedSigners,
      profile: profileOf(algorithm, gg20Profile),
      intervalMs: intervalOf(reshareInterval) ?? RESHARE_INTERVAL_MS,
    },
  };
}

/** The nodes that are to hold the key, in order of party index. */
export function participantsAsked(
  { participants }: ParsedGenerateKey,
  all: readonly Member[],
): readonly KeyParticipant[] {
  const able = shareHolders(all);
  const asked = new Set<string>(participants);
  return asked.size === 0 ? able : able.filter((each) => asked.has(each.nodeId));
}

/** The set of an open task's key; `undefined` where its algorithm needs none. */
export function setAsked(
  view: View,
  asked: ParsedGenerateKey,
  { genesis }: JudgingContext,
): ParticipantSet | undefined {
  return setAmong(asked, participantsAsked(asked, members(view, genesis)));
}

/** The same of participants that are known. */
export function setAmong(
  { profile }: ParsedGenerateKey,
  participants: readonly KeyParticipant[],
): ParticipantSet | undefined {
  return profile && { profile, participants };
}
