import type { Boot, KeyId, NodeId, TaskId } from '../common/index.js';
import { sessionId, toHex } from '../common/index.js';
import type { Timer } from '../ports/index.js';
import type { Queries, Verdict } from '../state/index.js';
import { decode, encode, SessionMessage } from '../wire/index.js';
import type { Contribution, Envelope, KeyRecord, NonceSlot, TaskRecord } from '../wire/index.js';
import { Accusing } from './blame/accusing.js';
import { Complaints } from './blame/complaints.js';
import { Culprits } from './blame/culprits.js';
import type { ProvenCulprit } from './blame/culprits.js';
import { Assigner } from './leader/assigner.js';
import { Commitments } from './participant/commitments.js';
import { CommitmentChecks } from './voter/commitment-checks.js';
import { Coordinator } from './leader/coordinator.js';
import { FactIntake } from './leader/fact-intake.js';
import { Facts } from './participant/facts.js';
import { Generating } from './participant/generating.js';
import { Intake } from './leader/intake.js';
import { KeyShares } from './participant/key-shares.js';
import { NAMED_KEPT_MAX, RECONCILE_MS, TICK_MS } from './limits.js';
import { NoncePools } from './voter/nonce-pools.js';
import { OpenTasks } from './open-tasks.js';
import type { OpenTask } from './open-tasks.js';
import { ShareBox } from './voter/share-box.js';
import { Signing } from './participant/signing.js';
import { Submissions } from './requests/submissions.js';
import type { Submission } from './requests/submissions.js';
import { indexOf } from './surroundings.js';
import type { Surroundings } from './surroundings.js';

/** What a batch of applied entries did, together. */
export type Batch = {
  readonly tasks: ReadonlySet<TaskId>;
  readonly keys: ReadonlySet<KeyId>;
  readonly named: readonly NonceSlot[];
  readonly verdicts: readonly Verdict[];
};

/**
 * Compares what the state says with what this node is doing, and does what is missing: as a participant of sessions, as
 * the leader of tasks, and for the clients that wait here. It follows the state, not the entries, so it does not matter
 * how the state came about: by the log, after a restart, or long ago.
 */
export class TaskManager {
  readonly #around: Surroundings;
  readonly #queries: Queries;
  readonly #tasks: OpenTasks;
  readonly #pools = new NoncePools();
  readonly #checks: CommitmentChecks;
  readonly #shares = new ShareBox();
  readonly #culprits: Culprits;
  readonly #complaints: Complaints;
  readonly #accusing: Accusing;
  readonly #keyShares: KeyShares;
  readonly #commitments: Commitments;
  readonly #facts: Facts;
  readonly #signing: Signing;
  readonly #generating: Generating;
  readonly #intake: Intake;
  readonly #factIntake: FactIntake;
  readonly #coordinator: Coordinator;
  readonly #submissions: Submissions;
  /** What is open in the state is known to be open. */
  #current = false;
  #named: readonly NonceSlot[] = [];
  #tick: Timer | undefined;
  #sweep: Timer | undefined;
  #stopped = false;

  constructor(around: Surroundings, queries: Queries) {
    this.#around = around;
    this.#queries = queries;
    this.#tasks = new OpenTasks(queries);
    this.#culprits = new Culprits(around);
    this.#complaints = new Complaints(around, this.#culprits);
    this.#accusing = new Accusing(around, this.#culprits);
    this.#keyShares = new KeyShares(around);
    this.#commitments = new Commitments(around, this.#keyShares);
    this.#facts = new Facts(around, queries, this.#keyShares, this.#commitments);
    this.#signing = new Signing(around, this.#commitments);
    this.#generating = new Generating(around, this.#facts);
    this.#checks = new CommitmentChecks(around, () => this.#checked());
    const assigner = new Assigner(around, this.#pools, this.#checks);
    this.#intake = new Intake(around, assigner, this.#culprits);
    this.#factIntake = new FactIntake(around);
    this.#coordinator = new Coordinator(
      around,
      this.#tasks,
      this.#shares,
      assigner,
      this.#culprits,
      this.#accusing,
    );
    this.#submissions = new Submissions(around, queries);
    this.#pools.hello(around.self, around.boot);
  }

  /** Begins to look after the state as it is found. */
  start(): void {
    this.#reconcileAll();
    this.#scheduleSweep();
  }

