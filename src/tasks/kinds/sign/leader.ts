import { keyId, nodeId, refusal } from '../../../common/index.js';
import type { Millis, NodeId, PartyIndex, Refusal } from '../../../common/index.js';
import { checkSuppliesJob } from '../../../algorithms/index.js';
import { algorithmOf } from '../../../identity/index.js';
import type { KeyAlgorithm } from '../../../identity/index.js';
import { suppliesOf } from '../../../state/index.js';
import type { ActiveKey, NewTask, ParsedSign } from '../../../state/index.js';
import type { Attempt, Declined, Envelope, KeyParticipant, Supply } from '../../../wire/index.js';
import { wasCancelled } from '../../arithmetic.js';
import { candidates } from '../../leader/plan.js';
import { SIGN_HEDGE_MS_MAX } from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { AttemptDue, DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';
import { isOver, signsBySession, VERSION_OVER } from './session-basis.js';
import { SessionLeader } from './session-leader.js';
import { ShareTimes } from './share-times.js';

/** The leader's part in signatures: names signers and one commitment of each, replaces the slow, accuses the wrong. */
export class SignLeader implements LeaderDriver<ParsedSign> {
  readonly #parts: LeaderContext;
  readonly #sessions: SessionLeader;
  readonly #shareTimes = new ShareTimes();
  /** The end of the latest look at a refused supply: one at a time, however many are refused. */
  #looked: Promise<unknown> = Promise.resolve();

  constructor(parts: LeaderContext) {
    this.#parts = parts;
    this.#sessions = new SessionLeader(parts);
  }

  checkReach({ key }: NewTask): Refusal | undefined {
    if (key === undefined) return undefined;
    if (this.#isSession(key)) return this.#sessions.checkReach(key);
    const reached = this.#connected(key.participants).length;
    return reached >= key.threshold
      ? undefined
      : refusal(
          'no-quorum',
          'SIGNERS_UNREACHABLE',
          `Only ${reached} of the ${key.threshold} signers that key ${keyId(key.keyId)} needs can be reached`,
        );
  }

  /** Whether enough signers are left of whom no evidence of the task speaks. */
  canReplace(task: LiveTask<ParsedSign>, node: NodeId): boolean {
    return this.#sessions.canReplace(task, node);
  }

  firstAttempt(task: NewTask): Attempt | undefined {
    const { key, taskId, content: requestHash } = task;
    if (key === undefined) return undefined;
    if (this.#isSession(key)) return this.#sessions.firstAttempt(task, key);
    const { assigner, culprits } = this.#parts;
    const signers = this.#connected(key.participants);
    const trusted = signers.filter((node) => !culprits.has(node));
    // A proved culprit only where the others are too few.
    const first = trusted.length >= key.threshold ? trusted : signers;
    return assigner.withSupplies({ taskId, requestHash, number: 1 }, key, first, []);
  }

  firstDelayMs({ key, attempts }: LiveTask<ParsedSign>): Millis {
    if (key !== undefined && this.#isSession(key)) {
      const [first] = attempts;
      return this.#sessions.firstDelayMs(key, first !== undefined && isOnline(first));
    }
    return this.#shareTimes.delayMs();
  }

  nextAttempt(task: LiveTask<ParsedSign>, number: number, due: AttemptDue): Attempt | undefined {
    const { key, record, participants } = task;
    if (key === undefined) return undefined;
    if (this.#isSession(key)) return this.#sessions.nextAttempt(task, key, number, due);
    const able = this.#connected(participants);
    const { plan, short } = due;
    const { first, lastResort } = candidates(plan, able, key.threshold, due.overdue(), short);
    const asked = { taskId: task.id, requestHash: record.requestHash, number };
    return this.#parts.assigner.withSupplies(asked, key, first, lastResort);
  }

  onWrong(
    attempt: LiveAttempt<ParsedSign>,
    wrong: readonly (readonly [index: PartyIndex, envelope: Envelope])[],
  ): void {
    const { accusing, context } = this.#parts;
    const { session, key } = attempt;
    const isSession = key !== undefined && this.#isSession(key);
    if (wrong.length === 0 && !isOnline(attempt)) {
      context.alarms.raise('every share holds and the signature does not', undefined, { session });
    }
    for (const [index, envelope] of wrong) {
      const node = attempt.participants[index - 1]?.nodeId ?? '';
      context.alarms.raise('a signature share failed its check', node, { session });
      if (!isSession) accusing.wrongShare(attempt, index, envelope);
    }
  }

  /** Signers that heard different ACCEPTs make shares that hold, and no signature: another attempt does without a presignature. */
  isOver(attempt: LiveAttempt<ParsedSign>): boolean {
    return !isOnline(attempt);
  }

  onTook(from: NodeId, tookMs: Millis, { key }: LiveAttempt<ParsedSign>): void {
    if (key !== undefined && this.#isSession(key)) return;
    this.#shareTimes.came(from, tookMs, this.#parts.context.clock.elapsed());
  }

  onUnsigned(from: NodeId): void {
    this.#shareTimes.forget(from);
  }

  isUnderWay(missing: readonly NodeId[], ageMs: Millis, attempt: LiveAttempt<ParsedSign>): boolean {
    const { key } = attempt;
    if (key !== undefined && this.#isSession(key)) {
      return this.#sessions.isUnderWay(key, missing, ageMs, attempt.number, isOnline(attempt));
    }
    const now = this.#parts.context.clock.elapsed();
    const isQueued = (node: NodeId): boolean => this.#shareTimes.isQueued(node, ageMs, now);
    return ageMs < SIGN_HEDGE_MS_MAX && missing.every(isQueued);
  }

  /** A `bad-commitment` is its owner's fault if the point is bad here too, else only the decliner's. */
  onDeclined(
    attempt: LiveAttempt<ParsedSign>,
    declined: Declined,
    from: NodeId,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    const { key } = attempt;
    const { reason, index } = declined;
    if (reason === VERSION_OVER && isOver(attempt)) return { excused: true };
    if (key !== undefined && this.#isSession(key)) {
      return this.#sessions.onDeclined(attempt, declined, from);
    }
    if (reason !== 'bad-commitment' || key === undefined) return {};
    const owner = key.participants[index - 1]?.nodeId;
    const supply = suppliesOf(attempt.record.attempt).find((each) => each.nodeId === owner);
    if (supply === undefined) return {};
    const found = this.#looked.then(() => this.#blamed(algorithmOf(key), supply));
    this.#looked = found;
    return found;
  }

  /** Any signer can have points looked at by refusing them: that is no work for the main thread. */
  async #blamed(algorithm: KeyAlgorithm, supply: Supply): Promise<DeclineMeaning> {
    const { arithmetic, context } = this.#parts;
    try {
      const supplies = [supply.parts];
      const [good] = await arithmetic.compute.run(checkSuppliesJob, { algorithm, supplies });
      return good === false ? { blamed: nodeId(supply.nodeId) } : {};
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'warn';
      context.logger[level]('a refused supply was not checked', { error: String(error) });
      return {};
    }
  }

  #isSession(key: ActiveKey): boolean {
    return signsBySession(this.#parts.arithmetic.schemes, key);
  }

  #connected(participants: readonly KeyParticipant[]): readonly NodeId[] {
    const { connections } = this.#parts;
    return participants.map((each) => nodeId(each.nodeId)).filter((node) => connections.has(node));
  }
}

/** Claims that an attempt's signers use a presignature. */
function isOnline({ record }: LiveAttempt<ParsedSign>): boolean {
  return record.attempt?.presignature !== undefined;
}
