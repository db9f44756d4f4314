import { Alarms } from '../../../src/alarms/index.js';
import { nodeJobs } from '../../../src/blame/index.js';
import {
  bootId,
  concat,
  fromHex,
  keyId,
  nodeId,
  sessionId,
  toHex,
} from '../../../src/common/index.js';
import type { Boot, Millis, NodeId } from '../../../src/common/index.js';
import { publicKeyOf } from '../../../src/frost/index.js';
import type { Suite } from '../../../src/frost/index.js';
import { KeyManager } from '../../../src/keys/index.js';
import type { KeyManagerLimits } from '../../../src/keys/index.js';
import { inlineCompute, systemPrimes, systemRandom } from '../../../src/machine/index.js';
import type { Clock, Compute, Logger, ShareStore, Timer } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { Accusing } from '../../../src/tasks/blame/accusing.js';
import { SessionFailures } from '../../../src/tasks/kinds/sign/session-failures.js';
import { Culprits } from '../../../src/tasks/blame/culprits.js';
import type {
  Arithmetic,
  Batch,
  Consensus,
  LeaderContext,
  ParticipantContext,
  TaskContext,
  TaskManagerParts,
} from '../../../src/tasks/index.js';
import { Connections, TASK_DRIVERS } from '../../../src/tasks/index.js';
import { sidesOf } from '../../../src/tasks/kinds/driver.js';
import { Assigner } from '../../../src/tasks/leader/assigner.js';
import { LiveTasks } from '../../../src/tasks/live-tasks.js';
import { Answers } from '../../../src/tasks/participant/answers.js';
import { Erasing } from '../../../src/tasks/participant/erasing.js';
import { Supplies } from '../../../src/tasks/participant/supplies.js';
import { Facts } from '../../../src/tasks/participant/facts.js';
import { Generations } from '../../../src/tasks/participant/generations.js';
import { OwnPresignatures } from '../../../src/tasks/participant/own-presignatures.js';
import { PresignatureChoice } from '../../../src/tasks/leader/presignature-choice.js';
import { PresignaturePools } from '../../../src/tasks/voter/presignature-pools.js';
import { PRESIGNATURES_PER_POOL } from '../../../src/tasks/limits.js';
import { PrimePool } from '../../../src/tasks/participant/prime-pool.js';
import { KeyShares } from '../../../src/tasks/participant/key-shares.js';
import { PendingCalls } from '../../../src/tasks/requests/pending-calls.js';
import { Submissions } from '../../../src/tasks/requests/submissions.js';
import { SupplyChecks } from '../../../src/tasks/voter/supply-checks.js';
import { EarlyMessages } from '../../../src/tasks/voter/early-messages.js';
import { SupplyPools } from '../../../src/tasks/voter/supply-pools.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { Algorithm, Command, decode, encodeTaskMessage } from '../../../src/wire/index.js';
import type { Envelope, TaskMessageBody } from '../../../src/wire/index.js';
import { bootOf, GENESIS_MS, identityKeyOf, Ledger, NODES, sealOf } from './ledger.js';
import { algorithmOf } from '../../../src/identity/index.js';
import { SCHEMES, GG20, VERIFIERS, ed25519Suite } from './schemes.js';

/** A clock that only tests move: `elapsed` by {@link pass}, and `now` by jumps besides. */
export class ManualClock implements Clock {
  nowMs: Millis = GENESIS_MS;
  #elapsedMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  now(): Millis {
    return this.nowMs;
  }

  elapsed(): Millis {
    return this.#elapsedMs;
  }

  after(delayMs: Millis, run: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Lets time go by, and runs what falls due, in order. */
  pass(ms: Millis): void {
    const end = this.#elapsedMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= end);
      const [next] = due.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#move(next.atMs);
      next.run();
    }
    this.#move(end);
  }

  #move(toMs: number): void {
    if (toMs <= this.#elapsedMs) return;
    this.nowMs += toMs - this.#elapsedMs;
    this.#elapsedMs = toMs;
  }
}

export type Sent = { readonly to: NodeId; readonly message: TaskMessageBody };

/** A message that may wait: what it is made of when it leaves. */
export type Patient = {
  readonly to: NodeId;
  readonly withinMs: Millis;
  readonly make: () => TaskMessageBody | undefined;
};

/** One node's surroundings, in memory: what it sends and proposes is kept, and the log is a {@link Ledger}. */
export class TaskRoom {
  readonly ledger: Ledger;
  readonly clock = new ManualClock();
  readonly self: NodeId;
  readonly boot: Boot;
  readonly sent: Sent[] = [];
  /** Those of them that may wait. */
  readonly patient: Patient[] = [];
  readonly proposed: Command[] = [];
  readonly alarms: string[] = [];
  readonly connections: Connections;
  readonly keys: KeyManager;
  readonly shares: ShareStore;
  readonly context: TaskContext;
  readonly arithmetic: Arithmetic;
  /** Tests put another in its place. */
  compute: Compute;
  status: ReturnType<Consensus['status']>;
  /** Since the others last answered this node as leader; 0 where it is not said. */
  readonly heardAgoMs = new Map<NodeId, Millis>();
  /** What the next proposals come to. */
  fate: 'proposed' | 'not-leader' | 'overloaded' | 'no-room' = 'proposed';

