import { keyId } from '../../common/index.js';
import type { KeyId, Millis } from '../../common/index.js';
import {
  decode,
  encode,
  KeyRetiredResult,
  LifecycleRecord,
  RetireKeyRequest,
} from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import { checkInUse, checkMayEnd, endTasksOf, findKey } from '../key-ends.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  ENDS_LEVEL,
  RECOVERY_WINDOW_MS,
  RECOVERY_WINDOW_MS_MAX,
  RECOVERY_WINDOW_MS_MIN,
} from '../limits.js';
import { METHODS } from '../methods.js';
import { readKey, readTotals, writeKey } from '../records.js';
import { checkId, notCanonical, refuseField } from '../request-fields.js';

export type ParsedRetireKey = ParsedRequest & {
  readonly kind: 'retire-key';
  readonly keyId: KeyId;
  /** From the entry on, by the cluster's clock. */
  readonly recoveryWindowMs: Millis;
};

/**
 * Takes a key out of use. Done by being applied: from this entry on no share is made, and what is open for the key ends as
 * failed. Nothing is erased, so that the key can be restored.
 */
export const retireKeyRules: KindRules<ParsedRetireKey> = {
  kind: 'retire-key',
  level: ENDS_LEVEL,
  method: METHODS.retireKey,
  askers: { roles: ['operator', 'app'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(RetireKeyRequest, bytes);
    if (request === undefined) return notCanonical('RetireKeyRequest');
    const { requestId } = request;
    const wrong = checkId('request_id', requestId) ?? checkId('key_id', request.keyId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    const recoveryWindowMs = windowMsOf(request);
    if (recoveryWindowMs === undefined) {
      return refuseField(
        'recovery_window',
        'INVALID_RECOVERY_WINDOW',
        'recovery_window must be whole seconds, from a minute to 365 days; unset means 7 days',
      );
    }
    const value = { requestId, keyId: keyId(request.keyId), recoveryWindowMs };
    return { ok: true, value: { kind: 'retire-key', ...value } };
  },

  checkAccess: checkMayEnd,

  admit(view, asked) {
    const key = findKey(view, asked.keyId);
    if (!key.ok) return key;
    const over = checkInUse(key.value);
    return over === undefined
      ? { ok: true, value: { participants: [], key: key.value } }
      : { ok: false, refusal: over };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { asked }, request) {
    const key = readKey(draft, asked.keyId);
    if (key === undefined) return undefined;
    const timeMs = Number(readTotals(draft).timeMs);
    const recoverableUntilMs = BigInt(timeMs + asked.recoveryWindowMs);
    const retiredBy = { ...request, firstAttempt: undefined };
    const times = { retireTimeMs: BigInt(timeMs), recoverableUntilMs };
    const lifecycle = LifecycleRecord.fromPartial({ ...times, retiredBy });
    writeKey(draft, { ...key, lifecycle });
    return encode(KeyRetiredResult, { recoverableUntilMs });
  },

  effects(draft, { record, asked }, timeMs, context) {
    const ended = endTasksOf(draft, asked.keyId, record.taskId, timeMs, context);
    return [{ type: 'key-stage-changed', key: asked.keyId, stage: 'retired' }, ...ended];
  },

  result: () => undefined,
  close: () => undefined,
};

/** The time for which a key is to be recoverable; `undefined` for one that nobody may ask for. */
function windowMsOf({ recoveryWindow }: RetireKeyRequest): Millis | undefined {
  if (recoveryWindow === undefined) return RECOVERY_WINDOW_MS;
  const ms = Number(recoveryWindow.seconds) * 1000;
  const isAllowed = ms >= RECOVERY_WINDOW_MS_MIN && ms <= RECOVERY_WINDOW_MS_MAX;
  return isAllowed && recoveryWindow.nanos === 0 ? ms : undefined;
}

/** The result of a task that retired a key; `undefined` for any other. */
export function keyRetiredOf({ kind, outcome }: TaskRecord): KeyRetiredResult | undefined {
  return kind === retireKeyRules.kind && outcome?.$case === 'result'
    ? decode(KeyRetiredResult, outcome.value)
    : undefined;
}