  /** Takes a client's request and waits for its outcome. See {@link Submissions.submit}. */
  async submit(submission: Submission): Promise<TaskRecord> {
    const outcome = this.#submissions.submit(submission);
    this.#wake();
    return outcome;
  }

  /** Who is proved to have lied in a task, by evidence that this node has judged. */
  culprits(task: Pick<TaskRecord, 'taskId' | 'outcome'>): readonly ProvenCulprit[] {
    return this.#culprits.of(task);
  }

  /** Entries were applied. */
  applied(batch: Batch): void {
    if (this.#stopped) return;
    this.#pools.named(batch.named);
    const { self } = this.#around;
    const own = batch.named.filter(({ nodeId }) => nodeId === self);
    this.#named = [...this.#named, ...own].slice(-NAMED_KEPT_MAX);
    for (const verdict of batch.verdicts) {
      this.#intake.applied(verdict.hash);
      this.#submissions.decided(verdict);
    }
    this.#sync();
    for (const id of batch.tasks) this.#taskChanged(id);
    for (const id of batch.keys) this.#keyChanged(id);
    this.#dropNamed();
    this.#submissions.changed(batch.tasks, batch.keys);
    this.#wake();
  }

  /** Takes one message of a peer's session stream: any bytes. */
  receive(from: NodeId, bytes: Uint8Array): void {
    const message = decode(SessionMessage, bytes);
    if (message === undefined) {
      this.#around.logger.debug('a session message that cannot be read', { peer: from });
      return;
    }
    this.deliver(from, message);
  }

  /** Takes one message of a peer, or of this node itself. */
  deliver(from: NodeId, { message }: SessionMessage): void {
    if (this.#stopped || message === undefined) return;
    switch (message.$case) {
      case 'envelope':
        return this.#envelope(from, message.value);
      case 'contribution':
        return this.#contribution(from, message.value);
      case 'wantCommitments': {
        const key = this.#queries.key(message.value.keyId);
        if (key !== undefined) this.#commitments.wanted(from, key);
        return;
      }
      case 'commitments': {
        const { keyId, version, slots } = message.value;
        return this.#pool(from, this.#queries.key(keyId), version, slots);
      }
      case 'forward':
        this.#intake.take(from, message.value.request);
        return this.#wake();
      case 'forwardRefused':
        return this.#submissions.refused(from, message.value);
      case 'fact':
        return this.#factIntake.take(message.value.command);
    }
  }

  connected(peer: NodeId, boot: Boot): void {
    if (this.#stopped) return;
    this.#pools.hello(peer, boot);
    this.#signing.resendTo(peer);
    this.#generating.resendAll();
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#tick?.cancel();
    this.#sweep?.cancel();
    this.#keyShares.close();
    this.#signing.close();
    this.#generating.close();
    this.#submissions.close();
  }

  /** Nonces that entries named and no session took are of no more use; not before every session had its chance. */
  #dropNamed(): void {
    if (!this.#current) return;
    this.#around.keys.named(this.#named);
    this.#named = [];
  }

  /** Follows leadership: what waits for a caught-up node is looked at again, and what only a leader keeps goes. */
  #sync(): void {
    const led = this.#coordinator.leads;
    this.#coordinator.sync();
    if (led && !this.#coordinator.leads) {
      this.#intake.clear();
      this.#factIntake.clear();
    }
    const { current } = this.#around.consensus.status();
    const news = current && !this.#current;
    this.#current = current;
    if (news) this.#reconcileAll();
  }

  #reconcileAll(): void {
    for (const id of this.#tasks.ids()) this.#taskChanged(id);
    for (const id of this.#queries.installing()) this.#keyChanged(id);
    this.#dropNamed();
    this.#submissions.advance();
    this.#wake();
  }

  #taskChanged(id: TaskId): void {
    const before = this.#tasks.get(id);
    const task = this.#tasks.refresh(id);
    if (task === undefined) return this.#taskClosed(id, before);
    for (const open of task.sessions) this.#shares.opened(open);
    this.#contribute(task);
    this.#coordinator.taskChanged(task);
  }

  #taskClosed(id: TaskId, before: OpenTask | undefined): void {
    this.#signing.closed(id);
    this.#generating.closed(id);
    this.#coordinator.taskClosed(id);
    this.#complaints.closed(id);
    this.#shares.closed(before?.sessions ?? []);
  }

  #contribute(task: OpenTask): void {
    if (task.signs) {
      for (const open of task.sessions) this.#signing.contribute(open);
      return;
    }
    const newest = task.sessions.at(-1);
    if (newest !== undefined) this.#generating.contribute(newest);
  }

