import { toHex, type NodeId } from '../../../src/common/index.js';
import { signatureOf } from '../../../src/state/index.js';
import type { TaskRecord } from '../../../src/wire/index.js';
import type { Attempts } from './attempts.js';
import { short, type Facts, type Report } from './facts.js';

/**
 * What a client may rely on: an answer is a valid signature of its own request, whose entry is committed. An answer whose
 * outcome no log has recorded is a signature, and the node that gave it had applied the entries of its request and of the
 * attempt that made it. That it verifies, under the key and for the message that was asked for, is seen by the client.
 */
export class Answers {
  readonly #attempts: Attempts;
  readonly #facts: Facts;
  readonly #report: Report;

  constructor(attempts: Attempts, facts: Facts, report: Report) {
    this.#attempts = attempts;
    this.#facts = facts;
    this.#report = report;
  }

  /** `node` gives a client a task with its outcome. */
  acknowledged(node: NodeId, task: TaskRecord): void {
    if (isRecorded(task)) return;
    const signed = signatureOf(task);
    if (signed === undefined) {
      this.#report('Answers', `${node}: ${task.taskId} is answered before it has an outcome`);
      return;
    }
    const applied = this.#facts.status(node)?.applied ?? 0;
    const { entries } = this.#facts.disk(node);
    const known = this.#attempts.ofTask(task.taskId).some(({ index, hash, content, supplies }) => {
      const entry = entries[index - 1];
      const isApplied = index <= applied && entry !== undefined && short(entry.hash) === hash;
      const isOwn = content === toHex(task.requestHash);
      return isApplied && isOwn && supplies.every((each) => signed.signers.includes(each.nodeId));
    });
    if (known) return;
    const what = `is answered by an attempt that ${node} has not applied`;
    this.#report('Answers', `${task.taskId} ${what}`);
  }
}

/** Claims that the log has the outcome: before, only a Sign is answered, and its task has no end yet. */
export function isRecorded({ endTimeMs }: TaskRecord): boolean {
  return endTimeMs !== 0n;
}
