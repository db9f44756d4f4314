import { evidenceOfReshare } from '../../../blame/index.js';
import { equal, keyId, sessionId, toHex } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import { wipe } from '../../../crypto/index.js';
import { algorithmOf, partyIndexOf, readyBytes } from '../../../identity/index.js';
import type { Protocol, ProtocolAbort, Session } from '../../../mpc/index.js';
import { reshare, reshareGroups, resharing } from '../../../sharing/index.js';
import type { KeyShare, NewSharing, ReshareGroup, ReshareRounds } from '../../../sharing/index.js';
import { encodeCommand, readyOfKey, setOfVersion } from '../../../state/index.js';
import type { ActiveKey, NewVersion } from '../../../state/index.js';
import type { Envelope, KeyParticipant, Sharing } from '../../../wire/index.js';
import { basisOf, complaint, transcriptOf } from '../../blame/complaining.js';
import { PENDING_SHARES_MAX } from '../../limits.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import type { SessionGroups } from '../../participant/attempt-session.js';
import { readyOf } from '../../participant/facts.js';
import type { SessionKind } from '../../participant/session-runs.js';
import type { ParticipantContext } from '../driver.js';
import { newSharing, newVersionOf, reshareFacts } from './new-version.js';
import type { ParsedNewVersion, ReshareAttempt } from './new-version.js';

/**
 * This node as a party of a reshare. As a dealer it deals its share of the version before, as a receiver it keeps its share of the new
 * one, and only then has it something to say in the log.
 */