  constructor(
    self = 'node-1',
    ledger = new Ledger(),
    boot = bootHexOf(self),
    shares: ShareStore = memoryShareStore(),
    limits: Partial<KeyManagerLimits> = {},
  ) {
    this.shares = shares;
    this.ledger = ledger;
    this.self = nodeId(self);
    this.boot = boot;
    this.connections = new Connections(this.self, this.boot);
    for (const node of NODES) this.connections.connected(node, bootHexOf(node));
    const leader = this.self;
    this.status = { role: 'leader', term: 1, leader, caughtUp: true, current: true };
    const { rules } = ledger;
    const { verify } = rules;
    this.compute = inlineCompute(
      nodeJobs({ schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20, verify }),
    );
    this.keys = new KeyManager({
      shares: this.shares,
      wrappingKey: new Uint8Array(32).fill(1),
      clusterId: rules.genesis.clusterId,
      nodeId: this.self,
      boot: this.boot,
      random: systemRandom,
      clock: this.clock,
      compute: {
        run: (job, input) => this.compute.run(job, input),
        idle: () => this.compute.idle(),
      },
      schemes: SCHEMES,
      limits,
    });
    this.arithmetic = {
      compute: {
        run: (job, input) => this.compute.run(job, input),
        idle: () => this.compute.idle(),
      },
      random: systemRandom,
      primes: systemPrimes,
      schemes: SCHEMES,
      verifiers: VERIFIERS,
      gg20: GG20,
    };
    this.context = {
      self: {
        id: this.self,
        boot: this.boot,
        signer: {
          node: this.self,
          publicKey: identityKeyOf(self),
          sign: (bytes) => sealOf(identityKeyOf(self), bytes),
        },
      },
      judging: rules,
      isRevoked: (names) => this.ledger.ask.isRevoked(names),
      clock: this.clock,
      logger: this.#logger(),
      alarms: new Alarms(this.clock, this.#logger()),
      consensus: {
        propose: (payload) => this.#propose(payload),
        nextTimeMs: () => (this.status.role === 'leader' ? this.ledger.timeMs : undefined),
        heardAgoMs: (voter) =>
          voter === this.self ? undefined : (this.heardAgoMs.get(voter) ?? 0),
        lagOf: (voter) => (voter === this.self ? undefined : 0),
        written: async () => {},
        transferLeadership: async () => 'not-leader',
        laterLeader: async () => 'not-leader',
        status: () => this.status,
      },
      outbox: {
        send: (to, message) => this.sent.push({ to, message }),
        broadcast: (message) => NODES.forEach((to) => this.sent.push({ to, message })),
        sendSoon: (to, withinMs, make) => {
          const message = make();
          if (message !== undefined) this.sent.push({ to, message });
          this.patient.push({ to, withinMs, make });
        },
        voters: () => NODES,
      },
    };
  }

  /** What a task manager of this node is made of. */
  get parts(): TaskManagerParts {
    const { context, state, arithmetic, keys, connections } = this;
    return { context, state, arithmetic, keys, connections, drivers: TASK_DRIVERS };
  }

  get state(): TaskManagerParts['state'] {
    return { view: this.ledger.state, queries: this.ledger.ask };
  }

  /** The live tasks, as this node reads them. */
  liveTasks(): LiveTasks {
    return new LiveTasks(this.state, this.context.judging);
  }

  /** What a participant works with, as a process begins with it. */
  participating(): ParticipantContext {
    const { context, arithmetic, keys } = this;
    const shares = new KeyShares(keys, context.logger);
    const supply = new Supplies(context, keys, shares);
    const session = { answers: new Answers(context), early: new EarlyMessages<Envelope>() };
    const primes = new PrimePool(arithmetic.primes, context.logger);
    const { materials } = keys;
    const { view } = this.state;
    const tasks = this.liveTasks();
    const generations = new Generations(context, { view, tasks, materials, arithmetic, primes });
    const facts = new Facts(context, this.state.queries, shares, supply, generations);
    const culprits = new Culprits(context, arithmetic);
    const erasing = new Erasing(context, { queries: this.state.queries, tasks, keys });
    const failures = new SessionFailures(keys.failures, context);
    const helpers = { erasing, culprits, failures };
    const presignatures = new OwnPresignatures(context, this.state, PRESIGNATURES_PER_POOL);
    const held = { generations, presignatures };
    const own = { supply, facts, primes, ...held, ...helpers, session };
    return { context, view, arithmetic, keys, ...own };
  }

  /** What a leader works with, as a process begins with it. */
  leading(
    pools = new SupplyPools(),
    checks = new SupplyChecks(this.context, this.arithmetic, pools, () => {}),
  ): LeaderContext {
    const { context, arithmetic, connections } = this;
    const assigner = new Assigner(context, connections, pools, checks);
    const culprits = new Culprits(context, arithmetic);
    const accusing = new Accusing(context, culprits);
    const { state } = this;
    const failures = new SessionFailures(this.keys.failures, context);
    const judged = { accusing, culprits, failures };
    const presigned = new PresignaturePools(context, state);
    const presignatures = new PresignatureChoice({
      context,
      connections,
      pools: presigned,
      ...judged,
    });
    return { context, arithmetic, state, connections, assigner, presignatures, ...judged };
  }

  /** Requests of this node's clients, as a process begins with them. */
  submissions(): Submissions {
    const { context, arithmetic, connections, state } = this;
    const answering = { context, arithmetic, queries: state.queries };
    const drivers = sidesOf(TASK_DRIVERS, (driver) => driver.answer?.(answering));
    return new Submissions(context, state, connections, drivers, new PendingCalls(), () => {});
  }

  /** What was sent since the last look. */
  takeSent(): readonly Sent[] {
    return this.sent.splice(0);
  }

  /** What was proposed since the last look, by name. */
  takeProposed(): readonly NonNullable<Command['command']>[] {
    return this.proposed.splice(0).flatMap(({ command }) => command ?? []);
  }

  follow(leader: string | undefined): void {
    const known = leader === undefined ? undefined : nodeId(leader);
    this.status = { ...this.status, role: 'follower', leader: known };
  }

  /** Keeps this node's share of a key that {@link dealKey} made, and opens it. */
  async hold(key: DealtKey): Promise<void> {
    const index = NODES.indexOf(this.self) + 1;
    const { record } = key;
    const place = {
      keyId: keyId(record.keyId),
      sessionId: sessionId(toHex(record.sessionId)),
      version: record.version,
      V: record.publicPolynomial,
    };
    await this.keys.keep({
      ...place,
      algorithm: algorithmOf(record),
      threshold: record.threshold,
      publicKey: record.publicKey,
      index,
      scalar: key.scalars[index - 1] ?? new Uint8Array(32),
      record: new Uint8Array([1]),
    });
    await this.keys.load(place);
  }

  #propose(payload: Uint8Array): 'proposed' | 'not-leader' | 'overloaded' | 'no-room' {
    if (this.fate === 'proposed') this.proposed.push(decode(Command, payload) ?? failed());
    return this.fate;
  }

