import { refusalError } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { admitAuthority, checkTime } from '../../state/index.js';
import type { Authorization } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { FailureSubject, SessionFailures } from '../kinds/sign/session-failures.js';

/** An operator's word that a count of failed sessions is to be cleared here, as it was signed. */
export type UnlockOrder = {
  readonly method: string;
  /** As received: what is signed. */
  readonly request: Uint8Array;
  readonly authorization: Authorization;
  readonly subject: FailureSubject;
  /** Names the count. */
  readonly sinceMs: Millis;
};

/** The log judges no such order: it is this node's alone. */
const ASKERS = { roles: ['operator'], voucher: false } as const;
const NO_VOUCHERS = { takesUnsigned: false, members: [] };

/**
 * Clears a count of failed sessions, if an operator has signed that, by this node's own clock.
 *
 * @returns The failures that were forgotten; `undefined` where there is no such count.
 * @throws {ClusterError} The order does not count.
 * @throws {ShareStoreError} `unavailable`.
 */
export async function unlock(
  { judging, clock }: Pick<TaskContext, 'judging' | 'clock'>,
  failures: SessionFailures,
  { method, request, authorization, subject, sinceMs }: UnlockOrder,
): Promise<number | undefined> {
  const by = { $case: 'signed', value: authorization } as const;
  const signed = { method, request, authorization: { by }, firstAttempt: undefined };
  const judged = admitAuthority(signed, ASKERS, judging, NO_VOUCHERS);
  if (!judged.ok) throw refusalError(judged.refusal);
  const untimely = checkTime(judged.value, clock.now());
  if (untimely !== undefined) throw refusalError(untimely);
  return failures.clear(subject, sinceMs);
}
