import { keyId, sessionId, toHex } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import { evidenceOfSigning } from '../../../blame/index.js';
import { BoundedCache, wipe } from '../../../crypto/index.js';
import { beginSessionJob, SigningAbort, SilentInBlame } from '../../../gg20/index.js';
import type {
  AskedSignature,
  BegunSession,
  ParameterSet,
  SigningParts,
} from '../../../gg20/index.js';
import { algorithmOf, partyIndexOf } from '../../../identity/index.js';
import { ProtocolAbort } from '../../../mpc/index.js';
import type { Lane } from '../../../ports/index.js';
import { readyOfKey, setOfKey } from '../../../state/index.js';
import type { ActiveKey } from '../../../state/index.js';
import { decode, Echo } from '../../../wire/index.js';
import type { Envelope, KeyParticipant } from '../../../wire/index.js';
import { basisOf } from '../../blame/complaining.js';
import { OPENINGS_WAIT_MS, OPENINGS_WAIT_PER_SIGNER_MS } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import type { HeldGeneration } from '../../participant/generations.js';
import type { Turns } from '../../participant/turns.js';
import type { ParticipantContext } from '../driver.js';
import { isOver, sessionBasis, VERSION_OVER } from './session-basis.js';
import { FAILED_TOO_OFTEN, SILENT_IN_BLAME, SILENT_NODE } from './session-refusals.js';

/** Sessions here whose evidence may still be made. */
const SESSIONS_REMEMBERED_MAX = 64;

/** The signature that a session makes, and the urgency of its arithmetic. */
export type SessionAim = {
  readonly lane: Lane;
  /** Found out when the session's turn has come. Absent: it makes a presignature. */
  readonly asked?: () => Promise<AskedSignature>;
};

/** A session's parties and secrets, which end with the call that they are given to. */
export type OpenedSession = Omit<SigningParts, 'party'> & Pick<BegunSession, 'signed'>;

/**
 * This node's part in sessions that make a nonce together, for one message or ahead of it: what it looks at before, the secrets that it
 * opens for it, and what follows of a failure.
 */
export class SessionPart {
  readonly #parts: ParticipantContext;
  readonly #turns: Turns;
  /** Public material of the latest sessions, for evidence about them. */
  readonly #material = new BoundedCache<Uint8Array>(SESSIONS_REMEMBERED_MAX);

  constructor(parts: ParticipantContext, turns: Turns) {
    this.#parts = parts;
    this.#turns = turns;
  }

  /** The parameter set of an attempt's sessions. */
  parameters(attempt: LiveAttempt): ParameterSet {
    return this.#parts.arithmetic.gg20.parameterSet(this.#basis(attempt).set);
  }

