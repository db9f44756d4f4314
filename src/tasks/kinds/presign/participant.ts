import type { PartyIndex } from '../../../common/index.js';
import { presign, PRESIGNED_KIND, signingProtocol } from '../../../gg20/index.js';
import type { PresignRounds } from '../../../gg20/index.js';
import type { Protocol, ProtocolAbort, Session } from '../../../mpc/index.js';
import type { ParsedPresign } from '../../../state/index.js';
import { encode, PresignatureMade } from '../../../wire/index.js';
import type { KeyParticipant } from '../../../wire/index.js';
import { PRESIGNING_AT_ONCE_MAX, SESSION_RESEND_MS } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import type { SessionKind } from '../../participant/session-runs.js';
import { Turns } from '../../participant/turns.js';
import type { ParticipantContext } from '../driver.js';
import { SessionPart, sessionSigners } from '../sign/session-part.js';

type PresignAttempt = LiveAttempt<ParsedPresign>;

/** Why a signer makes no presignature: it has as many as it keeps. */
const POOL_FULL = { reason: 'pool-full' } as const;

/**
 * This node as a signer of presignatures. What it has made is used by nothing until its log says that all signers have it.
 */
export class Presigning implements SessionKind<ParsedPresign, PresignRounds> {
  readonly resendMs = SESSION_RESEND_MS;
  readonly #parts: ParticipantContext;
  readonly #part: SessionPart;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#part = new SessionPart(parts, new Turns(PRESIGNING_AT_ONCE_MAX));
  }

  protocol(attempt: PresignAttempt): Protocol<PresignRounds> {
    return signingProtocol('presign', this.#part.parameters(attempt), attempt.nodes.length);
  }

  participants(attempt: PresignAttempt): readonly KeyParticipant[] {
    return sessionSigners(attempt);
  }

  async refusal(attempt: PresignAttempt): Promise<AttemptRefusal | undefined> {
    if (attempt.key !== undefined && !this.#parts.presignatures.hasRoom(attempt)) return POOL_FULL;
    return this.#part.refusal(attempt);
  }

  async run(attempt: PresignAttempt, start: () => Session<PresignRounds>): Promise<void> {
    const { presignatures, session } = this.#parts;
    const made = await this.#part.run(attempt, { lane: 'pools' }, (opened) =>
      presign({ ...opened, party: start().party }),
    );
    presignatures.made(attempt, made);
    const body = encode(PresignatureMade, {
      presignature: made.presigId,
      ready: [...made.readies],
    });
    session.answers.contribute(attempt, PRESIGNED_KIND, body);
  }

  declines(attempt: PresignAttempt, error: unknown): AttemptRefusal | undefined {
    return this.#part.declines(attempt, error);
  }

  evidence(
    attempt: PresignAttempt,
    culprit: PartyIndex,
    aborted: ProtocolAbort,
  ): Uint8Array | undefined {
    return this.#part.evidence(attempt, culprit, aborted);
  }
}
