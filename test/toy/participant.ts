import type { NodeId, SessionId } from '../../src/common/index.js';
import { reliable } from '../../src/mpc/index.js';
import type { Echoed, Session } from '../../src/mpc/index.js';
import type { ParticipantContext } from '../../src/tasks/kinds/driver.js';
import type { LiveAttempt } from '../../src/tasks/live-tasks.js';
import type { Altered } from '../../src/tasks/participant/attempt-session.js';
import type { SessionKind } from '../../src/tasks/participant/session-runs.js';
import type { KeyParticipant } from '../../src/wire/index.js';
import { TOY_RESULT_KIND } from './combining.js';
import type { Lie } from './lie.js';
import { draw, toy } from './protocol.js';
import type { ToyRounds } from './protocol.js';
import { encodeSignedOutput, toyResultBytes } from './rules.js';
import type { ParsedToy } from './rules.js';

/** How tests have a participant differ from an honest one, and what it tells them. */
export type ToyTap = {
  /** An output that this node came to. */
  onOutput?(session: SessionId, output: Uint8Array): void;
  /** What this node lies about in a session, if it does. */
  lieIn?(session: SessionId, nodes: readonly NodeId[]): Lie | undefined;
  /** A mistake, which the tests plant. */
  readonly awaitsEchoes?: boolean;
};

/** This node as a participant of toys. */
export class Drawing implements SessionKind<ParsedToy, Echoed<ToyRounds>> {
  readonly fault = 'WRONG_OPENING';
  readonly #parts: ParticipantContext;
  readonly #tap: ToyTap;

  constructor(parts: ParticipantContext, tap: ToyTap) {
    this.#parts = parts;
    this.#tap = tap;
  }

  protocol(): typeof toy {
    return toy;
  }

  participants({ nodes, task }: LiveAttempt<ParsedToy>): readonly KeyParticipant[] {
    return task.participants.filter((each) => nodes.some((node) => node === each.nodeId));
  }

  async run(
    attempt: LiveAttempt<ParsedToy>,
    start: (altered?: Altered) => Session<Echoed<ToyRounds>>,
  ): Promise<void> {
    const { context, arithmetic, session } = this.#parts;
    const { signer } = context.self;
    const { sessionId } = attempt.record;
    const { awaitsEchoes } = this.#tap;
    const lie = this.#tap.lieIn?.(attempt.session, attempt.nodes);
    const { party } = start((to, envelope) => lie?.altered(signer, to, envelope) ?? envelope);
    const drawn = await draw(
      reliable<ToyRounds>(party),
      arithmetic.random,
      (to, mine) => lie?.valueFor(to) ?? mine,
      awaitsEchoes,
    );
    const output = lie?.output(drawn) ?? drawn;
    this.#tap.onOutput?.(attempt.session, output);
    const signature = signer.sign(toyResultBytes(sessionId, output));
    const body = encodeSignedOutput({ output, signature });
    session.answers.contribute(attempt, TOY_RESULT_KIND, body);
  }
}
