import type { NodeId, PartyIndex, SessionId, TaskId } from '../../../common/index.js';
import { evidenceOfSigning } from '../../../blame/index.js';
import { wipe } from '../../../crypto/index.js';
import {
  beginSessionJob,
  onlineProtocol,
  SESSION_SHARE_KIND,
  signOnline,
} from '../../../gg20/index.js';
import type { BegunSession, OnlineRounds, Presigned } from '../../../gg20/index.js';
import { partyIndexOf } from '../../../identity/index.js';
import type { Protocol, ProtocolAbort, Session } from '../../../mpc/index.js';
import { readyOfKey } from '../../../state/index.js';
import type { ParsedSign } from '../../../state/index.js';
import type { Envelope, KeyParticipant } from '../../../wire/index.js';
import { basisOf } from '../../blame/complaining.js';
import type { LiveTask } from '../../live-tasks.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import { SessionRuns } from '../../participant/session-runs.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';
import { askedSignature, sessionBasis, VERSION_OVER } from './session-basis.js';
import type { SignAttempt } from './session-basis.js';
import { keyOf, sessionSigners } from './session-part.js';
import { FAILED_TOO_OFTEN, SILENT_NODE } from './session-refusals.js';

/** The word of a signer whose presignature is used, dropped, or of an earlier run. */
const GONE = { reason: 'nonce-gone' } as const;
const NOTHING = new Uint8Array(0);

/** A presignature that an attempt has taken. */
type Taken = { readonly task: TaskId; readonly presigned: Presigned };

