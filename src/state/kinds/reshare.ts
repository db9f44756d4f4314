import { compareText, keyId, nodeId, refusal, refuse } from '../../common/index.js';
import type { KeyId, Millis, NodeId, Refusal } from '../../common/index.js';
import { decode, ResharedKeyResult, ReshareKeyRequest } from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import { checkInUse, checkMayEnd, refuseKey } from '../key-ends.js';
import { isCertified } from '../keys.js';
import type { ActiveKey } from '../keys.js';
import type { JudgingContext, KindRules, ParsedRequest } from '../kind-rules.js';
import { RESHARE_LEVEL, RESHARES_OPEN_MAX } from '../limits.js';
import { checkHolders, members, shareHolders } from '../members.js';
import { METHODS } from '../methods.js';
import { checkRoomFor, setBound } from '../participant-sets.js';
import { requestOf } from '../parse.js';
import { readKey, readTotals } from '../records.js';
import {
  checkId,
  checkInterval,
  checkParticipants,
  checkThreshold,
  intervalOf,
  notCanonical,
  refuseField,
} from '../request-fields.js';
import { resharingOf } from '../resharing.js';
import type { View } from '../view.js';
import {
  activateVersion,
  closeVersion,
  fitsVersion,
  isOutdatedVersion,
  openVersion,
  setOfVersion,
  versionTerms,
} from './new-version.js';
import type { NewVersion } from './new-version.js';

export type ParsedReshare = ParsedRequest & {
  readonly kind: 'reshare';
  readonly keyId: KeyId;
  /** 0 for that of the key. */
  readonly threshold: number;
  /** Sorted bytewise; empty for those of the key. */
  readonly participants: readonly NodeId[];
  readonly allowNoRedundancy: boolean;
  /** From one refresh to the next, 0 for none; `undefined` for that of the key. */
  readonly intervalMs: Millis | undefined;
};

/**
 * Shares a key anew, as an operator or its owner asks: among other participants, with another threshold, or the same. No node vouches
 * for such a request: whoever names the participants could name itself alone.
 */
export const reshareRules: KindRules<ParsedReshare> = {
  kind: 'reshare',
  level: RESHARE_LEVEL,
  method: METHODS.reshareKey,
  askers: { roles: ['operator', 'app'], voucher: false },
  opensWithAttempt: false,
  cancellable: true,

  parse(bytes) {
    const request = decode(ReshareKeyRequest, bytes);
    if (request === undefined) return notCanonical('ReshareKeyRequest');
    const { requestId, threshold, allowNoRedundancy, reshareInterval } = request;
    const badId = checkId('request_id', requestId) ?? checkId('key_id', request.keyId);
    if (badId !== undefined) return { ok: false, refusal: badId };
    const wrong = checkParticipants(request.participants) ?? checkInterval(reshareInterval);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    if (threshold === 1)
      return refuseField('threshold', 'INVALID_THRESHOLD', 'threshold must be at least 2, or 0');
    // The request is the proof of both for a reader of the key, who has no other.
    if ((threshold === 0) !== (request.participants.length === 0)) {
      const words = 'A request to reshare names threshold and participants both, or neither';
      return refuseField('threshold', 'NAME_BOTH', words);
    }
    return {
      ok: true,
      value: {
        kind: 'reshare',
        requestId,
        keyId: keyId(request.keyId),
        threshold,
        participants: request.participants.map(nodeId).sort(compareText),
        allowNoRedundancy,
        intervalMs: intervalOf(reshareInterval),
      },
    };
  },

  checkAccess: checkMayEnd,

  bounds(all, own, _, { view, asked, requester }, context) {
    const made = versionAsked(view, asked, context);
    const set = made && setOfVersion(made);
    return [
      {
        held: openCount(own, 'reshare'),
        taken: openCount(all, 'reshare'),
        max: RESHARES_OPEN_MAX,
      },
      ...(set === undefined ? [] : setBound(view, set, requester)),
    ];
  },

  admit(view, asked, context) {
    if (openCount(readTotals(view), 'reshare') >= RESHARES_OPEN_MAX) {
      return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many reshares are open');
    }
    const made = versionAsked(view, asked, context);
    if (made === undefined) return refuseKey(asked.keyId);
    const { key, participants } = made;
    const wrong =
      checkInUse(key) ??
      checkState(key) ??
      checkHolders(asked.participants, participants) ??
      checkCounts(asked, made) ??
      checkRoomFor(view, setOfVersion(made));
    return wrong === undefined
      ? { ok: true, value: { participants, key } }
      : { ok: false, refusal: wrong };
  },

  participants: (view, asked, context) => versionAsked(view, asked, context)?.participants ?? [],

  fitsAttempt(view, asked, attempt, context) {
    const made = versionAsked(view, asked, context);
    return made !== undefined && fitsVersion(view, made, attempt);
  },

  isOutdated: (view, asked, attempt, context) =>
    isOutdatedVersion(view, versionAsked(view, asked, context), attempt),

  open(draft, { record, asked }, _, context) {
    const made = versionAsked(draft, asked, context);
    if (made !== undefined) openVersion(draft, made, record);
    return undefined;
  },

  /** The last `ready` is what closes it. */
  result: () => undefined,

  close(draft, task, context, outcome) {
    const asked = reshareOf(task);
    const made = asked && versionAsked(draft, asked, context);
    if (made !== undefined) closeVersion(draft, made, task, outcome, false);
  },

  sharing: {
    terms(view, asked, context) {
      const made = versionAsked(view, asked, context);
      return made && versionTerms(made);
    },

    activate(draft, { record, asked }, sharing, said, moment, context) {
      const made = versionAsked(draft, asked, context);
      if (made === undefined) return new Uint8Array(0);
      const { method, request, authorization } = record;
      const authority = asked.threshold === 0 ? undefined : { method, request, authorization };
      return activateVersion(draft, made, sharing, said, moment, authority);
    },
  },
};

