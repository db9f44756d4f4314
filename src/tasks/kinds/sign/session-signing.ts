import type { PartyIndex } from '../../../common/index.js';
import { SESSION_SHARE_KIND, signingProtocol, signInteractively } from '../../../gg20/index.js';
import type { PresignRounds } from '../../../gg20/index.js';
import type { ProtocolAbort, Protocol, Session } from '../../../mpc/index.js';
import type { ParsedSign } from '../../../state/index.js';
import type { KeyParticipant } from '../../../wire/index.js';
import { SESSION_RESEND_MS, SESSIONS_AT_ONCE_MAX } from '../../limits.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import { Turns } from '../../participant/turns.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext } from '../driver.js';
import { askedSignature } from './session-basis.js';
import type { SignAttempt } from './session-basis.js';
import { SessionPart, sessionSigners } from './session-part.js';

/**
 * This node as a signer of algorithms that sign in sessions: the message is bound before the first round, and the share leaves when
 * every signer has said that it is ready, if the task is open and the request alive by this node's own clock.
 */
export class SessionSigning implements SessionKind<ParsedSign, PresignRounds> {
  readonly resendMs = SESSION_RESEND_MS;
  readonly #parts: ParticipantContext;
  readonly #part: SessionPart;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#part = new SessionPart(parts, new Turns(SESSIONS_AT_ONCE_MAX));
  }

  protocol(attempt: SignAttempt): Protocol<PresignRounds> {
    return signingProtocol('sign', this.#part.parameters(attempt), attempt.nodes.length);
  }

  participants(attempt: SignAttempt): readonly KeyParticipant[] {
    return sessionSigners(attempt);
  }

  refusal(attempt: SignAttempt): Promise<AttemptRefusal | undefined> {
    return this.#part.refusal(attempt);
  }

  async run(attempt: SignAttempt, start: () => Session<PresignRounds>): Promise<void> {
    const { compute } = this.#parts.arithmetic;
    const asked = () => askedSignature(attempt.task.asked, compute);
    const aim = { lane: 'generation', asked } as const;
    const body = await this.#part.run(attempt, aim, ({ signed, ...opened }) => {
      if (signed === undefined) throw new Error('there is nothing to sign with');
      return signInteractively({ ...opened, signed, party: start().party });
    });
    this.#parts.session.answers.contribute(attempt, SESSION_SHARE_KIND, body);
  }

  declines(attempt: SignAttempt, error: unknown): AttemptRefusal | undefined {
    return this.#part.declines(attempt, error);
  }

  evidence(
    attempt: SignAttempt,
    culprit: PartyIndex,
    aborted: ProtocolAbort,
  ): Uint8Array | undefined {
    return this.#part.evidence(attempt, culprit, aborted);
  }
}
