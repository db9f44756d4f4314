import { equal } from '../../../common/index.js';
import { wipe } from '../../../crypto/index.js';
import { publicKeyJob } from '../../../algorithms/index.js';
import { partyIndexOf } from '../../../identity/index.js';
import { ProtocolAbort } from '../../../mpc/index.js';
import type { Session } from '../../../mpc/index.js';
import { generateKey, keygen } from '../../../sharing/index.js';
import type { KeygenRounds } from '../../../sharing/index.js';
import { setAsked } from '../../../state/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { Envelope, KeyParticipant } from '../../../wire/index.js';
import { complaint, transcriptOf } from '../../blame/complaining.js';
import { PENDING_SHARES_MAX } from '../../limits.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import { readyOf } from '../../participant/facts.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext } from '../driver.js';
import { signedReady, versionOf } from './ready.js';
import type { KeygenAttempt } from './ready.js';

/**
 * This node as a participant of key generations: it keeps its share, and only then has something to say in the log.
 */
export class KeyGeneration implements SessionKind<ParsedGenerateKey, KeygenRounds> {
  readonly #parts: ParticipantContext;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
  }

  protocol(): typeof keygen {
    return keygen;
  }

  participants({ task }: KeygenAttempt): readonly KeyParticipant[] {
    return task.participants;
  }

  /**
   * Says `ready` for a session of an earlier run. The crash may have come between the write and the reading back, which
   * `ready` speaks of too: so the share is opened first.
   */
  async sayAgain(attempt: KeygenAttempt): Promise<boolean> {
    const { session, task } = attempt;
    const { keyId, algorithm } = task.asked;
    const { keys, facts } = this.#parts;
    const record = await keys.record(keyId, session);
    if (record === undefined) return false;
    const V = readyOf(record)?.sharing?.publicPolynomial ?? [];
    const version = versionOf(attempt);
    const opened = await keys.load({ keyId, sessionId: session, version, V, algorithm });
    if (opened) facts.sayReady(task.id, record);
    return true;
  }

  /** A share without the material that it signs under would be of no use. */
  async refusal({ task, record }: KeygenAttempt): Promise<AttemptRefusal | undefined> {
    const { context, generations, keys, view } = this.#parts;
    const pending = await keys.pending(task.asked.keyId);
    if (pending >= PENDING_SHARES_MAX) return { reason: 'pending-full' };
    const auxiliary = record.attempt?.auxiliary;
    const set = setAsked(view, task.asked, context.judging);
    if (auxiliary === undefined || set === undefined) return undefined;
    if (!generations.isMember(set, auxiliary)) return undefined;
    const held = await generations.load(set, auxiliary);
    return held === undefined ? { reason: 'material-missing' } : undefined;
  }

  async run(attempt: KeygenAttempt, start: () => Session<KeygenRounds>): Promise<void> {
    const { context, arithmetic, facts, keys } = this.#parts;
    const { compute, random, schemes } = arithmetic;
    const { keyId, algorithm, threshold } = attempt.task.asked;
    const { sharing } = schemes[algorithm];
    const { party } = start();
    const key = await generateKey(sharing, party, threshold, random, compute);
    try {
      const [V_0 = new Uint8Array()] = key.V;
      const publicKey = await compute.run(publicKeyJob, { algorithm, V_0 });
      // Left to chance, which does not do it: no participant is to blame.
      if (publicKey === undefined) throw new ProtocolAbort('The sharing gives no public key', []);
      const command = signedReady(context, attempt, key, publicKey);
      await keys.keep({
        keyId,
        sessionId: attempt.session,
        version: versionOf(attempt),
        algorithm,
        threshold,
        V: key.V,
        publicKey,
        index: party.index,
        scalar: key.share.scalar,
        record: command,
      });
      facts.sayReady(attempt.task.id, command);
    } finally {
      wipe(key.share.scalar);
    }
  }

  /** Digests that differ show that a participant told different things to different others: what each was told shows which one. */
  compare(attempt: KeygenAttempt, { party }: Session<KeygenRounds>): Envelope | undefined {
    const { record, participants } = attempt.task;
    const [first, ...others] = record.ready.flatMap(({ sharing }) => sharing ?? []);
    if (first === undefined || others.every(({ digest }) => equal(digest, first.digest))) return;
    const shown = { $case: 'transcript', value: transcriptOf(party) } as const;
    const { context } = this.#parts;
    const index = partyIndexOf(participants, context.self.id);
    return complaint(context, attempt, index, shown);
  }
}
