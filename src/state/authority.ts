import { parseSpiffe, voucherBytes } from '../identity/index.js';
import type { Genesis, Identity } from '../identity/index.js';
import type { Verify } from '../ports/index.js';
import type { Request, Voucher } from '../wire/index.js';
import { refusal } from './refusal.js';
import type { Refusal } from './refusal.js';

/** What does not change while a node runs, and what every node must be given alike. */
export type Rules = {
  readonly genesis: Genesis;
  readonly verify: Verify;
};

/** Who asks, as far as the log can tell, and until when. */
export type Authority = { readonly requester: Identity; readonly expireTimeMs: number };

export type Judged<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function refuse(
  code: Refusal['code'],
  reason: string,
  message: string,
  more: Pick<Refusal, 'field' | 'facts'> = {},
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: refusal(code, reason, message, more) };
}

/**
 * Whose request this is: signature, chain and role (`docs/threats.md`, Entries). Here the word of the entry node stands for the
 * requester's signature, where the genesis permits it.
 */
export function judgeAuthority(request: Request, rules: Rules): Judged<Authority> {
  const by = request.authorization?.by;
  switch (by?.$case) {
    case 'voucher':
      return judgeVoucher(request, by.value, rules);
    case 'signed':
      return refuse(
        'unsupported',
        'SIGNED_REQUESTS_UNSUPPORTED',
        'This version does not take requests signed by their requesters',
      );
    case undefined:
      return refuse('unauthenticated', 'UNAUTHENTICATED', 'The request carries no authorization');
  }
}

function judgeVoucher(request: Request, voucher: Voucher, rules: Rules): Judged<Authority> {
  const { genesis, verify } = rules;
  if (!genesis.unsigned) {
    return refuse(
      'unauthenticated',
      'SIGNATURE_REQUIRED',
      'This cluster takes only requests that their requesters signed',
    );
  }
  const node = genesis.members.find((member) => member.nodeId === voucher.nodeId);
  const expireTimeMs = Number(voucher.expireTimeMs);
  const signed =
    node !== undefined &&
    Number.isSafeInteger(expireTimeMs) &&
    verify.identity(
      node.identityKey,
      voucherBytes(
        genesis.clusterId,
        request.method,
        voucher.spiffeId,
        expireTimeMs,
        request.request,
      ),
      voucher.signature,
    );
  if (!signed) {
    return refuse(
      'unauthenticated',
      'INVALID_VOUCHER',
      'No member of the cluster vouches for the request',
    );
  }
  const requester = parseSpiffe(voucher.spiffeId);
  if (requester === undefined) {
    return refuse('unauthenticated', 'INVALID_SPIFFE_ID', 'The requester has no SPIFFE id');
  }
  if (requester.role !== 'app' && requester.role !== 'operator') {
    return refuse(
      'forbidden',
      'ROLE_FORBIDDEN',
      `Role ${requester.role} may not generate keys or sign`,
    );
  }
  return { ok: true, value: { requester, expireTimeMs } };
}