  #logger(): Logger {
    return {
      debug() {},
      info() {},
      warn() {},
      error: (message) => this.alarms.push(message),
      alarm: (message) => this.alarms.push(message),
    };
  }
}

export type DealtKey = { readonly record: ActiveKey; readonly scalars: readonly Uint8Array[] };

/** An active key whose shares a test deals: f(X) = a_0 + a_1·X, threshold 2 of 3. */
export function dealKey(
  ledger: Ledger,
  id = 'treasury',
  installedBy: readonly NodeId[] = NODES,
  suite: Suite = ed25519Suite,
): DealtKey {
  const { group, algorithm } = suite;
  const [a0 = 0n, a1 = 0n] = [1, 2].map(() => BigInt(`0x${toHex(systemRandom.bytes(31))}`));
  const publicPolynomial = [a0, a1].map((each) => group.encode(group.multiplyBase(each)));
  const publicKey = publicKeyOf(suite, publicPolynomial[0] ?? failed()) ?? failed();
  const [task = ''] = ledger.generate(id, { algorithm }).changedTasks;
  ledger.attempt(ledger.task(task));
  for (const node of NODES) {
    const of = { algorithm, publicPolynomial, publicKey };
    const value = ledger.ready(ledger.task(task), node, of);
    ledger.command({ $case: 'ready', value });
  }
  for (const node of installedBy)
    ledger.command({ $case: 'installed', value: ledger.installed(id, node) });
  const scalars = NODES.map((_, at) =>
    group.encodeScalar((a0 + a1 * BigInt(at + 1)) % group.order),
  );
  return { record: ledger.ask.key(id) ?? failed(), scalars };
}

/** What a batch without entries tells. */
export const NOTHING: Batch = {
  tasks: new Set(),
  keys: new Set(),
  named: [],
  presignatures: [],
  decisions: [],
};

export const bootHexOf = (node: string): Boot => bootId(toHex(bootOf(node)));

/** Another run of a node's process. */
export const laterBootOf = (node: string): Boot =>
  bootId(toHex(concat(fromHex(bootHexOf(node))?.slice(1) ?? failed(), Uint8Array.of(9))));

export const ALGORITHM = Algorithm.FROST_ED25519_SHA512;

/** Lets promises that wait for nothing else go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** The bytes of a message, to compare two. */
export const bytesOf = (message: TaskMessageBody): string => toHex(encodeTaskMessage(message));

function failed(): never {
  throw new Error('the room is not in order');
}
