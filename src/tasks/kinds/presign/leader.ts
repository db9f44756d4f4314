import { nodeId } from '../../../common/index.js';
import type { Millis, NodeId, PartyIndex } from '../../../common/index.js';
import type { ParsedPresign } from '../../../state/index.js';
import type { Attempt, Declined, Envelope } from '../../../wire/index.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { AttemptDue, DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';
import { SessionLeader } from '../sign/session-leader.js';

/** The leader's part in a presignature: names signers as for a signature that is made in a session, and gives up sooner. */
export class PresignLeader implements LeaderDriver<ParsedPresign> {
  readonly #parts: LeaderContext;
  readonly #sessions: SessionLeader;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
    this.#sessions = new SessionLeader(parts);
  }

  /** No request is refused for it: no requester asks for such a task. */
  checkReach(): undefined {
    return undefined;
  }

  canReplace(task: LiveTask<ParsedPresign>, node: NodeId): boolean {
    return this.#sessions.canReplace(task, node);
  }

  firstDelayMs({ key }: LiveTask<ParsedPresign>): Millis {
    return this.#sessions.firstDelayMs(key);
  }

  nextAttempt(task: LiveTask<ParsedPresign>, number: number, due: AttemptDue): Attempt | undefined {
    const { key, asked } = task;
    if (key?.version === asked.version) {
      return this.#sessions.nextAttempt(task, key, number, due);
    }
    // Nothing is made for a version that is over, and the task keeps others from being opened.
    due.plan.hopeless ??= 'VERSION_OVER';
    return undefined;
  }

  isUnderWay(
    missing: readonly NodeId[],
    ageMs: Millis,
    attempt: LiveAttempt<ParsedPresign>,
  ): boolean {
    const { key } = attempt.task;
    return key !== undefined && this.#sessions.isUnderWay(key, missing, ageMs, attempt.number);
  }

  onDeclined(
    attempt: LiveAttempt<ParsedPresign>,
    declined: Declined,
    from: NodeId,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    return this.#sessions.onDeclined(attempt, declined, from);
  }

  onWrong(
    { session, participants }: LiveAttempt<ParsedPresign>,
    wrong: readonly (readonly [index: PartyIndex, envelope: Envelope])[],
  ): void {
    for (const [index] of wrong) {
      const node = participants[index - 1]?.nodeId;
      if (node === undefined) continue;
      const { alarms } = this.#parts.context;
      alarms.raise('a presignature lacks the READY of a signer', nodeId(node), { session });
    }
  }
}
