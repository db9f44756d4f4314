import { compareText, isId, keyId, nodeId, refusal } from '../common/index.js';
import type { KeyId, NodeId, Refusal, Result } from '../common/index.js';
import { ALGORITHMS, isKeyAlgorithm, KEY_ALGORITHMS, parseSpiffe } from '../identity/index.js';
import {
  decode,
  GenerateKeyRequest,
  RequireSignaturesRequest,
  SignRequest,
} from '../wire/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Label } from '../wire/index.js';
import {
  ALLOWED_SIGNERS_MAX,
  DERIVATION_DEPTH_MAX,
  DERIVATION_NUMBER_END,
  LABEL_VALUE_CHARS_MAX,
  LABELS_MAX,
  PARTICIPANTS_MAX,
  REQUEST_BYTES_MAX,
  THRESHOLD_MIN,
} from './limits.js';

/** Full names of the methods that change something: what a request in the log may ask. */
export const METHODS = {
  generateKey: '/quorate.v1.KeyService/GenerateKey',
  sign: '/quorate.v1.SigningService/Sign',
  requireSignatures: '/quorate.v1.ClusterService/RequireSignatures',
} as const;

export type ParsedGenerateKey = {
  readonly kind: 'generate-key';
  readonly requestId: string;
  readonly keyId: KeyId;
  readonly algorithm: KeyAlgorithm;
  readonly threshold: number;
  /** Sorted bytewise; empty means all voters. */
  readonly participants: readonly NodeId[];
  readonly labels: readonly Label[];
  readonly allowNoRedundancy: boolean;
  readonly allowedSigners: readonly string[];
};

export type ParsedSign = {
  readonly kind: 'sign';
  readonly requestId: string;
  readonly keyId: KeyId;
  readonly message: Uint8Array;
  /** Which of the keys derived from this one signs; empty for the key itself. */
  readonly path: readonly number[];
};

/** No request without a signature from here on. */
export type ParsedRequireSignatures = {
  readonly kind: 'require-signatures';
  readonly requestId: string;
};

export type ParsedRequest = ParsedGenerateKey | ParsedSign | ParsedRequireSignatures;

/** Reads a request's bytes as received. The same answer on every node; never throws. */
export function parseRequest(method: string, bytes: Uint8Array): Result<ParsedRequest> {
  if (bytes.length > REQUEST_BYTES_MAX) {
    return invalid('', 'REQUEST_TOO_LARGE', `Requests are at most ${REQUEST_BYTES_MAX} bytes`);
  }
  switch (method) {
    case METHODS.generateKey:
      return parseGenerateKey(bytes);
    case METHODS.sign:
      return parseSign(bytes);
    case METHODS.requireSignatures:
      return parseRequireSignatures(bytes);
    default:
      return invalid('method', 'UNKNOWN_METHOD', 'The log takes no requests of this method');
  }
}

/** What is wrong with the number of signers among `count` participants, if anything. */
export function judgeThreshold(
  threshold: number,
  count: number,
  allowNoRedundancy: boolean,
): Refusal | undefined {
  if (threshold < THRESHOLD_MIN) {
    return fault('threshold', 'INVALID_THRESHOLD', `threshold must be at least ${THRESHOLD_MIN}`);
  }
  if (threshold > count) {
    return fault(
      'threshold',
      'INVALID_THRESHOLD',
      `threshold ${threshold} is above the number of participants (${count})`,
    );
  }
  if (threshold === count && !allowNoRedundancy) {
    return fault(
      'allow_no_redundancy',
      'NO_REDUNDANCY',
      `With threshold ${threshold} of ${count} the loss of one node loses the key; set allow_no_redundancy to accept that`,
    );
  }
  return undefined;
}

function parseGenerateKey(bytes: Uint8Array): Result<ParsedRequest> {
  const request = decode(GenerateKeyRequest, bytes);
  if (request === undefined) return notCanonical('GenerateKeyRequest');
  const { algorithm } = request;
  const unnamed = judgeIds(request.requestId, request.keyId);
  if (unnamed !== undefined) return { ok: false, refusal: unnamed };
  if (!isKeyAlgorithm(algorithm)) return { ok: false, refusal: unsupported() };
  const wrong =
    judgeParticipants(request) ??
    judgeLabels(request.labels) ??
    judgeSigners(request.allowedSigners);
  if (wrong !== undefined) return { ok: false, refusal: wrong };
  return {
    ok: true,
    value: {
      kind: 'generate-key',
      requestId: request.requestId,
      keyId: keyId(request.keyId),
      algorithm,
      threshold: request.threshold,
      participants: request.participants.map(nodeId).sort(compareText),
      labels: request.labels,
      allowNoRedundancy: request.allowNoRedundancy,
      allowedSigners: request.allowedSigners,
    },
  };
}