export class Resharing implements SessionKind<ParsedNewVersion, ReshareRounds> {
  readonly #parts: ParticipantContext;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
  }

  protocol(): Protocol<ReshareRounds, ReshareGroup> {
    return resharing;
  }

  groups(attempt: ReshareAttempt): SessionGroups {
    return reshareGroups(reshareFacts(attempt, this.#made(attempt)));
  }

  participants({ participants }: ReshareAttempt): readonly KeyParticipant[] {
    return participants;
  }

  /** Says `ready` for a session of an earlier run, once the share that it kept opens. */
  async sayAgain(attempt: ReshareAttempt): Promise<boolean> {
    const { keys, facts } = this.#parts;
    const { session, task } = attempt;
    const record = await keys.record(task.asked.keyId, session);
    const sharing = record && readyOf(record)?.sharing;
    if (record === undefined || sharing === undefined) return false;
    const opened = await this.#open(attempt, sharing);
    if (opened) facts.sayReady(task.id, record);
    return true;
  }

  async refusal(attempt: ReshareAttempt): Promise<AttemptRefusal | undefined> {
    const { asked } = attempt.task;
    const { context, culprits, view } = this.#parts;
    const made = newVersionOf(view, asked, context.judging);
    if (made === undefined) return { reason: 'version-over' };
    const culprit = asked.kind === 'refresh' ? asked.culprit : undefined;
    // The state takes a leader's word that there is evidence. Each participant judges it, and makes no version without it.
    if (culprit !== undefined) {
      const proved = await culprits.take(culprit.evidence);
      if (proved?.nodeId !== culprit.nodeId) return { reason: 'culprit-unproved' };
    }
    return (await this.#lacksBase(attempt, made)) ?? this.#lacksRoom(attempt, made);
  }

  async run(attempt: ReshareAttempt, start: () => Session<ReshareRounds>): Promise<void> {
    const { arithmetic } = this.#parts;
    const { compute, random, schemes } = arithmetic;
    const made = this.#made(attempt);
    const { sharing } = schemes[algorithmOf(made.key)];
    const { party } = start();
    // In memory, and copied in one step with the start: what was checked still holds.
    const share = this.#isDealer(attempt) ? this.#share(made.key) : undefined;
    let fresh: NewSharing | undefined;
    try {
      const facts = reshareFacts(attempt, made);
      fresh = await reshare(sharing, party, facts, share, random, compute);
    } finally {
      if (share !== undefined) wipe(share.scalar);
    }
    if (fresh === undefined) return;
    try {
      await this.#keep(attempt, made, fresh);
    } finally {
      wipe(fresh.share.scalar);
    }
  }

  /** A dealing is judged by its dealer's own word for the version before. */
  evidence(
    attempt: ReshareAttempt,
    culprit: PartyIndex,
    { evidence }: ProtocolAbort,
  ): Uint8Array | undefined {
    const basis = basisOf(attempt);
    const node = attempt.participants[culprit - 1]?.nodeId;
    if (basis === undefined || node === undefined) return undefined;
    const own = evidence.filter(({ from }) => from === culprit);
    return evidenceOfReshare(basis, node, own, readyOfKey(this.#made(attempt).key, node));
  }

  /** Digests that differ show that a dealer told different things to different others: what each was told shows which one. */
  compare(attempt: ReshareAttempt, { party }: Session<ReshareRounds>): Envelope | undefined {
    const { record } = attempt.task;
    const [first, ...others] = record.ready.flatMap(({ sharing }) => sharing ?? []);
    if (first === undefined || others.every(({ digest }) => equal(digest, first.digest))) return;
    const shown = { $case: 'transcript', value: transcriptOf(party) } as const;
    const { context } = this.#parts;
    const index = partyIndexOf(attempt.participants, context.self.id);
    return complaint(context, attempt, index, shown);
  }

  /** A dealer needs its share of the version before. */
  async #lacksBase(
    attempt: ReshareAttempt,
    { key }: NewVersion,
  ): Promise<AttemptRefusal | undefined> {
    if (!this.#isDealer(attempt)) return undefined;
    const isLoaded = await this.#parts.keys.load({
      keyId: attempt.task.asked.keyId,
      sessionId: sessionId(toHex(key.sessionId)),
      version: key.version,
      V: key.publicPolynomial,
      algorithm: algorithmOf(key),
    });
    return isLoaded ? undefined : { reason: 'share-missing' };
  }

  /** A receiver needs room for one more share, and the material that it signs under. */
  async #lacksRoom(
    { task, record, session }: ReshareAttempt,
    made: NewVersion,
  ): Promise<AttemptRefusal | undefined> {
    const { context, erasing, generations, keys } = this.#parts;
    if (partyIndexOf(made.participants, context.self.id) === 0) return undefined;
    const kept = await keys.sessionsOf(task.asked.keyId);
    const isFull = kept.length >= PENDING_SHARES_MAX && !kept.includes(session);
    if (isFull && !(await erasing.makeRoom(made.key))) return { reason: 'pending-full' };
    const set = setOfVersion(made);
    const auxiliary = record.attempt?.auxiliary;
    if (set === undefined || auxiliary === undefined) return undefined;
    if (!generations.isMember(set, auxiliary)) return undefined;
    const held = await generations.load(set, auxiliary);
    return held === undefined ? { reason: 'material-missing' } : undefined;
  }

  /** Seals the new share, and says so; voters hear of supplies of the new version before it is active. */
  async #keep(attempt: ReshareAttempt, made: NewVersion, fresh: NewSharing): Promise<void> {
    const { facts, keys } = this.#parts;
    const sharing = newSharing(attempt, made, fresh);
    const command = this.#signed(sharing);
    await keys.keep({
      keyId: attempt.task.asked.keyId,
      sessionId: attempt.session,
      version: sharing.version,
      algorithm: algorithmOf(made.key),
      threshold: sharing.threshold,
      V: fresh.V,
      publicKey: sharing.publicKey,
      index: fresh.share.index,
      scalar: fresh.share.scalar,
      record: command,
    });
    await this.#open(attempt, sharing);
    facts.sayReady(attempt.task.id, command);
  }

  /** Opens the share of a version in the making, and makes supplies of it. */
  async #open(attempt: ReshareAttempt, sharing: Sharing): Promise<boolean> {
    const { keys, supply } = this.#parts;
    const { key } = this.#made(attempt);
    const opened = await keys.load({
      keyId: attempt.task.asked.keyId,
      sessionId: attempt.session,
      version: sharing.version,
      V: sharing.publicPolynomial,
      algorithm: algorithmOf(key),
    });
    if (opened) supply.versionKept({ ...key, ...sharing, ready: [], installed: [] });
    return opened;
  }

  #signed(sharing: Sharing): Uint8Array {
    const { judging, self } = this.#parts.context;
    const signature = self.signer.sign(readyBytes(judging.genesis.clusterId, sharing));
    return encodeCommand({ $case: 'ready', value: { nodeId: self.id, sharing, signature } });
  }

  #share(key: ActiveKey): KeyShare | undefined {
    const { keys } = this.#parts;
    const [id, session] = [keyId(key.keyId), sessionId(toHex(key.sessionId))];
    return keys.isLoaded(id, key.version, session) ? keys.share(id, key.version) : undefined;
  }

  #isDealer({ record }: ReshareAttempt): boolean {
    return record.attempt?.dealers.includes(this.#parts.context.self.id) ?? false;
  }

  #made({ task, key }: ReshareAttempt): NewVersion {
    const { context, view } = this.#parts;
    const made = newVersionOf(view, task.asked, context.judging);
    // The version that the attempt names, though another one may be active by now.
    if (made === undefined || key === undefined) throw new Error('The key is gone');
    return { ...made, key };
  }
}