  async refusal(attempt: LiveAttempt): Promise<AttemptRefusal | undefined> {
    const { key } = attempt;
    const { failures } = this.#parts;
    if (key === undefined) return { reason: VERSION_OVER };
    await failures.load();
    if (failures.standing(key) === 'ended') return FAILED_TOO_OFTEN;
    const refused = attempt.nodes.find((node) => failures.refuses(node));
    if (refused !== undefined) {
      return { ...SILENT_NODE, index: partyIndexOf(attempt.participants, refused) };
    }
    if (failures.isCrowded(key, setOf(attempt))) return { reason: 'one-at-a-time' };
    const [isLoaded, held] = await Promise.all([this.#load(key), this.#generation(attempt)]);
    if (!isLoaded) return { reason: isOver(attempt) ? VERSION_OVER : 'share-missing' };
    return held === undefined ? { reason: 'material-missing' } : undefined;
  }

  /**
   * Runs a session in its turn, and counts it if it fails.
   *
   * @param protocol - Begins the session before it waits for anything: what was checked still holds then.
   */
  async run<T>(
    attempt: LiveAttempt,
    aim: SessionAim,
    protocol: (opened: OpenedSession) => Promise<T>,
  ): Promise<T> {
    const { failures, primes } = this.#parts;
    const set = setOf(attempt);
    // Another one may have begun since the first look.
    if (failures.isCrowded(keyOf(attempt), set)) {
      throw new Error('another session of the set goes on here');
    }
    const endSession = failures.begin(set);
    const endTurn = await this.#turns.take();
    const endRest = primes.rest();
    try {
      return await this.#run(attempt, aim, protocol);
    } catch (error) {
      this.#count(attempt, error);
      throw error;
    } finally {
      endTurn();
      endRest();
      endSession();
    }
  }

  /** The word for a session in which nodes were silent when it was looked into, and the first of them. */
  declines({ nodes, participants }: LiveAttempt, error: unknown): AttemptRefusal | undefined {
    const [party] = silentIn(error);
    if (party === undefined) return undefined;
    return { ...SILENT_IN_BLAME, index: partyIndexOf(participants, nodes[party - 1] ?? '') };
  }

  /** All that the culprit signed, with what it names by hashes: a check takes most of it. */
  evidence(
    attempt: LiveAttempt,
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

  async #run<T>(
    attempt: LiveAttempt,
    aim: SessionAim,
    protocol: (opened: OpenedSession) => Promise<T>,
  ): Promise<T> {
    const { arithmetic, keys } = this.#parts;
    const { compute, random } = arithmetic;
    const key = keyOf(attempt);
    const held = await this.#generation(attempt);
    const begun = held && (await this.#begin(attempt, held, aim));
    if (held === undefined || begun === undefined) throw new Error('there is nothing to sign with');
    this.#material.set(attempt.session, held.material);
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
      return await protocol({
        set: arithmetic.gg20.parameterSet(begun.facts.set),
        facts: begun.facts,
        own: { material, scalar: share.scalar },
        ports: {
          compute,
          lane: aim.lane,
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

  async #begin(
    attempt: LiveAttempt,
    { records }: HeldGeneration,
    { lane, asked: ask }: SessionAim,
  ): Promise<BegunSession | undefined> {
    const basis = this.#basis(attempt, records);
    const asked = await ask?.();
    return this.#parts.arithmetic.compute.run({ ...beginSessionJob, lane }, { basis, asked });
  }

  /**
   * A culprit that is known answers for its session, and silence is counted for itself; a session that was closed has not failed, unless
   * it was being looked into: what had been seen of it then may be what somebody wanted to see.
   */
  #count(attempt: LiveAttempt, error: unknown): void {
    const { failures } = this.#parts;
    const silent = silentIn(error);
    for (const party of silent) {
      const node = attempt.nodes[party - 1];
      if (node !== undefined) failures.silent(node);
    }
    const isUnattributed =
      error instanceof SilentInBlame
        ? silent.length === 0
        : error instanceof ProtocolAbort && error.culprits.length === 0;
    if (isUnattributed) failures.failed(keyOf(attempt));
  }

  #openingsOverdue({ threshold }: ActiveKey): Promise<void> {
    const waitMs = OPENINGS_WAIT_MS + OPENINGS_WAIT_PER_SIGNER_MS * threshold;
    const { clock } = this.#parts.context;
    return new Promise((resolve) => void clock.after(waitMs, resolve));
  }

  #basis(attempt: LiveAttempt, records: HeldGeneration['records'] = []) {
    const { context, arithmetic } = this.#parts;
    const { clusterId } = context.judging.genesis;
    const basis = sessionBasis(arithmetic, clusterId, attempt, keyOf(attempt), records);
    if (basis === undefined) throw new Error('The attempt names no generation');
    return basis;
  }

  async #generation({ key, record }: LiveAttempt): Promise<HeldGeneration | undefined> {
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

/** The signers of an attempt, in order of index. */
export function sessionSigners({ nodes, participants }: LiveAttempt): readonly KeyParticipant[] {
  return participants.filter(({ nodeId }) => nodes.some((node) => node === nodeId));
}

/** Claims that messages were refused for what they spell, which is nothing. */
function isUnreadable([first, second]: readonly Envelope[]): boolean {
  if (first?.content?.$case !== 'open') return false;
  if (second !== undefined && second.to === first.to) return false;
  const isEcho = first.kind.endsWith('-echo');
  return !isEcho || decode(Echo, first.content.value.body) === undefined;
}

/** The version of the key that an attempt names. @throws Where it is over. */
export function keyOf({ key }: LiveAttempt): ActiveKey {
  if (key === undefined) throw new Error('The version of the key is over');
  return key;
}

function setOf({ record }: LiveAttempt): string {
  return toHex(record.attempt?.auxiliary?.setId ?? new Uint8Array(0));
}

/** The parties that had not opened a failed session when their time was over. */
function silentIn(error: unknown): readonly PartyIndex[] {
  return error instanceof SilentInBlame && error.isOverdue ? error.silent : [];
}
