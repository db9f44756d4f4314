import type { Boot, NodeId } from '../common/index.js';
import { COMPLAINT_KIND } from './messages.js';
import { sessionId, toHex } from '../common/index.js';
import type { KeyManager } from '../keys/index.js';
import type { Envelope, SessionBody, TaskRecord } from '../wire/index.js';
import type { Arithmetic } from './arithmetic.js';
import { Accusing } from './blame/accusing.js';
import { Complaints } from './blame/complaints.js';
import { Culprits } from './blame/culprits.js';
import type { ProvenCulprit } from './blame/culprits.js';
import type { Connections } from './connections.js';
import type { AppliedState, TaskContext } from './context.js';
import { Assigner } from './leader/assigner.js';
import { Coordinator } from './leader/coordinator.js';
import { FactIntake } from './leader/fact-intake.js';
import { Intake } from './leader/intake.js';
import { Leadership } from './leadership.js';
import { OpenTasks } from './open-tasks.js';
import { Commitments } from './participant/commitments.js';
import { Facts } from './participant/facts.js';
import { Generating } from './participant/generating.js';
import { KeyShares } from './participant/key-shares.js';
import { NamedNonces } from './participant/named-nonces.js';
import { Signing } from './participant/signing.js';
import { Reconciler } from './reconciler.js';
import { Submissions } from './requests/submissions.js';
import type { Submission } from './requests/submissions.js';
import { Router } from './router.js';
import { CommitmentChecks } from './voter/commitment-checks.js';
import { Contributions } from './voter/contributions.js';
import { NoncePools } from './voter/nonce-pools.js';
import { Pooling } from './voter/pooling.js';
import { ShareBox } from './voter/share-box.js';
import type { Batch } from './work.js';

/** What a task manager is made of: this node, its state and its doors. */
export type TaskManagerParts = {
  readonly context: TaskContext;
  readonly state: AppliedState;
  readonly arithmetic: Arithmetic;
  readonly keys: KeyManager;
  readonly connections: Connections;
};

/**
 * What one node does for tasks: as a participant of sessions, as the leader of tasks, and for the clients that wait here.
 * Wires the parts together; the reconciler drives them, and the router hands them what peers send.
 */
export class TaskManager {
  readonly #culprits: Culprits;
  readonly #submissions: Submissions;
  readonly #reconciler: Reconciler;
  readonly #router: Router;
  #stopped = false;

  constructor({ context, state, arithmetic, keys, connections }: TaskManagerParts) {
    const { self, clock, logger, consensus } = context;
    const { queries, view } = state;
    const leadership = new Leadership(consensus);
    const tasks = new OpenTasks(queries);

    const culprits = new Culprits(context, arithmetic.suiteOf);
    const complaints = new Complaints(context, culprits);
    const accusing = new Accusing(context, culprits);

    const keyShares = new KeyShares(keys, logger);
    const commitments = new Commitments(context, keys, keyShares);
    const facts = new Facts(context, queries, keyShares, commitments);
    const signing = new Signing(context, arithmetic, keys, commitments);
    const generating = new Generating(context, arithmetic, keys, facts);

    const pools = new NoncePools();
    const shares = new ShareBox();
    const checks = new CommitmentChecks(context, arithmetic, () => {
      // What was asked for in vain may be there now.
      if (this.#stopped) return;
      intake.tick();
      coordinator.tick();
    });

    const assigner = new Assigner(context, connections, pools, checks);
    const intake = new Intake(context, view, leadership, connections, assigner, culprits);
    const factIntake = new FactIntake(context, view, leadership);
    const coordinator = new Coordinator(context, leadership, arithmetic, queries, {
      tasks,
      shares,
      assigner,
      culprits,
      accusing,
      connections,
    });
    const submissions = new Submissions(context, state, connections, arithmetic.compute);

    const pooling = new Pooling(context, leadership, arithmetic.compute, pools, checks, () =>
      intake.tick(),
    );
    const contributions = new Contributions(
      { clock, queries, tasks, shares, pooling, accusing },
      coordinator,
    );
    const onEnvelope = (from: NodeId, envelope: Envelope): void => {
      const session = sessionId(toHex(envelope.sessionId));
      if (envelope.kind !== COMPLAINT_KIND) return generating.receive(from, session, envelope);
      const open = tasks.session(session);
      if (open === undefined) return;
      for (const { nodeId } of complaints.take(from, open, envelope)) {
        coordinator.proved(open.task, nodeId);
      }
    };

    this.#culprits = culprits;
    this.#submissions = submissions;
    this.#reconciler = new Reconciler(context, leadership, queries, tasks, [
      pooling,
      new NamedNonces(context, keys),
      shares,
      signing,
      generating,
      facts,
      commitments,
      intake,
      factIntake,
      coordinator,
      complaints,
      culprits,
      submissions,
      keyShares,
    ]);
    this.#router = new Router(logger, {
      envelope: onEnvelope,
      contribution: (from, value) => contributions.take(from, value),
      wantCommitments: (from, { keyId }) => commitments.wanted(from, queries.key(keyId)),
      commitments: (from, { keyId, version, slots }) =>
        pooling.take(from, queries.key(keyId), version, slots),
      forward: (from, { request }) => intake.take(from, request),
      forwardRefused: (from, value) => submissions.refused(from, value),
      fact: (_, { command }) => factIntake.take(command),
    });
    pools.hello(self.id, self.boot);
  }

  /** Begins to look after the state as it is found. */
  start(): void {
    this.#reconciler.start();
  }

  /** Takes a client's request and waits for its outcome. See {@link Submissions.submit}. */
  async submit(submission: Submission): Promise<TaskRecord> {
    const outcome = this.#submissions.submit(submission);
    this.#reconciler.wake();
    return outcome;
  }

  /** The nodes that are proved to have lied in a task, by evidence that this node has judged. */
  culprits(task: Pick<TaskRecord, 'taskId' | 'outcome'>): readonly ProvenCulprit[] {
    return this.#culprits.of(task);
  }

  /** Entries were applied. */
  applied(batch: Batch): void {
    if (!this.#stopped) this.#reconciler.applied(batch);
  }

  /** Takes one message of a peer's stream: any bytes. */
  receive(from: NodeId, bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#router.receive(from, bytes);
    this.#reconciler.wake();
  }

  /** Takes one message of a peer, or of this node itself. */
  deliver(from: NodeId, message: SessionBody): void {
    if (this.#stopped) return;
    this.#router.deliver(from, message);
    this.#reconciler.wake();
  }

  /** A peer can be reached, and runs as `boot` now. */
  connected(peer: NodeId, boot: Boot): void {
    if (!this.#stopped) this.#reconciler.connected(peer, boot);
  }

  stop(): void {
    this.#stopped = true;
    this.#reconciler.close();
  }
}
