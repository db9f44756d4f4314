import { refusalError } from '../../common/index.js';
import { admitAuthority, checkTime } from '../../state/index.js';
import type { Authorization } from '../../wire/index.js';
import type { TaskContext } from '../context.js';

/** An operator's order to a node, as it was signed. The log judges no such order. */
export type Order = {
  readonly method: string;
  /** As received: what is signed. */
  readonly request: Uint8Array;
  readonly authorization: Authorization;
};

const ASKERS = { roles: ['operator'], voucher: false } as const;
const NO_VOUCHERS = { takesUnsigned: false, members: [] };

type OrderContext = Pick<TaskContext, 'judging' | 'clock' | 'isRevoked'>;

/**
 * Judges an order by this node's own clock.
 *
 * @throws {ClusterError} No operator has signed it for now.
 */
export function judgeOrder(
  { judging, clock, isRevoked }: OrderContext,
  { method, request, authorization }: Order,
): void {
  const by = { $case: 'signed', value: authorization } as const;
  const signed = { method, request, authorization: { by }, firstAttempt: undefined };
  const judged = admitAuthority(signed, ASKERS, judging, { ...NO_VOUCHERS, isRevoked });
  if (!judged.ok) throw refusalError(judged.refusal);
  const untimely = checkTime(judged.value, clock.now());
  if (untimely !== undefined) throw refusalError(untimely);
}
