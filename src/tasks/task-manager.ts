import type { Boot, Millis, NodeId } from '../common/index.js';
import { Budgets, sessionId, toHex } from '../common/index.js';
import type { KeyManager } from '../keys/index.js';
import type { Led } from '../raft/index.js';
import { readLevel } from '../state/index.js';
import { RESULT_LEVEL } from '../wire/index.js';
import type { Envelope, TaskMessageBody, TaskRecord } from '../wire/index.js';
import type { Arithmetic } from './arithmetic.js';
import { Accusing } from './blame/accusing.js';
import { Complaints } from './blame/complaints.js';
import { Culprits } from './blame/culprits.js';
import type { ProvenCulprit } from './blame/culprits.js';
import type { Connections } from './connections.js';
import type { AppliedState, TaskContext } from './context.js';
import { Assigner } from './leader/assigner.js';
import { Bringers } from './leader/bringers.js';
import { Coordinator } from './leader/coordinator.js';
import { CulpritRefreshes } from './leader/culprit-refreshes.js';
import { FactIntake } from './leader/fact-intake.js';
import { Intake } from './leader/intake.js';
import { PresignatureChoice } from './leader/presignature-choice.js';
import { PresignProposals } from './leader/presign-proposals.js';
import { UpkeepProposals } from './leader/upkeep.js';
import { Outcomes } from './leader/outcomes.js';
import { ResultIntake } from './leader/result-intake.js';
import { sidesOf } from './kinds/driver.js';
import { SessionFailures } from './kinds/sign/session-failures.js';
import type { SessionFailureCount } from './kinds/sign/session-failures.js';
import type { DriverTable } from './kinds/driver.js';
import { Leadership } from './leadership.js';
import { PEERS_MAX, SIGNATURES_CHECKED, TICK_MS } from './limits.js';
import { LiveTasks } from './live-tasks.js';
import type { LiveTask } from './live-tasks.js';
import { COMPLAINT_KIND } from './messages.js';
import { Monitor } from './monitor/monitor.js';
import type { MonitorMode, MonitorStatus } from './monitor/monitor.js';
import { Answers } from './participant/answers.js';
import { Erasing } from './participant/erasing.js';
import { Supplies } from './participant/supplies.js';
import { Facts } from './participant/facts.js';
import { Generations } from './participant/generations.js';
import { KeyShares } from './participant/key-shares.js';
import { NamedNonces } from './participant/named-nonces.js';
import { OwnPresignatures } from './participant/own-presignatures.js';
import { Participants } from './participant/participants.js';
import { PrimePool } from './participant/prime-pool.js';
import type { PrimeStock } from './participant/prime-pool.js';
import { Reconciler } from './reconciler.js';
import { EarlyAnswers } from './requests/early-answers.js';
import { PendingCalls } from './requests/pending-calls.js';
import { LeadershipOrders } from './requests/leadership-orders.js';
import type { LeadershipOrder } from './requests/leadership-orders.js';
import { Submissions } from './requests/submissions.js';
import type { Submission } from './requests/submission.js';
import { unlock } from './requests/unlocking.js';
import type { UnlockOrder } from './requests/unlocking.js';
import { Router } from './router.js';
import { SupplyChecks } from './voter/supply-checks.js';
import { Contributions } from './voter/contributions.js';
import { EarlyMessages } from './voter/early-messages.js';
import { SupplyPools } from './voter/supply-pools.js';
import { Pooling } from './voter/pooling.js';
import { PresignaturePools } from './voter/presignature-pools.js';
import { Results } from './voter/results.js';
import { ShareBox } from './voter/share-box.js';
import type { Batch } from './work.js';

/** Presignatures on this node. */
export type PresignatureStocks = {
  readonly pools: readonly {
    readonly keyId: string;
    readonly version: number;
    readonly held: number;
    readonly wanted: number;
  }[];
  /** Of all keys. */
  readonly held: number;
};

/** The parts of a task manager: this node, its state and its ports. */
export type TaskManagerParts = {
  readonly context: TaskContext;
  readonly state: AppliedState;
  readonly arithmetic: Arithmetic;
  readonly keys: KeyManager;
  readonly connections: Connections;
  /** By the name of a task's kind: those of this build, and in tests others besides. */
  readonly drivers: DriverTable;
  /** Presignatures that are kept of one key and set of signers; 0 or absent: none are made. */
  readonly presignatures?: number | undefined;
  /** How much of the performance monitor it does; nothing where absent. */
  readonly monitor?: MonitorMode | undefined;
};

