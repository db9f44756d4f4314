import { isId, refusal } from '../common/index.js';
import type { Millis, Refusal, Result } from '../common/index.js';
import {
  ALGORITHMS,
  DEFAULT_PROFILE,
  isPath,
  isSetProfile,
  KEY_ALGORITHMS,
  PARTICIPANTS_MAX,
  parseSpiffe,
  PATH_NUMBERS_MAX,
  PROFILE_NAMES,
  THRESHOLD_MIN,
} from '../identity/index.js';
import type { KeyAlgorithm, SetProfile } from '../identity/index.js';
import { Gg20Profile } from '../wire/index.js';
import type { Duration, Label } from '../wire/index.js';
import {
  ALLOWED_SIGNERS_MAX,
  LABEL_VALUE_CHARS_MAX,
  LABELS_MAX,
  RESHARE_INTERVAL_MS_MAX,
  RESHARE_INTERVAL_MS_MIN,
} from './limits.js';

/* Fields that requests of several kinds have. Each function returns why a field is refused, or nothing. */

export function checkId(field: string, id: string): Refusal | undefined {
  if (isId(id)) return undefined;
  return invalidField(
    field,
    'INVALID_ID',
    `${field} must match ^[a-z0-9][a-z0-9_-]{0,62}$: lower-case letters, digits, _ and -`,
  );
}

export function checkPath(path: readonly number[]): Refusal | undefined {
  if (isPath(path)) return undefined;
  return invalidField(
    'derivation_path',
    'INVALID_DERIVATION_PATH',
    `derivation_path has at most ${PATH_NUMBERS_MAX} numbers below 2^31: hardened ones cannot be derived from a public key`,
  );
}

/** Of an algorithm that no key can have. */
export function unsupportedAlgorithm(): Refusal {
  const names = KEY_ALGORITHMS.map((algorithm) => ALGORITHMS[algorithm].name);
  return invalidField(
    'algorithm',
    'ALGORITHM_UNSUPPORTED',
    `algorithm must be one that this version makes keys of: ${names.join(', ')}`,
  );
}

/** Refuses ids that are malformed, twice there or too many. */
export function checkParticipants(participants: readonly string[]): Refusal | undefined {
  if (participants.length > PARTICIPANTS_MAX) {
    return invalidField(
      'participants',
      'TOO_MANY_PARTICIPANTS',
      `A key has at most ${PARTICIPANTS_MAX} participants`,
    );
  }
  const malformed = participants.find((id) => !isId(id));
  if (malformed !== undefined) return checkId('participants', malformed);
  return new Set(participants).size === participants.length
    ? undefined
    : invalidField('participants', 'DUPLICATE_PARTICIPANT', 'participants names a node twice');
}

/** Refuses a number of signers that `count` participants cannot have, or not without the permission to lose the key. */
export function checkThreshold(
  threshold: number,
  count: number,
  allowNoRedundancy: boolean,
): Refusal | undefined {
  if (threshold < THRESHOLD_MIN) {
    return invalidField(
      'threshold',
      'INVALID_THRESHOLD',
      `threshold must be at least ${THRESHOLD_MIN}`,
    );
  }
  if (threshold > count) {
    return invalidField(
      'threshold',
      'INVALID_THRESHOLD',
      `threshold ${threshold} is above the number of participants (${count})`,
    );
  }
  if (threshold === count && !allowNoRedundancy) {
    return invalidField(
      'allow_no_redundancy',
      'NO_REDUNDANCY',
      `With threshold ${threshold} of ${count} the loss of one node loses the key; set allow_no_redundancy to accept that`,
    );
  }
  return undefined;
}

