import { keyId, sessionId, toHex } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import { evidenceOfSigning } from '../../../blame/index.js';
import { BoundedCache, wipe } from '../../../crypto/index.js';
import {
  beginSessionJob,
  SESSION_SHARE_KIND,
  SigningAbort,
  signingProtocol,
  signInteractively,
  SilentInBlame,
} from '../../../gg20/index.js';
import type { BegunSession, ParameterSet, PresignRounds } from '../../../gg20/index.js';
import { algorithmOf, partyIndexOf } from '../../../identity/index.js';
import { ProtocolAbort } from '../../../mpc/index.js';
import type { Protocol, Session } from '../../../mpc/index.js';
import { readyOfKey, setOfKey } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { decode, Echo } from '../../../wire/index.js';
import type { Envelope, KeyParticipant } from '../../../wire/index.js';
import { basisOf } from '../../blame/complaining.js';
import {
  OPENINGS_WAIT_MS,
  OPENINGS_WAIT_PER_SIGNER_MS,
  SESSION_RESEND_MS,
  SESSIONS_AT_ONCE_MAX,
} from '../../limits.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import { Turns } from '../../participant/turns.js';
import type { HeldGeneration } from '../../participant/generations.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext } from '../driver.js';
import { askedSignature, isOver, sessionBasis, VERSION_OVER } from './session-basis.js';
import type { SignAttempt } from './session-basis.js';
import type { SessionFailures } from './session-failures.js';
import { FAILED_TOO_OFTEN, SILENT_IN_BLAME, SILENT_NODE } from './session-refusals.js';

type SignSession = Session<PresignRounds>;

/** Sessions here whose evidence may still be made. */
const SESSIONS_REMEMBERED_MAX = 64;

/**
 * This node as a signer of algorithms that sign in sessions: the message is bound before the first round, and the share leaves when
 * every signer has said that it is ready, if the task is open and the request alive by this node's own clock.
 */
