import { equal } from '../common/index.js';
import { TO_ALL, type SignedMessage } from '../mpc/index.js';
import { EVIDENCE_ITEMS_MAX } from '../state/index.js';
import { Complaint, decode, Evidence } from '../wire/index.js';
import { accusedSession } from './accused-attempt.js';
import type { Accused, KindJudge } from './kind-judge.js';

/** The kind of the message in which a node shows all voters what others signed. */
export const COMPLAINT_KIND = 'attempt/complaint';

/**
 * Whether a complaint, which the accused signed in this session, holds evidence of a fault that this build judges, and the evidence
 * proves nothing.
 *
 * @param proves - Whether evidence names anyone.
 */
export function isFalseAccusation(
  { genesis, attempt }: Accused,
  { decided = [] }: KindJudge,
  [complaint, more]: readonly SignedMessage[],
  proves: (evidence: Uint8Array) => boolean,
): boolean {
  if (complaint?.body === undefined || more !== undefined) return false;
  if (complaint.kind !== COMPLAINT_KIND || complaint.to !== TO_ALL) return false;
  const shown = decode(Complaint, complaint.body)?.shown;
  if (shown?.$case !== 'evidence') return false;
  const claimed = shown.value.items.slice(0, EVIDENCE_ITEMS_MAX).filter((bytes) => {
    const claim = decode(Evidence, bytes);
    const session = claim && accusedSession(claim, genesis.clusterId);
    const isDecided = decided.some((reason) => reason === claim?.reason);
    return isDecided && session !== undefined && equal(session, attempt.sessionId);
  });
  return claimed.some((bytes) => !proves(bytes));
}
