import { equal } from '../../../common/index.js';
import { decodeBigEndian, wipe } from '../../../crypto/index.js';
import { prepareMaterial, prepareProtocol } from '../../../gg20/index.js';
import type {
  MaterialPrimes,
  PrepareFacts,
  PreparedMaterial,
  PrepareRounds,
} from '../../../gg20/index.js';
import { partyIndexOf, preparedBytes } from '../../../identity/index.js';
import type { Echoed, Protocol, Session } from '../../../mpc/index.js';
import { encodeCommand, setIdBytes } from '../../../state/index.js';
import type { ParsedPrepare } from '../../../state/index.js';
import type { KeyParticipant, Preparation } from '../../../wire/index.js';
import { GENERATIONS_PENDING_MAX, PREPARE_RESEND_MS } from '../../limits.js';
import type { LiveAttempt } from '../../live-tasks.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import {
  decodeGenerationRecord,
  encodeGenerationRecord,
  preparedIn,
} from '../../participant/generation-record.js';
import { placeOf } from '../../participant/generations.js';
import { preparingSet } from '../../participant/parameter-sets.js';
import type { GenerationPrimes } from '../../participant/prime-pool.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext } from '../driver.js';

type PrepareAttempt = LiveAttempt<ParsedPrepare>;
type PrepareSession = Session<Echoed<PrepareRounds>>;

/**
 * This node as a member of a set that prepares a generation: it makes its own moduli of primes that are used once, seals them, and
 * only when they are read back has it something to say in the log.
 */
export class Preparing implements SessionKind<ParsedPrepare, Echoed<PrepareRounds>> {
  readonly resendMs = PREPARE_RESEND_MS;
  readonly #parts: ParticipantContext;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
  }

  protocol(attempt: PrepareAttempt): Protocol<Echoed<PrepareRounds>> {
    return prepareProtocol(this.#set(attempt), attempt.nodes.length);
  }

  participants({ nodes, task }: PrepareAttempt): readonly KeyParticipant[] {
    return task.participants.filter(({ nodeId }) => nodes.some((node) => node === nodeId));
  }

  /** Says `prepared` again for a session of an earlier run, if its material opens. */
  async sayAgain({ task, session }: PrepareAttempt): Promise<boolean> {
    const { keys, facts } = this.#parts;
    const { set, setId } = task.asked;
    const bytes = await keys.materials.record(setIdBytes(setId), session);
    if (bytes === undefined) return false;
    const record = decodeGenerationRecord(bytes);
    const preparation = record && preparedIn(record)?.preparation;
    if (record === undefined || preparation === undefined) return true;
    const isOpen = await keys.materials.load(placeOf(set.profile, preparation));
    if (isOpen) facts.sayPrepared(task.id, record.command);
    return true;
  }

  async refusal({ task }: PrepareAttempt): Promise<AttemptRefusal | undefined> {
    const { culprit, setId: id } = task.asked;
    // The state takes a leader's word that there is evidence. Each member judges it, and makes nothing without it.
    if (culprit !== undefined) {
      const proved = await this.#parts.culprits.take(culprit.evidence);
      if (proved?.nodeId !== culprit.nodeId) return { reason: 'culprit-unproved' };
    }
    const own = setIdBytes(id);
    const kept = await this.#parts.keys.materials.kept();
    const pending = kept.filter(({ setId }) => equal(setId, own)).length;
    return pending >= GENERATIONS_PENDING_MAX ? { reason: 'pending-full' } : undefined;
  }

  /** The session begins when this node has primes: others hear nothing of it before. */
  async run(attempt: PrepareAttempt, start: () => PrepareSession): Promise<void> {
    const { primes } = this.#parts;
    const { profile } = this.#set(attempt);
    const taken = await primes.take(profile);
    let session: PrepareSession;
    try {
      session = start();
    } catch (error) {
      primes.giveBack(profile, taken);
      throw error;
    }
    const goOn = primes.rest();
    try {
      await this.#prepare(attempt, session, taken);
    } finally {
      goOn();
    }
  }

  async #prepare(
    attempt: PrepareAttempt,
    { party }: PrepareSession,
    taken: GenerationPrimes,
  ): Promise<void> {
    const { arithmetic, keys } = this.#parts;
    const deviceSecret = keys.deviceSecret();
    let made: PreparedMaterial;
    try {
      made = await prepareMaterial(party, {
        set: this.#set(attempt),
        facts: this.#factsOf(attempt),
        primes: numbersOf(taken),
        deviceSecret,
        random: arithmetic.random,
        compute: arithmetic.compute,
        seen: keys.seenModuli,
      });
    } finally {
      wipe(deviceSecret, ...taken);
    }
    try {
      await this.#keep(attempt, made);
    } finally {
      wipe(made.secret);
    }
  }

  async #keep(
    { task, record, nodes }: PrepareAttempt,
    { secret, material, auxDigest }: PreparedMaterial,
  ): Promise<void> {
    const { context, keys, facts } = this.#parts;
    const { self, judging } = context;
    const { set, setId, generation } = task.asked;
    const preparation: Preparation = {
      sessionId: record.sessionId,
      setId: setIdBytes(setId),
      generation,
      members: [...nodes],
      digest: auxDigest,
    };
    const signature = self.signer.sign(preparedBytes(judging.genesis.clusterId, preparation));
    const command = encodeCommand({
      $case: 'prepared',
      value: { nodeId: self.id, preparation, signature },
    });
    await keys.materials.keep({
      ...placeOf(set.profile, preparation),
      secret,
      record: encodeGenerationRecord({ command, material }),
    });
    facts.sayPrepared(task.id, command);
  }

  #set({ task }: PrepareAttempt) {
    return preparingSet(this.#parts.arithmetic.gg20, task.asked.set.profile);
  }

  #factsOf({ task, number, nodes }: PrepareAttempt): PrepareFacts {
    const { asked, participants } = task;
    const { clusterId } = this.#parts.context.judging.genesis;
    return {
      clusterId,
      setId: setIdBytes(asked.setId),
      generation: asked.generation,
      attempt: number,
      members: nodes.map((node) => {
        const index = partyIndexOf(participants, node);
        const identityKey = participants[index - 1]?.identityKey ?? new Uint8Array(0);
        return { index, nodeId: node, identityKey };
      }),
    };
  }
}

/** Bigints cannot be wiped: they live until they are collected. */
function numbersOf([p, q, ph, qh]: GenerationPrimes): MaterialPrimes {
  return {
    paillier: [decodeBigEndian(p), decodeBigEndian(q)],
    ringPedersen: [decodeBigEndian(ph), decodeBigEndian(qh)],
  };
}