/** Refuses a time from one refresh to the next that is none of whole seconds within the bounds, nor zero. */
export function checkInterval(interval: Duration | undefined): Refusal | undefined {
  const ms = intervalOf(interval);
  const isGood =
    ms === undefined ||
    (interval?.nanos === 0 &&
      (ms === 0 || (ms >= RESHARE_INTERVAL_MS_MIN && ms <= RESHARE_INTERVAL_MS_MAX)));
  return isGood
    ? undefined
    : invalidField(
        'reshare_interval',
        'INVALID_INTERVAL',
        'reshare_interval is an hour to a year in whole seconds, or zero for no refresh by itself',
      );
}

/** @returns `undefined` for one that is not set. */
export function intervalOf(interval: Duration | undefined): Millis | undefined {
  return interval && Number(interval.seconds) * 1000;
}

export function checkLabels(labels: readonly Label[]): Refusal | undefined {
  if (labels.length > LABELS_MAX) {
    return invalidField('labels', 'TOO_MANY_LABELS', `A key has at most ${LABELS_MAX} labels`);
  }
  const malformed = labels.find(({ key }) => !isId(key));
  if (malformed !== undefined) return checkId('labels', malformed.key);
  if (new Set(labels.map(({ key }) => key)).size !== labels.length) {
    return invalidField('labels', 'DUPLICATE_LABEL', 'labels has a key twice');
  }
  const tooLong = labels.find(({ value }) => value.length > LABEL_VALUE_CHARS_MAX);
  if (tooLong !== undefined) {
    return invalidField(
      'labels',
      'LABEL_TOO_LONG',
      `The value of label ${tooLong.key} is over ${LABEL_VALUE_CHARS_MAX} characters`,
    );
  }
  return labels.some(({ value }) => value.includes('\uFFFD'))
    ? invalidField('labels', 'INVALID_TEXT', 'The value of a label is not valid UTF-8')
    : undefined;
}

export function checkSigners(signers: readonly string[]): Refusal | undefined {
  if (signers.length > ALLOWED_SIGNERS_MAX) {
    return invalidField(
      'allowed_signers',
      'TOO_MANY_SIGNERS',
      `A key has at most ${ALLOWED_SIGNERS_MAX} allowed signers`,
    );
  }
  return signers.every((signer) => parseSpiffe(signer) !== undefined)
    ? undefined
    : invalidField(
        'allowed_signers',
        'INVALID_SPIFFE_ID',
        'allowed_signers holds SPIFFE ids such as spiffe://quorate/app/payments',
      );
}

/** Bytes that no encoder of ours writes. `message` is the name of the protobuf message. */
export function notCanonical(message: string): Result<never> {
  return refuseField(
    '',
    'INVALID_ENCODING',
    `The bytes are not the canonical encoding of a ${message}`,
  );
}

export function refuseField(field: string, reason: string, message: string): Result<never> {
  return { ok: false, refusal: invalidField(field, reason, message) };
}

/** @param field - Empty where the request as a whole is at fault. */
export function invalidField(field: string, reason: string, message: string): Refusal {
  return refusal('invalid-request', reason, message, field === '' ? {} : { field });
}

/** Refuses a profile that there is not, and one beside an algorithm whose keys belong to no set. */
export function checkProfile(algorithm: KeyAlgorithm, profile: Gg20Profile): Refusal | undefined {
  const inSession = ALGORITHMS[algorithm].signing.by === 'session';
  const isKnown = profile === Gg20Profile.UNSPECIFIED || isSetProfile(profile);
  if (inSession ? isKnown : profile === Gg20Profile.UNSPECIFIED) return undefined;
  const names = Object.values(PROFILE_NAMES).join(' or ');
  return invalidField(
    'gg20_profile',
    'INVALID_PROFILE',
    inSession ? `gg20_profile is ${names}, or unset` : 'gg20_profile is set for GG20 keys alone',
  );
}

/** The profile of the set that a key of this algorithm belongs to; `undefined` where it belongs to none. */
export function profileOf(algorithm: KeyAlgorithm, profile: Gg20Profile): SetProfile | undefined {
  if (ALGORITHMS[algorithm].signing.by !== 'session') return undefined;
  return isSetProfile(profile) ? profile : DEFAULT_PROFILE;
}
