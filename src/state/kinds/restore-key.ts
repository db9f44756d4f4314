import { keyId, refuse } from '../../common/index.js';
import type { KeyId } from '../../common/index.js';
import { decode, encode, KeyRestoredResult, RestoreKeyRequest } from '../../wire/index.js';
import { checkMayEnd, checkNotEnded, findKey, isInUse } from '../key-ends.js';
import { stageOf } from '../keys.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { ENDS_LEVEL } from '../limits.js';
import { METHODS } from '../methods.js';
import { readKey, writeKey } from '../records.js';
import { checkId, notCanonical } from '../request-fields.js';

export type ParsedRestoreKey = ParsedRequest & {
  readonly kind: 'restore-key';
  readonly keyId: KeyId;
};

/** Puts a retired key back in use, as it was. Done by being applied. */
export const restoreKeyRules: KindRules<ParsedRestoreKey> = {
  kind: 'restore-key',
  level: ENDS_LEVEL,
  method: METHODS.restoreKey,
  askers: { roles: ['operator', 'app'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(RestoreKeyRequest, bytes);
    if (request === undefined) return notCanonical('RestoreKeyRequest');
    const { requestId } = request;
    const wrong = checkId('request_id', requestId) ?? checkId('key_id', request.keyId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    const value = { kind: 'restore-key', requestId, keyId: keyId(request.keyId) } as const;
    return { ok: true, value };
  },

  checkAccess: checkMayEnd,

  admit(view, asked) {
    const key = findKey(view, asked.keyId);
    if (!key.ok) return key;
    const over = checkNotEnded(key.value);
    if (over !== undefined) return { ok: false, refusal: over };
    return isInUse(key.value)
      ? refuse('wrong-state', 'KEY_NOT_RETIRED', `Key ${asked.keyId} is in use`, {
          field: 'key_id',
        })
      : { ok: true, value: { participants: [], key: key.value } };
  },

  participants: () => [],
  fitsAttempt: () => false,

  open(draft, { asked }) {
    const key = readKey(draft, asked.keyId);
    if (key === undefined) return undefined;
    writeKey(draft, { ...key, lifecycle: undefined });
    return encode(KeyRestoredResult, {});
  },

  effects(draft, { asked }) {
    const key = readKey(draft, asked.keyId);
    if (key === undefined) return [];
    return [{ type: 'key-stage-changed', key: asked.keyId, stage: stageOf(key) }];
  },

  result: () => undefined,
  close: () => undefined,
};
