import { toHex } from '../common/index.js';
import { xof } from '../crypto/index.js';
import { bytesItem, Gg20Profile, listItem, textItem } from '../wire/index.js';
import type { KeyParticipant } from '../wire/index.js';

/** A profile of moduli that a set can have. */
export type SetProfile = Exclude<Gg20Profile, Gg20Profile.UNSPECIFIED | Gg20Profile.UNRECOGNIZED>;

/** The profiles as people and transcripts write them. */
export const PROFILE_NAMES: Readonly<Record<SetProfile, 'P2048' | 'P3072'>> = {
  [Gg20Profile.P3072]: 'P3072',
  [Gg20Profile.P2048]: 'P2048',
};

/** Of a request that names none. */
export const DEFAULT_PROFILE: SetProfile = Gg20Profile.P3072;

export function isSetProfile(profile: Gg20Profile): profile is SetProfile {
  return Object.hasOwn(PROFILE_NAMES, profile);
}

export const SET_ID_BYTES = 16;

/** Participants with a profile: all keys that they hold with it share auxiliary material. */
export type ParticipantSet = {
  readonly profile: SetProfile;
  /** In order of party index, each with its identity key. */
  readonly participants: readonly KeyParticipant[];
};

/** The name of a set: XOF("gg20-set", [profile, participants], 16) as 32 hex characters. */
export function setIdOf({ profile, participants }: ParticipantSet): string {
  const named = participants.map(({ nodeId, identityKey }) =>
    listItem([textItem(nodeId), bytesItem(identityKey)]),
  );
  const items = [textItem(PROFILE_NAMES[profile]), listItem(named)];
  return toHex(xof('gg20-set', items, SET_ID_BYTES));
}
