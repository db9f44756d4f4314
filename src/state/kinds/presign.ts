import { equal, isId, keyId, refuse } from '../../common/index.js';
import type { KeyId } from '../../common/index.js';
import { presignatureReadyBytes } from '../../identity/index.js';
import { bodyDigest, digestBytes, TO_ALL } from '../../mpc/index.js';
import type { Verify } from '../../ports/index.js';
import {
  decode,
  encode,
  PresignatureMade,
  PresignatureResult,
  PresignRequest,
} from '../../wire/index.js';
import type { KeyParticipant, TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import { isInUse } from '../key-ends.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { PRESIGNS_OPEN_MAX, UPKEEP_LEVEL } from '../limits.js';
import { UPKEEP_METHODS } from '../methods.js';
import { setOfKey, signersOf } from '../participant-sets.js';
import { requestOf } from '../parse.js';
import { countPresignFailure, forgetPresignFailures, isPutOff } from '../presign-failures.js';
import { readKey, readTotals } from '../records.js';
import { notCanonical } from '../request-fields.js';
import { fitsSession, namesEarlier, PRESIGNATURE_BYTES } from '../session-attempts.js';

export type ParsedPresign = ParsedRequest & {
  readonly kind: 'presign';
  readonly keyId: KeyId;
  /** The version that the presignature is of. */
  readonly version: number;
};

/** The messages by which a signer says READY of a presignature. */
const READY_KIND = 'gg20-presign/ready';

/**
 * Makes one presignature of a GG20 key, by as many of its participants as it takes to sign. No requester asks for it, and the state keeps
 * no count of presignatures, which are in memory alone: it bounds how many are made at once, and puts the next off after a
 * failure. Whether there is room for one more is for each signer to say.
 */
export const presignRules: KindRules<ParsedPresign> = {
  kind: 'presign',
  level: UPKEEP_LEVEL,
  method: UPKEEP_METHODS.presign,
  askers: { roles: [], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(PresignRequest, bytes);
    if (request === undefined || !isId(request.keyId) || request.version < 1) {
      return notCanonical('PresignRequest');
    }
    const { version } = request;
    const value = { kind: 'presign', requestId: '', keyId: keyId(request.keyId), version } as const;
    return { ok: true, value };
  },

  checkAccess: () => undefined,
  /** No request opens such a task. */
  admit: () => refuse('invalid-request', 'UNKNOWN_METHOD', 'No requester asks for this'),
  participants: (view, asked) => readKey(view, asked.keyId)?.participants ?? [],

  fitsAttempt(view, asked, attempt) {
    const key = readKey(view, asked.keyId);
    const set = key && setOfKey(key);
    if (key === undefined || set === undefined || !isInUse(key)) return false;
    return (
      attempt.dealers.length === 0 &&
      attempt.presignature === undefined &&
      attempt.version === asked.version &&
      key.version === asked.version &&
      equal(key.sessionId, attempt.sharingSession) &&
      fitsSession(view, key, set, attempt)
    );
  },

  /** The version, or the set's generation, may be another one meanwhile. */
  isOutdated(view, asked, { auxiliary }) {
    const key = readKey(view, asked.keyId);
    if (key === undefined) return false;
    if (key.version > asked.version) return true;
    return namesEarlier(view, setOfKey(key), auxiliary);
  },

  open: () => undefined,

  /** Every signer's READY of the presignature: nobody else could have said it. */
  result(view, asked, { attempt, sessionId }, material, { verify }) {
    const nodes = attempt?.assignment?.$case === 'boots' ? attempt.assignment.value.nodes : [];
    const participants = readKey(view, asked.keyId)?.participants ?? [];
    const signers = nodes.map((node) => participants.find((each) => each.nodeId === node.nodeId));
    const presignature = areReady(verify, sessionId, signers, material);
    if (attempt === undefined || presignature === undefined) return undefined;
    return encode(PresignatureResult, {
      presignature,
      keyVersion: attempt.version,
      signers: nodes.map(({ nodeId }) => nodeId),
      attempt: attempt.number,
    });
  },

  close(draft, task, _, outcome) {
    const asked = presignOf(task);
    if (asked === undefined) return;
    const key = readKey(draft, asked.keyId);
    const isOfUse = key !== undefined && isInUse(key) && key.version === asked.version;
    if (outcome.$case === 'result' || !isOfUse) forgetPresignFailures(draft, asked.keyId);
    else countPresignFailure(draft, asked.keyId, Number(readTotals(draft).timeMs));
  },

  upkeep: {
    isDue(view, asked, timeMs) {
      const key = readKey(view, asked.keyId);
      return (
        key?.version === asked.version &&
        isInUse(key) &&
        setOfKey(key) !== undefined &&
        signersOf(view, key).length >= key.threshold &&
        openCount(readTotals(view), presignRules.kind) < PRESIGNS_OPEN_MAX &&
        !isPutOff(view, asked.keyId, timeMs)
      );
    },

    /** Failures, other presigns, and the key's next version or end come between. */
    isOvertaken(view, asked) {
      const key = readKey(view, asked.keyId);
      return key !== undefined && setOfKey(key) !== undefined && key.version >= asked.version;
    },

    /** By the state alone none is needed: which presignatures there are is known to their signers, and told to leaders. */
    due: () => [],
  },
};

/**
 * The presignature of which every signer has said READY in a session; `undefined` where one has not.
 *
 * @param signers - In order of party index.
 * @param material - An encoded `PresignatureMade`: any bytes.
 */
export function areReady(
  verify: Pick<Verify, 'identity'>,
  sessionId: Uint8Array,
  signers: readonly (KeyParticipant | undefined)[],
  material: Uint8Array,
): Uint8Array | undefined {
  const made = decode(PresignatureMade, material);
  if (made?.presignature.length !== PRESIGNATURE_BYTES) return undefined;
  if (signers.length === 0 || made.ready.length !== signers.length) return undefined;
  const digest = bodyDigest(presignatureReadyBytes(made.presignature));
  const isReady = signers.every((signer, at) => {
    const signed = digestBytes(sessionId, READY_KIND, at + 1, TO_ALL, digest);
    const ready = made.ready[at];
    return (
      signer !== undefined &&
      ready !== undefined &&
      verify.identity(signer.identityKey, signed, ready)
    );
  });
  return isReady ? made.presignature : undefined;
}

export function isPresign(asked: ParsedRequest): asked is ParsedPresign {
  return asked.kind === presignRules.kind;
}

/** The request of an open presign; `undefined` for any other task. */
export function presignOf(task: TaskRecord): ParsedPresign | undefined {
  return requestOf(presignRules, task);
}

/** The recorded presignature; `undefined` for any other task, and for one without a result. */
export function presignatureOf({ kind, outcome }: TaskRecord): PresignatureResult | undefined {
  if (kind !== presignRules.kind || outcome?.$case !== 'result') return undefined;
  return decode(PresignatureResult, outcome.value);
}
