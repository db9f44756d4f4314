import { nodeId } from '../../../common/index.js';
import type { Millis, NodeId } from '../../../common/index.js';
import { BoundedCache } from '../../../crypto/index.js';
import type { Declined } from '../../../wire/index.js';
import { PROOF_LOOK_MS, REFUSED_TASKS_MAX, SILENCE_WAIT_MS } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { DeclineMeaning, LeaderContext } from '../driver.js';

type Report = {
  readonly attempt: LiveAttempt;
  /** The nodes that say so. */
  readonly by: Set<NodeId>;
  isBelieved: boolean;
};

/**
 * What signers say of a node that was silent when their failed session was looked into. One word moves nobody; the word of all others
 * leaves the node out. A leader that took part counts what it saw itself, and no report.
 */
export class ReportedSilence {
  readonly #parts: Pick<LeaderContext, 'context' | 'failures'>;
  /** By session and the node named. */
  readonly #reports = new BoundedCache<Report>(REFUSED_TASKS_MAX);

  constructor(parts: Pick<LeaderContext, 'context' | 'failures'>) {
    this.#parts = parts;
  }

  /** Takes one word. The meaning is known when all others have said the same, or have had the time to. */
  meaning(
    attempt: LiveAttempt,
    { index }: Declined,
    from: NodeId,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    const named = nodeId(attempt.participants[index - 1]?.nodeId ?? '');
    if (!attempt.nodes.includes(named) || named === from) return {};
    const name = `${attempt.session}/${named}`;
    const report = this.#reports.get(name) ?? { attempt, by: new Set(), isBelieved: false };
    this.#reports.set(name, report);
    report.by.add(from);
    this.#judge(report, named);
    if (report.isBelieved) return { blamed: named };
    const { clock } = this.#parts.context;
    return new Promise((resolve) => {
      const look = (leftMs: Millis): void => {
        if (report.isBelieved) resolve({ blamed: named });
        else if (leftMs <= 0) resolve({});
        else clock.after(PROOF_LOOK_MS, () => look(leftMs - PROOF_LOOK_MS));
      };
      look(SILENCE_WAIT_MS);
    });
  }

  #judge(report: Report, named: NodeId): void {
    const { attempt, by, isBelieved } = report;
    const { context, failures } = this.#parts;
    if (isBelieved || !attempt.nodes.every((node) => node === named || by.has(node))) return;
    report.isBelieved = true;
    if (!attempt.nodes.includes(context.self.id)) failures.silent(named);
  }
}