/** Sessions in which a presignature signs: one round, in which all signers accept the message, and the share. */
class OnlineSigning implements SessionKind<ParsedSign, OnlineRounds> {
  readonly #parts: ParticipantContext;
  readonly #taken = new Map<SessionId, Taken>();

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
  }

  /**
   * Takes the presignature that an attempt names, in the step in which its entry is looked at: from here on it serves this session, or is
   * wiped. No other entry that names it gets it.
   */
  take(attempt: SignAttempt): void {
    const { context, presignatures } = this.#parts;
    if (attempt.key === undefined || context.clock.now() >= attempt.task.expireTimeMs) return;
    const presigned = presignatures.take(attempt);
    if (presigned !== undefined)
      this.#taken.set(attempt.session, { task: attempt.task.id, presigned });
  }

  /** Wipes what the sessions of a task, or all, took and did not use. */
  drop(task?: TaskId): void {
    for (const [session, taken] of this.#taken) {
      if (task !== undefined && taken.task !== task) continue;
      this.#taken.delete(session);
      wipeSecret(taken.presigned);
    }
  }

  protocol(): Protocol<OnlineRounds> {
    return onlineProtocol;
  }

  participants(attempt: SignAttempt): readonly KeyParticipant[] {
    return sessionSigners(attempt);
  }

  async refusal(attempt: SignAttempt): Promise<AttemptRefusal | undefined> {
    await this.#parts.failures.load();
    const refusal = this.#refusal(attempt);
    if (refusal !== undefined) this.#give(attempt.session);
    return refusal;
  }

  async run(attempt: SignAttempt, start: () => Session<OnlineRounds>): Promise<void> {
    const { arithmetic, keys, session } = this.#parts;
    const { compute, random, gg20 } = arithmetic;
    const presigned = this.#taken.get(attempt.session)?.presigned;
    if (presigned === undefined) throw new Error('the presignature is gone');
    const deviceSecret = keys.deviceSecret();
    try {
      const begun = await this.#begin(attempt, presigned);
      if (begun?.signed === undefined) throw new Error('there is nothing to sign with');
      const { facts, signed } = begun;
      const { party } = start();
      this.#taken.delete(attempt.session);
      const set = gg20.parameterSet(facts.set);
      const ports = { compute, lane: 'signing', random, deviceSecret } as const;
      const { body, agreed } = await signOnline({ party, set, facts, signed, presigned, ports });
      session.answers.contribute(attempt, SESSION_SHARE_KIND, body);
      // A signer that said two ACCEPTs is found by their echoes, and its session has no signature.
      await agreed;
    } finally {
      this.#taken.delete(attempt.session);
      wipeSecret(presigned);
      wipe(deviceSecret);
    }
  }

  /** An ACCEPT of something else than the entry says; of any other fault two messages are the evidence. */
  evidence(
    attempt: SignAttempt,
    culprit: PartyIndex,
    { evidence }: ProtocolAbort,
  ): Uint8Array | undefined {
    const said = evidence.filter(({ from }) => from === culprit);
    const node = attempt.nodes[culprit - 1] ?? '';
    const [basis, ready] = [basisOf(attempt), readyOfKey(keyOf(attempt), node)];
    const [only, more] = said;
    const isAccept = only?.kind === onlineProtocol.kinds.accept && more === undefined;
    if (!isAccept || basis === undefined || ready === undefined) return undefined;
    return evidenceOfSigning(basis, node, said, [], ready, NOTHING);
  }

  #refusal(attempt: SignAttempt): AttemptRefusal | undefined {
    const { failures } = this.#parts;
    const { key, nodes, participants } = attempt;
    if (key === undefined) return { reason: VERSION_OVER };
    if (failures.standing(key) === 'ended') return FAILED_TOO_OFTEN;
    const refused = nodes.find((node) => failures.refuses(node));
    if (refused !== undefined) {
      return { ...SILENT_NODE, index: partyIndexOf(participants, refused) };
    }
    return this.#taken.has(attempt.session) ? undefined : GONE;
  }

  /** Wipes what a session took. */
  #give(session: SessionId): void {
    const taken = this.#taken.get(session);
    this.#taken.delete(session);
    if (taken !== undefined) wipeSecret(taken.presigned);
  }

  async #begin(attempt: SignAttempt, { presigId }: Presigned): Promise<BegunSession | undefined> {
    const { arithmetic, context } = this.#parts;
    const { clusterId } = context.judging.genesis;
    // No number of the generation is asked for: the share is checked by points alone.
    const basis = sessionBasis(arithmetic, clusterId, attempt, keyOf(attempt), []);
    if (basis === undefined) return undefined;
    const asked = await askedSignature(attempt.task.asked, arithmetic.compute);
    const job = { ...beginSessionJob, lane: 'signing' } as const;
    return arithmetic.compute.run(job, { basis, asked: { ...asked, presigId } });
  }
}

/** This node as a signer with presignatures. */
export class OnlineSigner implements ParticipantDriver<ParsedSign> {
  readonly #parts: ParticipantContext;
  readonly #kind: OnlineSigning;
  readonly #sessions: SessionRuns<ParsedSign, OnlineRounds>;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#kind = new OnlineSigning(parts);
    this.#sessions = new SessionRuns(parts, this.#kind);
  }

  /** Begins the session of the newest attempt, which names a presignature. */
  contribute(task: LiveTask<ParsedSign>): void {
    const { context, session } = this.#parts;
    const attempt = task.attempts.at(-1);
    if (attempt === undefined) return;
    const isNamed = attempt.nodes.includes(context.self.id) && context.consensus.status().current;
    if (isNamed && !session.answers.has(attempt.session)) this.#kind.take(attempt);
    this.#sessions.contribute(task);
  }

  /** The newest attempt is of another way to sign: what older ones do is of no use. */
  endOlder(attempt: SignAttempt): void {
    this.#sessions.endOlder(attempt);
    this.#kind.drop(attempt.task.id);
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
    this.#kind.drop(task);
  }

  close(): void {
    this.#sessions.close();
    this.#kind.drop();
  }

  get busy(): boolean {
    return this.#sessions.busy;
  }
}

/** An array that a job has taken is empty. */
function wipeSecret({ secret }: Presigned): void {
  if (secret.length > 0) wipe(secret);
}