function parseSign(bytes: Uint8Array): Result<ParsedRequest> {
  const request = decode(SignRequest, bytes);
  if (request === undefined) return notCanonical('SignRequest');
  const wrong = judgeIds(request.requestId, request.keyId) ?? judgePath(request.derivationPath);
  if (wrong !== undefined) return { ok: false, refusal: wrong };
  if (request.payload === undefined) {
    return invalid('message', 'MISSING_MESSAGE', 'message must be set; it may be empty');
  }
  return {
    ok: true,
    value: {
      kind: 'sign',
      requestId: request.requestId,
      keyId: keyId(request.keyId),
      message: request.payload.value,
      path: request.derivationPath,
    },
  };
}

function parseRequireSignatures(bytes: Uint8Array): Result<ParsedRequest> {
  const request = decode(RequireSignaturesRequest, bytes);
  if (request === undefined) return notCanonical('RequireSignaturesRequest');
  const { requestId } = request;
  return isId(requestId)
    ? { ok: true, value: { kind: 'require-signatures', requestId } }
    : { ok: false, refusal: badId('request_id') };
}

function judgeIds(requestId: string, key: string): Refusal | undefined {
  if (!isId(requestId)) return badId('request_id');
  return isId(key) ? undefined : badId('key_id');
}

function judgePath(path: readonly number[]): Refusal | undefined {
  const fits =
    path.length <= DERIVATION_DEPTH_MAX && path.every((number) => number < DERIVATION_NUMBER_END);
  if (fits) return undefined;
  return fault(
    'derivation_path',
    'INVALID_DERIVATION_PATH',
    `derivation_path has at most ${DERIVATION_DEPTH_MAX} numbers below 2^31: hardened ones cannot be derived from a public key`,
  );
}

function unsupported(): Refusal {
  const names = KEY_ALGORITHMS.map((algorithm) => ALGORITHMS[algorithm].name);
  return fault(
    'algorithm',
    'ALGORITHM_UNSUPPORTED',
    `algorithm must be one that this version makes keys of: ${names.join(', ')}`,
  );
}

function judgeParticipants(request: GenerateKeyRequest): Refusal | undefined {
  const { participants, threshold, allowNoRedundancy } = request;
  if (participants.length > PARTICIPANTS_MAX) {
    return fault(
      'participants',
      'TOO_MANY_PARTICIPANTS',
      `A key has at most ${PARTICIPANTS_MAX} participants`,
    );
  }
  if (!participants.every(isId)) return badId('participants');
  if (new Set(participants).size !== participants.length) {
    return fault('participants', 'DUPLICATE_PARTICIPANT', 'participants names a node twice');
  }
  const count = participants.length === 0 ? PARTICIPANTS_MAX : participants.length;
  return judgeThreshold(threshold, count, allowNoRedundancy || participants.length === 0);
}

function judgeLabels(labels: readonly Label[]): Refusal | undefined {
  if (labels.length > LABELS_MAX) {
    return fault('labels', 'TOO_MANY_LABELS', `A key has at most ${LABELS_MAX} labels`);
  }
  if (!labels.every(({ key }) => isId(key))) return badId('labels');
  if (new Set(labels.map(({ key }) => key)).size !== labels.length) {
    return fault('labels', 'DUPLICATE_LABEL', 'labels has a key twice');
  }
  const tooLong = labels.find(({ value }) => value.length > LABEL_VALUE_CHARS_MAX);
  if (tooLong !== undefined) {
    return fault(
      'labels',
      'LABEL_TOO_LONG',
      `The value of label ${tooLong.key} is over ${LABEL_VALUE_CHARS_MAX} characters`,
    );
  }
  return labels.some(({ value }) => value.includes('\uFFFD'))
    ? fault('labels', 'INVALID_TEXT', 'The value of a label is not valid UTF-8')
    : undefined;
}

function judgeSigners(signers: readonly string[]): Refusal | undefined {
  if (signers.length > ALLOWED_SIGNERS_MAX) {
    return fault(
      'allowed_signers',
      'TOO_MANY_SIGNERS',
      `A key has at most ${ALLOWED_SIGNERS_MAX} allowed signers`,
    );
  }
  return signers.every((signer) => parseSpiffe(signer) !== undefined)
    ? undefined
    : fault(
        'allowed_signers',
        'INVALID_SPIFFE_ID',
        'allowed_signers holds SPIFFE ids such as spiffe://quorate/app/payments',
      );
}

function badId(field: string): Refusal {
  return fault(
    field,
    'INVALID_ID',
    `${field} must match ^[a-z0-9][a-z0-9_-]{0,62}$: lower-case letters, digits, _ and -`,
  );
}

function notCanonical(what: string): Result<never> {
  return invalid('', 'INVALID_ENCODING', `The bytes are not the canonical encoding of a ${what}`);
}

function invalid(field: string, reason: string, message: string): Result<never> {
  return { ok: false, refusal: fault(field, reason, message) };
}

function fault(field: string, reason: string, message: string): Refusal {
  return refusal('invalid-request', reason, message, field === '' ? {} : { field });
}