  #keyChanged(id: string): void {
    const key = this.#queries.key(id);
    if (key !== undefined) this.#facts.install(key);
  }

  #envelope(from: NodeId, envelope: Envelope): void {
    const session = sessionId(toHex(envelope.sessionId));
    if (envelope.kind !== 'COMPLAINT') return this.#generating.receive(from, session, envelope);
    const open = this.#tasks.session(session);
    if (open === undefined) return;
    for (const { nodeId } of this.#complaints.take(from, open, envelope)) {
      this.#coordinator.proved(open.task, nodeId);
    }
    this.#wake();
  }

  #contribution(from: NodeId, contribution: Contribution): void {
    const { envelope, keyId, version, next } = contribution;
    if (envelope === undefined) return;
    const session = sessionId(toHex(envelope.sessionId));
    const open = this.#tasks.session(session);
    if (next.length > 0) {
      const known = open?.task.key?.keyId === keyId ? open.task.key : undefined;
      this.#pool(from, known ?? this.#queries.key(keyId), version, next);
    }
    if (envelope.kind === 'DECLINED') {
      if (open !== undefined) this.#coordinator.declined(from, open, envelope);
      return this.#wake();
    }
    if (envelope.kind !== 'SHARE') return;
    if (open === undefined) {
      const now = this.#around.clock.elapsed();
      this.#shares.addEarly(
        from,
        session,
        envelope,
        encode(SessionMessage, {
          message: { $case: 'contribution', value: contribution },
        }).length,
        now,
      );
      return;
    }
    const first = this.#shares.otherThan(from, open, envelope);
    if (first !== undefined) {
      const unsigned = this.#accusing.twoShares(open, first, envelope);
      if (unsigned === 'second') return;
      if (unsigned === 'first') this.#shares.drop(open.session, envelope.from);
      else this.#shares.refuse(open.session, envelope.from);
    }
    if (this.#shares.add(from, open, envelope)) this.#coordinator.shareCame(open);
  }

  /** Pools only what an attempt could name: of a participant, for the version that is active. */
  #pool(
    from: NodeId,
    key: KeyRecord | undefined,
    version: number,
    slots: readonly NonceSlot[],
  ): void {
    if (key?.version !== version || indexOf(key.participants, from) === 0) return;
    this.#pools.add(from, key.keyId, version, slots, this.#around.clock.elapsed());
    // A leader signs whenever it can: who does not lead needs its points next, and looks at them while there is nothing else to do.
    const { compute, consensus } = this.#around;
    const isNext = from === consensus.status().leader && compute.idle();
    if (this.#coordinator.leads || isNext) this.#checks.check(key, slots);
    this.#intake.advance();
  }

  /** What was asked for in vain may be there now. */
  #checked(): void {
    if (this.#stopped) return;
    this.#intake.advance();
    this.#coordinator.advance();
  }

  /** One timer drives hedges, resends and deadlines, while there is anything to drive. */
  #wake(): void {
    if (this.#tick !== undefined || this.#stopped || !this.#busy()) return;
    this.#tick = this.#around.clock.after(TICK_MS, () => {
      this.#tick = undefined;
      this.#sync();
      this.#signing.resend();
      this.#generating.resend();
      this.#facts.resend();
      this.#commitments.tell();
      this.#intake.advance();
      this.#coordinator.advance();
      this.#submissions.repeat();
      this.#wake();
    });
  }

  #busy(): boolean {
    return (
      this.#tasks.size > 0 ||
      this.#signing.busy ||
      this.#generating.busy ||
      this.#facts.busy ||
      this.#commitments.busy ||
      this.#intake.busy ||
      this.#submissions.busy
    );
  }

  #scheduleSweep(): void {
    this.#sweep = this.#around.clock.after(RECONCILE_MS, () => {
      this.#sync();
      this.#reconcileAll();
      const now = this.#around.clock.elapsed();
      this.#pools.expire(now);
      this.#commitments.expire(now);
      this.#culprits.expire(now);
      this.#around.keys.expire(now);
      this.#scheduleSweep();
    });
  }
}
