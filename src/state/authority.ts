import {
  parseSpiffe,
  rawSignature,
  requestBytes,
  Requesters,
  voucherBytes,
} from '../identity/index.js';
import type { Genesis, Identity, RevocationName } from '../identity/index.js';
import { refusal, refuse } from '../common/index.js';
import type { Millis, Refusal, Result } from '../common/index.js';
import type { Verify } from '../ports/index.js';
import type { Authorization, Request, Voucher } from '../wire/index.js';
import type { Askers, JudgingContext, KindTable } from './kind-rules.js';
import { TASK_KINDS } from './kinds/index.js';
import { members } from './members.js';
import type { Member } from './members.js';
import { takesUnsigned } from './records.js';
import { isRevoked } from './revocations.js';
import type { View } from './view.js';
import { CLOCK_AHEAD_MS_MAX, EXPIRY_AHEAD_MS_MAX } from './limits.js';

/** @param kinds - The kinds of task whose requests count: those of this build. */
export function judgingContext(
  genesis: Genesis,
  verify: Verify,
  kinds: KindTable = TASK_KINDS,
): JudgingContext {
  const requesters = new Requesters(genesis.requesterCa, (...asked) => verify.certified(...asked));
  return { genesis, verify, requesters, kinds };
}

/** Whether vouchers stand for signatures, and whose; and which certificates count no more. */
export type Trust = {
  readonly isRevoked: (names: readonly RevocationName[]) => boolean;
  readonly takesUnsigned: boolean;
  readonly members: readonly Member[];
};

export function trustOf(view: View, { genesis }: JudgingContext): Trust {
  return {
    isRevoked: (names) => isRevoked(view, names),
    takesUnsigned: takesUnsigned(view, genesis),
    members: members(view, genesis),
  };
}

/** The requester, as far as the log can tell, and the end of the request's life. */
export type Authority = Life & {
  readonly requester: Identity;
  /** Of the certificates that it is signed with, the names under which they are revoked; none of a voucher. */
  readonly names: readonly RevocationName[];
};

/** When a request counts. */
export type Life = {
  readonly expireTimeMs: Millis;
  /** The requester itself has signed, and its certificates are good from here to there. */
  readonly certified: { readonly notBeforeMs: Millis; readonly notAfterMs: Millis } | undefined;
};

/**
 * The requester of a request, by signature, chain and role (`docs/threats.md`, Entries). Says nothing of time, so that
 * a request that is known stays known: {@link checkTime} does.
 *
 * @param askers - Those of the request's kind.
 * @param trust - What the cluster takes for a requester's signature.
 */
export function admitAuthority(
  request: Request,
  askers: Askers,
  context: JudgingContext,
  trust: Trust,
): Result<Authority> {
  const by = request.authorization?.by;
  switch (by?.$case) {
    case 'voucher': {
      const judged = admitVoucher(request, by.value, askers, context, trust);
      return withRole(request, askers, judged);
    }
    case 'signed':
      return withRole(request, askers, admitSigned(request, by.value, context, trust));
    case undefined:
      return refuse('unauthenticated', 'UNAUTHENTICATED', 'The request carries no authorization');
  }
}

/** The refusal of an authority that has expired at `timeMs`. It stays over, unless an operator corrects the cluster's clock. */
export function checkLife(authority: Life, timeMs: Millis): Refusal | undefined {
  const { expireTimeMs, certified } = authority;
  if (timeMs >= expireTimeMs) {
    return refusal(
      'unauthenticated',
      'REQUEST_EXPIRED',
      "The request has expired by the cluster's clock",
      {
        facts: timesOf(authority, timeMs),
      },
    );
  }
  return certified !== undefined && timeMs > certified.notAfterMs
    ? outOfDate(authority, timeMs)
    : undefined;
}

/** The refusal of an authority that does not count at `timeMs`: its life is over, too long, or not begun. */
export function checkTime(authority: Life, timeMs: Millis): Refusal | undefined {
  return checkLife(authority, timeMs) ?? checkEarly(authority, timeMs);
}

/**
 * The refusal of an authority whose life is too long or has not begun at `timeMs`.
 *
 * @param laterMs - How much later than at `timeMs` the log may judge it: what passes then is not refused.
 */
