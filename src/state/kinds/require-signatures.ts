import {
  decode,
  encode,
  RequireSignaturesRequest,
  SignaturesRequiredResult,
} from '../../wire/index.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { METHODS } from '../methods.js';
import { requireSignatures } from '../records.js';
import { checkId, notCanonical } from '../request-fields.js';

/** No request without a signature from here on. */
export type ParsedRequireSignatures = ParsedRequest & { readonly kind: 'require-signatures' };

/** Ends requests that their requesters did not sign, for good. Done by being applied: no node has to contribute. */
export const requireSignaturesRules: KindRules<ParsedRequireSignatures> = {
  kind: 'require-signatures',
  level: 1,
  method: METHODS.requireSignatures,
  askers: { roles: ['operator'], voucher: false },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(RequireSignaturesRequest, bytes);
    if (request === undefined) return notCanonical('RequireSignaturesRequest');
    const { requestId } = request;
    const refusal = checkId('request_id', requestId);
    return refusal === undefined
      ? { ok: true, value: { kind: 'require-signatures', requestId } }
      : { ok: false, refusal };
  },

  checkAccess: () => undefined,
  admit: () => ({ ok: true, value: { participants: [], key: undefined } }),
  participants: () => [],
  fitsAttempt: () => false,

  open(draft, _, request) {
    requireSignatures(draft, request);
    return encode(SignaturesRequiredResult, {});
  },

  result: () => undefined,
  close: () => undefined,
};
