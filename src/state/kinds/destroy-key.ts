import { keyId, refuse } from '../../common/index.js';
import type { KeyId, Millis, Refusal } from '../../common/index.js';
import { decode, DestroyKeyRequest, KeyDestroyedResult } from '../../wire/index.js';
import type { LifecycleRecord, TaskRecord } from '../../wire/index.js';
import { openCount } from '../counts.js';
import { checkNotEnded, findKey } from '../key-ends.js';
import { holdersOf } from '../keys.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { DESTROYS_OPEN_MAX, ENDS_LEVEL } from '../limits.js';
import { METHODS } from '../methods.js';
import { dropSetKey, setOfKey } from '../participant-sets.js';
import { forgetPresignFailures } from '../presign-failures.js';
import { readKey, readTotals, writeKey } from '../records.js';
import { checkId, invalidField, notCanonical } from '../request-fields.js';

export type ParsedDestroyKey = ParsedRequest & {
  readonly kind: 'destroy-key';
  readonly keyId: KeyId;
};

/**
 * Has every node that may hold a share of a retired key erase it, once nobody may rely on its being recoverable any more. There is
 * no way back, and no outcome but that all have signed that they hold none: neither a leader nor time ends the task. The key's record
 * stays, so that its id is never used again.
 */
export const destroyKeyRules: KindRules<ParsedDestroyKey> = {
  kind: 'destroy-key',
  level: ENDS_LEVEL,
  method: METHODS.destroyKey,
  askers: { roles: ['operator'], voucher: false },
  opensWithAttempt: false,
  endsByFactsAlone: true,

  parse(bytes) {
    const request = decode(DestroyKeyRequest, bytes);
    if (request === undefined) return notCanonical('DestroyKeyRequest');
    const { requestId, confirmKeyId } = request;
    const wrong =
      checkId('request_id', requestId) ??
      checkId('key_id', request.keyId) ??
      checkConfirmed(request.keyId, confirmKeyId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    const value = { kind: 'destroy-key', requestId, keyId: keyId(request.keyId) } as const;
    return { ok: true, value };
  },

  checkAccess: () => undefined,

  bounds: (all, own) => [
    {
      held: openCount(own, 'destroy-key'),
      taken: openCount(all, 'destroy-key'),
      max: DESTROYS_OPEN_MAX,
    },
  ],

  admit(view, asked, _, timeMs) {
    if (openCount(readTotals(view), 'destroy-key') >= DESTROYS_OPEN_MAX) {
      return refuse('overloaded', 'TOO_MANY_TASKS', 'Too many keys are being destroyed');
    }
    const found = findKey(view, asked.keyId);
    if (!found.ok) return found;
    const key = found.value;
    const over = checkNotEnded(key);
    if (over !== undefined) return { ok: false, refusal: over };
    const { lifecycle } = key;
    if (lifecycle === undefined) {
      const words = `Key ${key.keyId} is in use: it must be retired before`;
      return refuse('wrong-state', 'KEY_NOT_RETIRED', words, { field: 'key_id' });
    }
    return isRecoverable(lifecycle, timeMs)
      ? refuse(
          'wrong-state',
          'KEY_RECOVERABLE',
          `Key ${key.keyId} is not destroyed before its recovery window is over, at ` +
            new Date(Number(lifecycle.recoverableUntilMs)).toISOString(),
          { field: 'key_id', facts: { until_ms: String(lifecycle.recoverableUntilMs) } },
        )
      : { ok: true, value: { participants: [], key } };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { record, asked }, request) {
    const key = readKey(draft, asked.keyId);
    if (key?.lifecycle === undefined) return undefined;
    const lifecycle: LifecycleRecord = {
      ...key.lifecycle,
      destroyedBy: { ...request, firstAttempt: undefined },
      destroyTimeMs: readTotals(draft).timeMs,
      taskId: record.taskId,
      holders: [...holdersOf(key, [])],
    };
    writeKey(draft, { ...key, lifecycle });
    const set = setOfKey(key);
    if (set !== undefined) dropSetKey(draft, set, key.threshold);
    forgetPresignFailures(draft, asked.keyId);
    return undefined;
  },

  effects: (_, { asked }) => [{ type: 'key-stage-changed', key: asked.keyId, stage: 'destroying' }],

  /** The last `destroyed` is what closes it. */
  result: () => undefined,
  close: () => undefined,
};

export function isDestroyKey(asked: ParsedRequest): asked is ParsedDestroyKey {
  return asked.kind === destroyKeyRules.kind;
}

/** The result of a task that destroyed a key; `undefined` for any other, and for one that is open. */
export function keyDestroyedOf({ kind, outcome }: TaskRecord): KeyDestroyedResult | undefined {
  return kind === destroyKeyRules.kind && outcome?.$case === 'result'
    ? decode(KeyDestroyedResult, outcome.value)
    : undefined;
}

/** Claims that a retired key may not be destroyed yet. */
export function isRecoverable({ recoverableUntilMs }: LifecycleRecord, timeMs: Millis): boolean {
  return timeMs < Number(recoverableUntilMs);
}

function checkConfirmed(id: string, confirmed: string): Refusal | undefined {
  if (id === confirmed) return undefined;
  return invalidField(
    'confirm_key_id',
    'CONFIRMATION_DIFFERS',
    'confirm_key_id must be the id of the key that is to be destroyed, once more',
  );
}
