import type { NodeId, SessionId, TaskId } from '../../../common/index.js';
import type { PresignRounds } from '../../../gg20/index.js';
import type { ParsedSign } from '../../../state/index.js';
import type { Envelope } from '../../../wire/index.js';
import type { LiveTask } from '../../live-tasks.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';
import { OnlineSigner } from './online-signing.js';
import { signsBySession } from './session-basis.js';
import { SessionSigning } from './session-signing.js';
import { SupplySigner } from './supply-signer.js';

/**
 * This node as a signer, in the way of the key's algorithm: with one message, in a session with the other signers, or with a
 * presignature that they have made before.
 */
export class SignParticipant implements ParticipantDriver<ParsedSign> {
  readonly #parts: ParticipantContext;
  readonly #supplies: SupplySigner;
  readonly #sessions: SessionRuns<ParsedSign, PresignRounds>;
  readonly #online: OnlineSigner;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#supplies = new SupplySigner(parts);
    this.#sessions = new SessionRuns(parts, new SessionSigning(parts));
    this.#online = new OnlineSigner(parts);
  }

  contribute(task: LiveTask<ParsedSign>): void {
    const { schemes } = this.#parts.arithmetic;
    if (task.key === undefined) return;
    if (!signsBySession(schemes, task.key)) return this.#supplies.contribute(task);
    const newest = task.attempts.at(-1);
    if (newest === undefined) return;
    if (newest.record.attempt?.presignature === undefined) {
      this.#online.endOlder(newest);
      this.#sessions.contribute(task);
    } else {
      this.#sessions.endOlder(newest);
      this.#online.contribute(task);
    }
  }

  receive(from: NodeId, session: SessionId, envelope: Envelope): boolean {
    return (
      this.#sessions.receive(from, session, envelope) ||
      this.#online.receive(from, session, envelope)
    );
  }

  tick(): void {
    this.#sessions.tick();
    this.#online.tick();
  }

  connected(): void {
    this.#sessions.connected();
    this.#online.connected();
  }

  taskClosed(task: TaskId): void {
    this.#sessions.taskClosed(task);
    this.#online.taskClosed(task);
  }

  close(): void {
    this.#sessions.close();
    this.#online.close();
  }

  get busy(): boolean {
    return this.#sessions.busy || this.#online.busy;
  }
}
