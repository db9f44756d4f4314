import type { NodeId, SessionId, TaskId } from '../../../common/index.js';
import type { PresignRounds } from '../../../gg20/index.js';
import type { ParsedSign } from '../../../state/index.js';
import type { Envelope } from '../../../wire/index.js';
import type { LiveTask } from '../../live-tasks.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';
import { signsBySession } from './session-basis.js';
import { SessionSigning } from './session-signing.js';
import { SupplySigner } from './supply-signer.js';

/** This node as a signer, in the way of the key's algorithm: with one message, or in a session with the other signers. */
export class SignParticipant implements ParticipantDriver<ParsedSign> {
  readonly #parts: ParticipantContext;
  readonly #supplies: SupplySigner;
  readonly #sessions: SessionRuns<ParsedSign, PresignRounds>;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#supplies = new SupplySigner(parts);
    this.#sessions = new SessionRuns(parts, new SessionSigning(parts));
  }

  contribute(task: LiveTask<ParsedSign>): void {
    const { schemes } = this.#parts.arithmetic;
    if (task.key === undefined) return;
    const signer = signsBySession(schemes, task.key) ? this.#sessions : this.#supplies;
    signer.contribute(task);
  }

  receive(from: NodeId, session: SessionId, envelope: Envelope): boolean {
    return this.#sessions.receive(from, session, envelope);
  }

  tick(): void {
    this.#sessions.tick();
  }

  connected(): void {
    this.#sessions.connected();
  }

  taskClosed(task: TaskId): void {
    this.#sessions.taskClosed(task);
  }

  close(): void {
    this.#sessions.close();
  }

  get busy(): boolean {
    return this.#sessions.busy;
  }
}
