import { ClusterError } from './errors.js';
import type { ErrorCode } from './errors.js';

/** A value, or why there is none: what a function answers that judges input and must not throw. */
export type Result<T, R = Refusal> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: R };

/** Why a request is not taken: a value, so that every node comes to the same one. */
export type Refusal = {
  readonly code: ErrorCode;
  /** A stable upper-case word for programs. */
  readonly reason: string;
  readonly message: string;
  /** The request's field that is at fault. */
  readonly field?: string;
  readonly facts?: Readonly<Record<string, string>>;
};

export type Judged<T> = { readonly ok: true; readonly value: T } | Refused;
export type Refused = { readonly ok: false; readonly refusal: Refusal };

export function refusal(
  code: ErrorCode,
  reason: string,
  message: string,
  more: Pick<Refusal, 'field' | 'facts'> = {},
): Refusal {
  return { code, reason, message, ...more };
}

/** A result that has no value, with its {@link refusal}. */
export function refuse(...words: Parameters<typeof refusal>): {
  readonly ok: false;
  readonly refusal: Refusal;
} {
  return { ok: false, refusal: refusal(...words) };
}

/** A refusal as the error that its requester sees. */
export function refusalError(refused: Refusal): ClusterError {
  return new ClusterError(refused.code, refused.message, {
    reason: refused.reason,
    ...(refused.field === undefined ? {} : { field: refused.field }),
    ...(refused.facts === undefined ? {} : { facts: refused.facts }),
  });
}
