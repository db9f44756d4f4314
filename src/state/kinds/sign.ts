import { BOOT_BYTES, equal, keyId, refusal, refuse } from '../../common/index.js';
import type { KeyId } from '../../common/index.js';
import { algorithmOf, ALGORITHMS, isSupplyOf, KEY_ALGORITHMS } from '../../identity/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import { decode, encode, SignatureResult, SignRequest } from '../../wire/index.js';
import type { Attempt, Supply, TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import { checkInUse, isInUse, refuseKey } from '../key-ends.js';
import { mayUse } from '../keys.js';
import type { ActiveKey } from '../keys.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { OPERATORS_APART_LEVEL } from '../limits.js';
import { METHODS } from '../methods.js';
import { setOfKey } from '../participant-sets.js';
import { requestOf } from '../parse.js';
import { readKey, readLevel, readTotals } from '../records.js';
import { checkId, checkPath, notCanonical } from '../request-fields.js';
import { sharingNamed } from '../resharing.js';
import { fitsSession, isSorted, namesEarlier, PRESIGNATURE_BYTES } from '../session-attempts.js';
import { checkPayload, parsePayload } from '../sign-payload.js';
import type { SignPayload } from '../sign-payload.js';

export type ParsedSign = ParsedRequest & {
  readonly kind: 'sign';
  readonly keyId: KeyId;
  readonly payload: SignPayload;
  /** Which of the keys derived from this one signs; empty for the key itself. */
  readonly path: readonly number[];
};

/** Makes a signature by threshold many of a key's participants. */
export const signRules: KindRules<ParsedSign> = {
  kind: 'sign',
  level: 1,
  method: METHODS.sign,
  askers: { roles: ['operator', 'app'], voucher: true },
  opensWithAttempt: true,

  parse(bytes, level) {
    const request = decode(SignRequest, bytes);
    if (request === undefined) return notCanonical('SignRequest');
    const { requestId, derivationPath: path } = request;
    const wrong =
      checkId('request_id', requestId) ?? checkId('key_id', request.keyId) ?? checkPath(path);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    const payload = parsePayload(request, level);
    if (!payload.ok) return payload;
    const value = { requestId, keyId: keyId(request.keyId), payload: payload.value, path };
    return { ok: true, value: { kind: 'sign', ...value } };
  },

  checkAccess(view, asked, requester, { genesis }) {
    const key = readKey(view, asked.keyId);
    if (key !== undefined && mayUse(key, requester.spiffeId)) return undefined;
    if (requester.role !== 'operator') {
      const message = `${requester.spiffeId} may not sign with key ${asked.keyId}`;
      return refusal('forbidden', 'KEY_FORBIDDEN', message);
    }
    // An operator may know that a key exists, so of one that does not it is told so.
    const apart = readLevel(view) >= OPERATORS_APART_LEVEL && !genesis.operatorsSign;
    if (!apart || key === undefined) return undefined;
    return refusal(
      'forbidden',
      'OPERATOR_MAY_NOT_SIGN',
      `Key ${asked.keyId} belongs to ${key.owner}: in this cluster an operator signs only with keys that it owns, ` +
        'or that name it in allowed_signers',
      { field: 'key_id', facts: { owner: key.owner } },
    );
  },

  bounds: (all, own, { openSignTasksMax: max }) => [
    { held: openCount(own, 'sign'), taken: openCount(all, 'sign'), max },
  ],

  admit(view, asked, { genesis }) {
    if (openCount(readTotals(view), 'sign') >= genesis.limits.openSignTasksMax) {
      return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many signatures are being made');
    }
    const key = readKey(view, asked.keyId);
    if (key === undefined) return refuseKey(asked.keyId);
    const misfit = checkInUse(key) ?? checkPayload(asked.payload, algorithmOf(key));
    return misfit === undefined
      ? { ok: true, value: { participants: key.participants, key } }
      : { ok: false, refusal: misfit };
  },

  participants: (view, asked) => readKey(view, asked.keyId)?.participants ?? [],

  fitsAttempt(view, asked, attempt) {
    const key = readKey(view, asked.keyId);
    if (key === undefined || !isInUse(key)) return false;
    const set = setOfKey(key);
    return (
      attempt.dealers.length === 0 &&
      attempt.version === key.version &&
      equal(attempt.sharingSession, key.sessionId) &&
      (set === undefined
        ? fitsSupplies(key, attempt)
        : fitsSession(view, key, set, attempt) && fitsPresignature(asked, attempt))
    );
  },

  isOutdated(view, asked, { version, sharingSession, auxiliary }) {
    const key = readKey(view, asked.keyId);
    if (key === undefined) return false;
    if (version !== key.version) return sharingNamed(key, version, sharingSession) !== undefined;
    return namesEarlier(view, setOfKey(key), auxiliary);
  },

  open: () => undefined,

  result(view, asked, { attempt }, material) {
    const key = readKey(view, asked.keyId);
    if (key === undefined || attempt === undefined) return undefined;
    const made = madeOf(algorithmOf(key), material);
    if (made === undefined) return undefined;
    return encode(SignatureResult, {
      ...made,
      publicKey: key.publicKey,
      keyVersion: attempt.version,
      signers: nodesOf(attempt).map(({ nodeId }) => nodeId),
      derivationPath: [...asked.path],
    });
  },

  close: () => undefined,
};

export function isSign(asked: ParsedRequest): asked is ParsedSign {
  return asked.kind === signRules.kind;
}

/** The request of an open sign task; `undefined` for any other task. */
export function signOf(task: TaskRecord): ParsedSign | undefined {
  return requestOf(signRules, task);
}

/** The recorded signature of a sign task; `undefined` for any other task, and for one without a result. */
export function signatureOf({ kind, outcome }: TaskRecord): SignatureResult | undefined {
  if (kind !== signRules.kind || outcome?.$case !== 'result') return undefined;
  return SignatureResult.decode(outcome.value);
}

/** Claims that an attempt for some key may name `supply`: lengths and counter, and nothing of its parts. */
export function isWellFormedSupply(supply: Supply): boolean {
  return (
    supply.boot.length === BOOT_BYTES &&
    supply.counter > 0n &&
    supply.counter <= BigInt(Number.MAX_SAFE_INTEGER) &&
    KEY_ALGORITHMS.some((algorithm) => isSupplyOf(algorithm, supply.parts))
  );
}

/** With supplies: one of each of t participants. */
function fitsSupplies(key: ActiveKey, { assignment, auxiliary, presignature }: Attempt): boolean {
  if (assignment?.$case !== 'supplies' || auxiliary !== undefined) return false;
  if (presignature !== undefined) return false;
  const { supplies } = assignment.value;
  const algorithm = algorithmOf(key);
  const holders = new Set(key.participants.map(({ nodeId }) => nodeId));
  return (
    supplies.length === key.threshold &&
    isSorted(supplies) &&
    supplies.every(
      (supply) =>
        holders.has(supply.nodeId) &&
        isWellFormedSupply(supply) &&
        isSupplyOf(algorithm, supply.parts),
    )
  );
}

/** None needs one. A bare digest must not have one: of a presignature that is known, a digest can be chosen that forges. */
function fitsPresignature({ payload }: ParsedSign, { presignature }: Attempt): boolean {
  if (presignature === undefined) return true;
  return presignature.length === PRESIGNATURE_BYTES && payload.form !== 'digest';
}

function nodesOf({ assignment }: Attempt): readonly { readonly nodeId: string }[] {
  if (assignment === undefined) return [];
  return assignment.$case === 'supplies' ? assignment.value.supplies : assignment.value.nodes;
}

/** The signature that the material of `done` spells, and behind that of a digest its recovery id. */
function madeOf(
  algorithm: KeyAlgorithm,
  material: Uint8Array,
): Pick<SignatureResult, 'signature' | 'recoveryId'> | undefined {
  const { signatureBytes, signs } = ALGORITHMS[algorithm];
  const signature = material.subarray(0, signatureBytes);
  if (signs === 'message') {
    return material.length === signatureBytes ? { signature, recoveryId: undefined } : undefined;
  }
  const recoveryId = material[signatureBytes];
  return material.length === signatureBytes + 1 && recoveryId !== undefined && recoveryId <= 3
    ? { signature, recoveryId }
    : undefined;
}