export function isReshare(asked: ParsedRequest): asked is ParsedReshare {
  return asked.kind === reshareRules.kind;
}

/** The request of an open reshare; `undefined` for any other task. */
export function reshareOf(task: TaskRecord): ParsedReshare | undefined {
  return requestOf(reshareRules, task);
}

/** The recorded result of a reshare or a refresh; `undefined` for any other task, and for one without a result. */
export function resharedKeyOf({ kind, outcome }: TaskRecord): ResharedKeyResult | undefined {
  const isResult = outcome?.$case === 'result' && (kind === 'reshare' || kind === 'refresh');
  return isResult ? decode(ResharedKeyResult, outcome.value) : undefined;
}

/** The version that a request asks for, of the key as it is; `undefined` where there is no such key. */
export function versionAsked(
  view: View,
  asked: ParsedReshare,
  { genesis }: JudgingContext,
): NewVersion | undefined {
  const key = readKey(view, asked.keyId);
  if (key === undefined) return undefined;
  const named = new Set<string>(asked.participants);
  const able = shareHolders(members(view, genesis));
  return {
    key,
    threshold: asked.threshold === 0 ? key.threshold : asked.threshold,
    participants:
      named.size === 0 ? key.participants : able.filter(({ nodeId: id }) => named.has(id)),
    intervalMs: asked.intervalMs ?? Number(resharingOf(key).intervalMs),
  };
}

function checkState(key: ActiveKey): Refusal | undefined {
  const { taskId } = resharingOf(key);
  if (taskId !== '') {
    return refusal(
      'wrong-state',
      'RESHARE_OPEN',
      `Task ${taskId} makes the next version of key ${key.keyId} already`,
      { field: 'key_id', facts: { task_id: taskId } },
    );
  }
  return isCertified(key)
    ? undefined
    : refusal(
        'wrong-state',
        'KEY_PENDING',
        `Too few participants of key ${key.keyId} have installed version ${key.version} yet`,
        { field: 'key_id' },
      );
}

/** Counts that stay as they are were permitted when the key was made. */
function checkCounts(
  { allowNoRedundancy }: ParsedReshare,
  { key, threshold, participants }: NewVersion,
): Refusal | undefined {
  const isSame = threshold === key.threshold && participants.length === key.participants.length;
  return checkThreshold(threshold, participants.length, allowNoRedundancy || isSame);
}