export function checkEarly(
  authority: Life,
  timeMs: Millis,
  laterMs: Millis = 0,
): Refusal | undefined {
  const { expireTimeMs, certified } = authority;
  const latestMs = timeMs + laterMs;
  // A node's clock may be ahead of the cluster's, and its client cannot do anything about it.
  const aheadMs = EXPIRY_AHEAD_MS_MAX + (certified === undefined ? CLOCK_AHEAD_MS_MAX : 0);
  if (expireTimeMs - latestMs > aheadMs) {
    return refusal(
      'unauthenticated',
      'EXPIRY_TOO_FAR',
      `The request expires more than ${EXPIRY_AHEAD_MS_MAX / 60_000} minutes ahead of the cluster's clock`,
      { facts: timesOf(authority, timeMs) },
    );
  }
  return certified !== undefined && latestMs < certified.notBeforeMs
    ? outOfDate(authority, timeMs)
    : undefined;
}

function outOfDate(authority: Life, timeMs: Millis): Refusal {
  return refusal(
    'unauthenticated',
    'CERTIFICATE_OUT_OF_DATE',
    "A certificate of the requester's is not good yet, or no longer, by the cluster's clock",
    { facts: timesOf(authority, timeMs) },
  );
}

/** The cluster's time is told, so that a client whose clock is wrong can sign again. */
function timesOf({ expireTimeMs, certified }: Life, timeMs: Millis): Record<string, string> {
  return {
    time_ms: String(timeMs),
    expire_time_ms: String(expireTimeMs),
    ...(certified && {
      not_before_ms: String(certified.notBeforeMs),
      not_after_ms: String(certified.notAfterMs),
    }),
  };
}

function admitSigned(
  request: Request,
  { certificates, signature, expireTimeMs }: Authorization,
  { genesis, verify, requesters }: JudgingContext,
  trust: Trust,
): Result<Authority> {
  const verdict = requesters.judge(certificates);
  if (!verdict.ok) {
    return refuse(
      'unauthenticated',
      'INVALID_CERTIFICATE',
      `The requester's certificates do not count: ${verdict.refusal}`,
    );
  }
  const { identity, key, notBeforeMs, notAfterMs, names } = verdict.value;
  const raw = rawSignature(key.kind, signature);
  const bytes = requestBytes(genesis.clusterId, request.method, expireTimeMs, request.request);
  if (raw === undefined || !verify.certified(key, bytes, raw)) {
    return refuse(
      'unauthenticated',
      'INVALID_SIGNATURE',
      `It is not a signature of ${identity.spiffeId} over this method, cluster, expiry and request`,
    );
  }
  // After the signature: a stranger learns nothing of the list by showing another's certificate.
  if (trust.isRevoked(names)) {
    return refuse(
      'unauthenticated',
      'CERTIFICATE_REVOKED',
      `A certificate of ${identity.spiffeId}, or the authority that issued it, is revoked: get a new one`,
    );
  }
  return {
    ok: true,
    value: {
      requester: identity,
      expireTimeMs: Number(expireTimeMs),
      certified: { notBeforeMs, notAfterMs },
      names,
    },
  };
}

/** The word of the entry node stands for the requester's signature, where the genesis permits it. */
function admitVoucher(
  request: Request,
  voucher: Voucher,
  askers: Askers,
  { genesis, verify }: JudgingContext,
  trust: Trust,
): Result<Authority> {
  if (!askers.voucher) {
    return refuse(
      'unauthenticated',
      'SIGNATURE_REQUIRED',
      'What changes the cluster itself, or ends a key, counts only when its requester has signed it',
    );
  }
  if (!trust.takesUnsigned) {
    return refuse(
      'unauthenticated',
      'SIGNATURE_REQUIRED',
      'This cluster takes only requests that their requesters signed',
    );
  }
  const node = trust.members.find((member) => member.nodeId === voucher.nodeId);
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
  return requester === undefined
    ? refuse('unauthenticated', 'INVALID_SPIFFE_ID', 'The requester has no SPIFFE id')
    : { ok: true, value: { requester, expireTimeMs, certified: undefined, names: [] } };
}

function withRole(
  { method }: Request,
  { roles }: Askers,
  judged: Result<Authority>,
): Result<Authority> {
  if (!judged.ok) return judged;
  const { role } = judged.value.requester;
  return roles.includes(role)
    ? judged
    : refuse('forbidden', 'ROLE_FORBIDDEN', `Role ${role} may not ask for ${method}`);
}
