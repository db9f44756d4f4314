import { equal } from '../common/index.js';
import { SCHEMES } from '../algorithms/index.js';
import {
  isKeyAlgorithm,
  KEY_CERTIFICATE_FORMAT,
  KEY_CERTIFICATE_FORMAT_IN_USE,
  requestHash,
  voters,
} from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { nodeVerify } from '../machine/index.js';
import type { Verify } from '../ports/index.js';
import { isGenerateKey, judgingContext, parseRequest, TASK_KINDS } from '../state/index.js';
import type { ParsedGenerateKey } from '../state/index.js';
import type { Key, KeyCertificate, Label, Sharing } from '../wire/index.js';
import { doubtful, isAccepted, judgeRequester } from './key-requester.js';
import type { Reader } from './key-requester.js';
import { countInstalled, foreign, sameTexts, unsigned } from './participants-words.js';
import type { SignedSharing } from './participants-words.js';
import { unfitVersion } from './version-certificate.js';

/**
 * The trust in a key's certificate, for the reader that checks it:
 * `active`: every participant signed for it, and its requester, which is the reader or a requester that the reader
 * named, signed the request;
 * `vouched`: every participant signed for it, and a node vouches for its requester;
 * `pending`: the same as one of these, but too few have said that their log activated it;
 * `other-requester`: every participant signed for it, and its requester signed the request; it is neither the reader nor a
 * requester that the reader named;
 * `unverified`: something does not fit, or there is nothing to check it against.
 */
export type KeyTrust = 'active' | 'vouched' | 'pending' | 'other-requester' | 'unverified';
const RANK: Readonly<Record<KeyTrust, number>> = {
  active: 4,
  vouched: 3,
  pending: 2,
  'other-requester': 1,
  unverified: 0,
};
export type Judgement = {
  readonly verdict: KeyTrust;
  readonly because: string;
  /** The SPIFFE id of the requester, where the certificate proves it. */
  readonly requester?: string | undefined;
};

/** Claims that a verdict is worth as much as `required`, or more. */
export function reaches(verdict: KeyTrust, required: KeyTrust): boolean {
  return RANK[verdict] >= RANK[required];
}

/**
 * Checks a key against the client's own cluster file. Identity keys in the answer are compared, never used.
 *
 * @param genesis - Of the client's `cluster.json`; without it every key is `unverified`.
 */
export function verifyKeyCertificate(
  key: Key,
  genesis: Genesis | undefined,
  reader: Reader = {},
  verify: Verify = nodeVerify,
): Judgement {
  if (genesis === undefined) return unverified('there is no cluster file to check it against');
  const { certificate } = key;
  const sharing = certificate?.sharing;
  if (certificate === undefined || sharing === undefined)
    return unverified('it has no certificate');
  const { inUse } = certificate;
  if (certificate.format !== (inUse ? KEY_CERTIFICATE_FORMAT_IN_USE : KEY_CERTIFICATE_FORMAT))
    return unverified(`its certificate is of form ${certificate.format}, which this release lacks`);
  const parsed = parseRequest(TASK_KINDS, certificate.method, certificate.request);
  if (!parsed.ok || !isGenerateKey(parsed.value.asked))
    return unverified('its request is not one to generate a key');
  const { asked } = parsed.value;
  const first: SignedSharing = { ...certificate, sharing };
  const fault =
    misfit(key, sharing, inUse?.sharing ?? sharing) ??
    (certificate.clusterId === genesis.clusterId ? undefined : 'it is of another cluster') ??
    foreign(sharing, genesis) ??
    unasked(key, sharing, asked, genesis) ??
    unsent(certificate, sharing, reader) ??
    unsigned(first, genesis, verify) ??
    (inUse && unfitVersion(key, sharing, inUse, judgingContext(genesis, verify)));
  if (fault !== undefined) return unverified(fault);

  const by = judgeRequester(certificate, 'generate-key', judgingContext(genesis, verify));
  if (!by.ok) return unverified(by.refusal);
  const { spiffeId: requester, voucher } = by.value;
  const doubt = doubtful(key, asked, by.value, reader);
  if (doubt !== undefined) return unverified(doubt);
  if (!isAccepted(by.value, reader))
    return {
      verdict: 'other-requester',
      because: `${requester} asked for it, which is neither you nor a requester whose keys you accept`,
      requester,
    };

  const installed = countInstalled(first, genesis, verify);
  if (installed < sharing.threshold)
    return {
      verdict: 'pending',
      because: `${installed} of at least ${sharing.threshold} participants say that it is installed`,
      requester,
    };
  return voucher === undefined
    ? {
        verdict: 'active',
        because: `all participants signed for it, and ${requester} asked for it`,
        requester,
      }
    : {
        verdict: 'vouched',
        because: `all participants signed for it, and ${voucher} vouches for the request of ${requester}`,
      };
}

function unverified(because: string): Judgement {
  return { verdict: 'unverified', because };
}

/**
 * Claims that a key's fields are those that its participants signed, and its public key is the sharing's.
 *
 * @param sharing - Version 1.
 * @param used - The version in use.
 */
function misfit(key: Key, sharing: Sharing, used: Sharing): string | undefined {
  const names = used.participants.map(({ nodeId }) => nodeId);
  const [first] = sharing.publicPolynomial;
  const same =
    key.keyId === sharing.keyId &&
    key.algorithm === sharing.algorithm &&
    key.threshold === used.threshold &&
    key.version === used.version &&
    equal(key.publicKey, sharing.publicKey) &&
    sameTexts(key.participants, names);
  if (!same) return 'its certificate is for something else';
  const { algorithm } = sharing;
  const shared =
    first && isKeyAlgorithm(algorithm) ? SCHEMES[algorithm].publicKeyOf(first) : undefined;
  if (
    sharing.publicPolynomial.length !== sharing.threshold ||
    shared === undefined ||
    !equal(shared, sharing.publicKey)
  )
    return 'its public key is not that of its sharing';
  return undefined;
}

/** The key is what its request asks for, as its participants are what they signed for. */
function unasked(
  key: Key,
  sharing: Sharing,
  asked: ParsedGenerateKey,
  genesis: Genesis,
): string | undefined {
  const names = sharing.participants.map(({ nodeId }) => nodeId);
  const participants = asked.participants.length === 0 ? voters(genesis) : asked.participants;
  return key.keyId === asked.keyId &&
    key.algorithm === asked.algorithm &&
    sharing.threshold === asked.threshold &&
    sameTexts(names, participants) &&
    sameTexts(key.allowedSigners, asked.allowedSigners) &&
    sameTexts(key.labels.flatMap(pairOf), asked.labels.flatMap(pairOf))
    ? undefined
    : 'it is not what its request asked for';
}

/** The request is the one that its participants answered, and the one that the reader sent; the key the one it knows. */
function unsent(
  { method, request }: KeyCertificate,
  sharing: Sharing,
  { asked, publicKey }: Reader,
): string | undefined {
  if (!equal(requestHash(method, request), sharing.requestHash))
    return 'its participants signed for another request';
  if (asked !== undefined && !equal(asked, request))
    return 'its request is not the one that was sent';
  return publicKey === undefined || equal(publicKey, sharing.publicKey)
    ? undefined
    : 'its public key is not the one that is known';
}

function pairOf({ key, value }: Label): readonly string[] {
  return [key, value];
}