/**
 * The tasks of one node: as a participant of sessions, as the leader of tasks, and for the clients that wait here.
 * Wires the parts together; the reconciler drives them, and the router hands them what peers send.
 */
export class TaskManager {
  readonly #culprits: Culprits;
  readonly #participants: Participants;
  readonly #connections: Connections;
  readonly #failures: SessionFailures;
  readonly #context: TaskContext;
  readonly #primes: PrimePool;
  readonly #presignatures: OwnPresignatures;
  readonly #presigns: PresignProposals;
  readonly #monitor: Monitor;
  readonly #submissions: Submissions;
  readonly #leadershipOrders: LeadershipOrders;
  readonly #earlyAnswers: EarlyAnswers;
  readonly #reconciler: Reconciler;
  readonly #router: Router;
  #stopped = false;

  constructor(parts: TaskManagerParts) {
    const {
      context,
      state,
      arithmetic,
      keys,
      connections,
      drivers,
      presignatures: size = 0,
      monitor: mode = 'off',
    } = parts;
    const { self, clock, logger, consensus } = context;
    const { queries, view } = state;
    const leadership = new Leadership(consensus);
    const tasks = new LiveTasks(state, context.judging);
    const { random } = arithmetic;
    const monitor = new Monitor(context, { state, leadership, tasks, random }, mode);

    const culprits = new Culprits(context, arithmetic);
    const complaints = new Complaints(context, arithmetic, culprits, (task, node) =>
      coordinator.proved(task, node),
    );
    const accusing = new Accusing(context, culprits);

    const keyShares = new KeyShares(keys, logger);
    const supply = new Supplies(context, keys, keyShares);
    // The node whose client waits adds up by itself; without it, which a participant need not know, it may be any.
    const waitingNode = ({ id, kind }: LiveTask): NodeId | undefined => {
      if (combining.get(kind)?.checkClaims === undefined || readLevel(view) < RESULT_LEVEL) {
        return undefined;
      }
      if (calls.waitFor(id)) return self.id;
      return leadership.held ? bringers.of(id) : undefined;
    };
    const session = {
      answers: new Answers(context, waitingNode),
      early: new EarlyMessages<Envelope>(),
    };
    const primes = new PrimePool(arithmetic.primes, logger);
    const { materials } = keys;
    const generations = new Generations(context, { view, tasks, materials, arithmetic, primes });
    const facts = new Facts(context, queries, keyShares, supply, generations);
    const erasing = new Erasing(context, { queries, tasks, keys });
    const failures = new SessionFailures(keys.failures, context);
    const helpers = { erasing, culprits, failures };
    const ownPresignatures = new OwnPresignatures(context, state, size);
    const held = { generations, presignatures: ownPresignatures };
    const own = { supply, facts, primes, ...held, ...helpers, session };
    const participating = { context, view, arithmetic, keys, ...own };
    const participants = new Participants(
      context,
      tasks,
      sidesOf(drivers, (driver) => driver.participant?.(participating)),
      session.early,
    );

    const checking = new Budgets(SIGNATURES_CHECKED, PEERS_MAX);
    const pools = new SupplyPools();
    // Supplies that were asked for in vain may be there now. Requests in the log have waited longer than those before it.
    const onSupplies = (): void => {
      if (this.#stopped) return;
      coordinator.tick();
      intake.tick();
    };
    const checks = new SupplyChecks(context, arithmetic, pools, onSupplies);
    const assigner = new Assigner(context, connections, pools, checks, monitor.choice);
    const judged = { accusing, culprits, failures };
    const presignaturePools = new PresignaturePools(context, state);
    const choice = new PresignatureChoice({
      context,
      connections,
      pools: presignaturePools,
      ...judged,
    });
    const chosen = { assigner, presignatures: choice };
    const leading = { context, arithmetic, state, connections, ...chosen, ...judged };
    const leaders = sidesOf(drivers, (driver) => driver.leader?.(leading));
    const combining = sidesOf(drivers, (driver) => driver.combining?.({ context, arithmetic }));
    const shares = new ShareBox((attempt) => combining.get(attempt.task.kind)?.envelope(attempt));
    const results = new Results(context, tasks, shares, combining, (attempt) => {
      if (this.#stopped) return;
      earlyAnswers.news(attempt);
      coordinator.news(attempt);
      this.#reconciler.wake();
    });
    const outcomes = new Outcomes(context);
    // Outcomes that no client waits for ride with each command of another part.
    const appending: TaskContext = {
      ...context,
      consensus: { ...consensus, propose: (...asked) => outcomes.propose(...asked) },
    };
    const bringers = new Bringers();
    const intake = new Intake(appending, view, leadership, leaders, bringers);
    const factIntake = new FactIntake(appending, view, leadership);
    const upkeep = new UpkeepProposals(appending, view, leadership, connections);
    const refreshing = { view, queries, leadership, culprits, connections };
    const culpritRefreshes = new CulpritRefreshes(appending, refreshing);
    const presigns = new PresignProposals(
      appending,
      { state, tasks, leadership, connections, pools: presignaturePools, choice },
      size,
    );
    const coordinator = new Coordinator(appending, {
      leadership,
      queries,
      view,
      tasks,
      connections,
      shares,
      results,
      bringers,
      outcomes,
      culprits,
      checking,
      drivers: leaders,
      combining,
    });
    const resultIntake = new ResultIntake(context, { leadership, tasks, results, combining });
    const calls = new PendingCalls();
    const earlyAnswers = new EarlyAnswers(context, { state, calls, tasks, results, combining });
    const answering = { context, queries, arithmetic };
    const submissions = new Submissions(
      context,
      state,
      connections,
      sidesOf(drivers, (driver) => driver.answer?.(answering)),
      calls,
      (task) => earlyAnswers.waits(task),
    );

    const pooling = new Pooling(
      context,
      queries,
      tasks,
      leadership,
      arithmetic.compute,
      pools,
      checks,
      onSupplies,
    );
    const contributions = new Contributions(
      { clock, tasks, shares, pooling, accusing, checking },
      {
        contributed: (from, attempt) => {
          earlyAnswers.contributed(attempt);
          coordinator.contributed(from, attempt);
        },
        declined: (from, attempt, envelope) => coordinator.declined(from, attempt, envelope),
      },
    );
    const onEnvelope = (from: NodeId, envelope: Envelope, bytes: number): void => {
      if (envelope.kind !== COMPLAINT_KIND) return participants.receive(from, envelope, bytes);
      const attempt = tasks.attempt(sessionId(toHex(envelope.sessionId)));
      if (attempt !== undefined) complaints.take(from, attempt, envelope);
    };

    this.#culprits = culprits;
    this.#participants = participants;
    this.#connections = connections;
    this.#failures = failures;
    this.#context = context;
    this.#primes = primes;
    this.#presignatures = ownPresignatures;
    this.#presigns = presigns;
    this.#monitor = monitor;
    this.#submissions = submissions;
    const leadershipOrders = new LeadershipOrders(context, connections);
    this.#leadershipOrders = leadershipOrders;
    this.#earlyAnswers = earlyAnswers;
    this.#reconciler = new Reconciler(context, leadership, queries, tasks, [
      pooling,
      checks,
      new NamedNonces(context, keys),
      shares,
      results,
      presignaturePools,
      participants,
      ownPresignatures,
      session.answers,
      // A key that is in use again is opened by what comes behind.
      keyShares,
      facts,
      supply,
      bringers,
      resultIntake,
      outcomes,
      intake,
      factIntake,
      upkeep,
      culpritRefreshes,
      presigns,
      coordinator,
      generations,
      erasing,
      complaints,
      culprits,
      earlyAnswers,
      submissions,
      ...monitor.works,
    ]);
    this.#router = new Router(logger, {
      envelope: onEnvelope,
      contribution: (from, value, bytes) => contributions.take(from, value, bytes),
      decline: (from, value) => contributions.declined(from, value),
      wantSupplies: (from, { keyId }) => supply.onWanted(from, keyId, (id) => queries.key(id)),
      freshSupplies: (from, value) => pooling.take(from, value),
      forward: (from, { request }) => intake.take(from, request),
      forwardRefused: (from, value) => {
        submissions.refused(from, value);
        leadershipOrders.refused(from, value);
      },
      order: (from, { request }) => leadershipOrders.take(from, request),
      result: (from, value) => resultIntake.take(from, value),
      probe: (from, { nonce }) => monitor.probed(from, nonce),
      probeAnswer: (from, { nonce }) => monitor.answered(from, nonce),
      observation: (from, value) => {
        const isFree = from === self.id || checking.take(from, 1, clock.elapsed());
        if (isFree) monitor.observed(from, value);
      },
      fact: (from, { command }) => {
        const isFree = from === self.id || checking.take(from, 1, clock.elapsed());
        if (isFree) factIntake.take(command);
      },
    });
    pools.hello(self.id, self.boot);
  }

  /** Begins to look after the state as it is found. */
  start(): void {
    this.#failures.load().catch((error: unknown) => {
      this.#context.logger.warn('counts of failed sessions were not read', {
        error: String(error),
      });
    });
    this.#reconciler.start();
  }

  /** Takes a client's request and waits for its outcome. See {@link Submissions.submit}. */
  async submit(submission: Submission): Promise<TaskRecord> {
    const outcome = this.#submissions.submit(submission);
    this.#reconciler.wake();
    return outcome;
  }

  /** The nodes that are proved to have lied in a task, by evidence that this node has judged. */
  culprits(task: Pick<TaskRecord, 'taskId' | 'outcome'>): Promise<readonly ProvenCulprit[]> {
    return this.#culprits.of(task);
  }

  /** Failed sessions of this node, counted by what they are counted against. */
  get sessionFailures(): readonly SessionFailureCount[] {
    return this.#failures.all();
  }

  /** Clears a count of failed sessions, at an operator's word. See {@link unlock}. */
  unlock(order: UnlockOrder): Promise<number | undefined> {
    return unlock(this.#context, this.#failures, order);
  }

  /** Has the leader hand over, at an operator's word. See {@link LeadershipOrders.give}. */
  async transferLeadership(order: LeadershipOrder, signal: AbortSignal): Promise<Led> {
    return this.#leadershipOrders.give(order, signal);
  }

  /** The primes that are ready for this node's own moduli, of each profile in use. */
  get primeStocks(): readonly PrimeStock[] {
    return this.#primes.stocks;
  }

  /** The presignatures that this node holds, by the keys that were used last; and of all keys. */
  get presignatureStocks(): PresignatureStocks {
    const pools = this.#presigns.keys.map(({ key, wanted }) => ({
      keyId: key.keyId,
      version: key.version,
      held: this.#presignatures.count(key),
      wanted,
    }));
    return { pools, held: this.#presignatures.size };
  }

  /** The scores of the voters, and whether the leader is to be replaced. */
  get monitor(): MonitorStatus {
    return this.#monitor.status;
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
  deliver(from: NodeId, message: TaskMessageBody): void {
    if (this.#stopped) return;
    this.#router.deliver(from, message);
    this.#reconciler.wake();
  }

  /** A peer can be reached, and runs as `boot` now. */
  connected(peer: NodeId, boot: Boot): void {
    if (!this.#stopped) this.#reconciler.connected(peer, boot);
  }

  /**
   * Resolves when the sessions have ended that go on here now among nodes that can be reached, or `ms` later. Those that begin in the
   * meantime, and those that cannot go on, are left to the others.
   */
  async finishSessions(ms: Millis): Promise<void> {
    const { clock } = this.#context;
    const endMs = clock.elapsed() + ms;
    const reaches = (node: NodeId): boolean => this.#connections.has(node);
    const open = this.#participants.underWay(reaches);
    while (open.size > 0 && clock.elapsed() < endMs) {
      const now = this.#participants.underWay(reaches);
      if (![...open].some((session) => now.has(session))) return;
      await new Promise<void>((goOn) => clock.after(TICK_MS, goOn));
    }
  }

  /** Resolves when the log has all that clients were answered with here, or soon after. */
  handOver(): Promise<void> {
    return this.#earlyAnswers.handOver();
  }

  stop(): void {
    this.#stopped = true;
    this.#reconciler.close();
    this.#primes.close();
  }
}