export class SessionSigning implements SessionKind<ParsedSign, PresignRounds> {
  readonly resendMs = SESSION_RESEND_MS;
  readonly #parts: ParticipantContext;
  readonly #failures: SessionFailures;
  readonly #turns = new Turns(SESSIONS_AT_ONCE_MAX);
  /** Sessions that go on here or wait for their turn, by the set that their key belongs to. */
  readonly #running = new Map<string, number>();
  /** Public material of the latest sessions, for evidence about them. */
  readonly #material = new BoundedCache<Uint8Array>(SESSIONS_REMEMBERED_MAX);

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#failures = parts.failures;
  }

  protocol(attempt: SignAttempt): Protocol<PresignRounds> {
    const { set } = this.#basis(attempt);
    return signingProtocol('sign', this.#parameters(set), attempt.nodes.length);
  }

  participants({ nodes, participants }: SignAttempt): readonly KeyParticipant[] {
    return participants.filter(({ nodeId }) => nodes.some((node) => node === nodeId));
  }

  async refusal(attempt: SignAttempt): Promise<AttemptRefusal | undefined> {
    const { key } = attempt;
    if (key === undefined) return { reason: VERSION_OVER };
    await this.#failures.load();
    if (this.#failures.standing(key) === 'ended') return FAILED_TOO_OFTEN;
    const refused = attempt.nodes.find((node) => this.#failures.refuses(node));
    if (refused !== undefined) {
      return { ...SILENT_NODE, index: partyIndexOf(attempt.participants, refused) };
    }
    if (this.#isCrowded(attempt)) return { reason: 'one-at-a-time' };
    const [isLoaded, held] = await Promise.all([this.#load(key), this.#generation(attempt)]);
    if (!isLoaded) return { reason: isOver(attempt) ? VERSION_OVER : 'share-missing' };
    return held === undefined ? { reason: 'material-missing' } : undefined;
  }

  async run(attempt: SignAttempt, start: () => SignSession): Promise<void> {
    const set = setOf(attempt);
    // Another one may have begun since the first look.
    if (this.#isCrowded(attempt)) throw new Error('another session of the set goes on here');
    this.#running.set(set, (this.#running.get(set) ?? 0) + 1);
    const endTurn = await this.#turns.take();
    const endRest = this.#parts.primes.rest();
    try {
      const body = await this.#sign(attempt, start);
      this.#parts.session.answers.contribute(attempt, SESSION_SHARE_KIND, body);
    } catch (error) {
      this.#count(attempt, error);
      throw error;
    } finally {
      endTurn();
      endRest();
      const left = (this.#running.get(set) ?? 1) - 1;
      if (left > 0) this.#running.set(set, left);
      else this.#running.delete(set);
    }
  }

  /** The word for a session in which nodes were silent when it was looked into, and the first of them. */
  declines({ nodes, participants }: SignAttempt, error: unknown): AttemptRefusal | undefined {
    const [party] = silentIn(error);
    if (party === undefined) return undefined;
    return { ...SILENT_IN_BLAME, index: partyIndexOf(participants, nodes[party - 1] ?? '') };
  }

  /**
   * A culprit that is known answers for its session, and silence is counted for itself; a session that was closed has not failed, unless
   * it was being looked into: what had been seen of it then may be what somebody wanted to see.
   */
  #count(attempt: SignAttempt, error: unknown): void {
    const silent = silentIn(error);
    for (const party of silent) {
      const node = attempt.nodes[party - 1];
      if (node !== undefined) this.#failures.silent(node);
    }
    const isUnattributed =
      error instanceof SilentInBlame
        ? silent.length === 0
        : error instanceof ProtocolAbort && error.culprits.length === 0;
    if (isUnattributed) this.#failures.failed(keyOf(attempt));
  }

  /** Claims that this version signs in one session at a time by now, and that one of its set goes on here. */
  #isCrowded(attempt: SignAttempt): boolean {
    const standing = this.#failures.standing(keyOf(attempt));
    return standing === 'one-at-a-time' && (this.#running.get(setOf(attempt)) ?? 0) > 0;
  }

  /** All that the culprit signed, with what it names by hashes: a check takes most of it. */
  evidence(
    attempt: SignAttempt,
    culprit: PartyIndex,
    aborted: ProtocolAbort,
  ): Uint8Array | undefined {
    const said = aborted.evidence.filter(({ from }) => from === culprit);
    const statement = aborted instanceof SigningAbort ? aborted.statement : undefined;
    // Two bodies of one message, or an echo of what others have not signed, prove themselves.
    if (statement === undefined && !isUnreadable(said)) return undefined;
    const node = attempt.nodes[culprit - 1] ?? '';
    const [basis, ready] = [basisOf(attempt), readyOfKey(keyOf(attempt), node)];
    const material = this.#material.get(attempt.session);
    if (basis === undefined || ready === undefined || material === undefined) return undefined;
    return evidenceOfSigning(basis, node, said, statement ?? [], ready, material);
  }

  async #sign(attempt: SignAttempt, start: () => SignSession): Promise<Uint8Array> {
    const { arithmetic, keys } = this.#parts;
    const { compute, random } = arithmetic;
    const key = keyOf(attempt);
    const held = await this.#generation(attempt);
    const begun = held && (await this.#begin(attempt, held));
    if (held === undefined || begun?.signed === undefined)
      throw new Error('there is nothing to sign with');
    this.#material.set(attempt.session, held.material);
    const { party } = start();
    // Both are in memory, and copied in one step with the start: what was checked still holds.
    const material = keys.materials.secret(held.place);
    const share = keys.share(keyId(key.keyId), key.version);
    const deviceSecret = keys.deviceSecret();
    const secrets = [
      deviceSecret,
      ...(material ? [material] : []),
      ...(share ? [share.scalar] : []),
    ];
    try {
      if (material === undefined || share === undefined) throw new Error('Secrets were pushed out');
      return await signInteractively({
        party,
        set: this.#parameters(begun.facts.set),
        facts: begun.facts,
        own: { material, scalar: share.scalar },
        ports: {
          compute,
          lane: 'generation',
          random,
          deviceSecret,
          openingsOverdue: () => this.#openingsOverdue(key),
        },
        signed: begun.signed,
      });
    } finally {
      wipe(...secrets);
    }
  }

  #openingsOverdue({ threshold }: ActiveKey): Promise<void> {
    const waitMs = OPENINGS_WAIT_MS + OPENINGS_WAIT_PER_SIGNER_MS * threshold;
    const { clock } = this.#parts.context;
    return new Promise((resolve) => void clock.after(waitMs, resolve));
  }

  async #begin(
    attempt: SignAttempt,
    { records }: HeldGeneration,
  ): Promise<BegunSession | undefined> {
    const { compute } = this.#parts.arithmetic;
    const basis = this.#basis(attempt, records);
    const asked = await askedSignature(attempt.task.asked, compute);
    return compute.run(beginSessionJob, { basis, asked });
  }

  #basis(attempt: SignAttempt, records: HeldGeneration['records'] = []) {
    const { context, arithmetic } = this.#parts;
    const { clusterId } = context.judging.genesis;
    const basis = sessionBasis(arithmetic, clusterId, attempt, keyOf(attempt), records);
    if (basis === undefined) throw new Error('The attempt names no generation');
    return basis;
  }

  #parameters(name: string): ParameterSet {
    return this.#parts.arithmetic.gg20.parameterSet(name);
  }

  async #generation({ key, record }: SignAttempt): Promise<HeldGeneration | undefined> {
    const set = key && setOfKey(key);
    const auxiliary = record.attempt?.auxiliary;
    if (set === undefined || auxiliary === undefined) return undefined;
    return this.#parts.generations.load(set, auxiliary);
  }

  #load(key: ActiveKey): Promise<boolean> {
    return this.#parts.keys.load({
      keyId: keyId(key.keyId),
      sessionId: sessionId(toHex(key.sessionId)),
      version: key.version,
      V: key.publicPolynomial,
      algorithm: algorithmOf(key),
    });
  }
}

/** Claims that messages were refused for what they spell, which is nothing. */
function isUnreadable([first, second]: readonly Envelope[]): boolean {
  if (first?.content?.$case !== 'open') return false;
  if (second !== undefined && second.to === first.to) return false;
  const isEcho = first.kind.endsWith('-echo');
  return !isEcho || decode(Echo, first.content.value.body) === undefined;
}

function keyOf({ key }: SignAttempt): ActiveKey {
  if (key === undefined) throw new Error('The version of the key is over');
  return key;
}

function setOf({ record }: SignAttempt): string {
  return toHex(record.attempt?.auxiliary?.setId ?? new Uint8Array(0));
}

/** The parties that had not opened a failed session when their time was over. */
function silentIn(error: unknown): readonly PartyIndex[] {
  return error instanceof SilentInBlame && error.isOverdue ? error.silent : [];
}
