import { nodeId } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Declined } from '../../wire/index.js';
import type { Culprits } from '../blame/culprits.js';
import type { TaskContext } from '../context.js';
import type { DeclineMeaning } from '../kinds/driver.js';
import { PROOF_LOOK_MS, PROOF_WAIT_MS } from '../limits.js';
import type { LiveAttempt } from '../live-tasks.js';

/**
 * The meaning of a refusal after a session was aborted: the participant that it names is left out, if that is proved here within a
 * time by what it signed, and else the one that says so. A word without proof moves nobody else.
 *
 * @param waitMs - For proof, which has to come and to be judged.
 */
export function blamedByAborted(
  { clock }: Pick<TaskContext, 'clock'>,
  culprits: Pick<Culprits, 'has'>,
  { participants }: LiveAttempt,
  { index }: Declined,
  waitMs: Millis = PROOF_WAIT_MS,
): DeclineMeaning | Promise<DeclineMeaning> {
  const named = participants[index - 1]?.nodeId;
  if (named === undefined) return {};
  const blamed = nodeId(named);
  if (culprits.has(blamed)) return { blamed };
  return new Promise((resolve) => {
    const look = (leftMs: Millis): void => {
      if (culprits.has(blamed)) resolve({ blamed });
      else if (leftMs <= 0) resolve({});
      else clock.after(PROOF_LOOK_MS, () => look(leftMs - PROOF_LOOK_MS));
    };
    look(waitMs);
  });
}
