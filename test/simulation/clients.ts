import type { Verifiers } from '../../src/algorithms/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { ClusterError, equal, toHex, type ClusterId, type NodeId } from '../../src/common/index.js';
import type { TaskRecord } from '../../src/wire/index.js';
import { isRecorded } from './checkers/answers.js';
import type { Report } from './checkers/facts.js';
import type { Watcher } from './checkers/watcher.js';
import { EPOCH_MS } from './clock.js';
import type { Cluster } from './cluster.js';
import type { Life, Machine } from './machine.js';
import type { Asked, AskedKey, KeyRequests } from './requests.js';
import type { Rng } from './rng.js';
import type { NodeProcess } from './whole-nodes.js';
import type { Workload } from './workload.js';
import type { World } from './world.js';

type Attempt = {
  readonly asked: Asked;
  /** How often it is sent before the client gives up. */
  readonly triesMax: number;
  /** How long the client waits for one answer. */
  readonly patienceMs: number;
  tries: number;
  readonly told: (answer: TaskRecord | ClusterError) => void;
  /** Who answered last. */
  by: NodeId | undefined;
};

/** Requests of a further kind, beside those for keys and signatures. */
export type FurtherRequests = {
  readonly method: string;
  /** Mean time between two. */
  readonly everyMs: number;
  /**
   * @param keys - That clients were told of.
   * @returns Nothing where there is nothing to ask for yet.
   */
  ask(rng: Rng, number: number, keys: readonly AskedKey[]): Asked | undefined;
  /** A client was given `task` as the outcome. */
  answered(task: TaskRecord): void;
};

type Answered = {
  readonly bytes: Uint8Array;
  readonly task: TaskRecord;
  readonly by: NodeId;
  /** As the world's. */
  readonly skippedMs: number;
};

/** Errors after which the same request may succeed: nothing was done, or nobody knows. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'no-quorum',
  'deadline',
  'overloaded',
  'cancelled',
]);
/** The log's time is behind for a moment when hours were skipped. */
const BEHIND = 'EXPIRY_TOO_FAR';
const FIRST_KEY_AFTER_MS = 800;
const FINAL_TRIES_MAX = 40;
/** An outcome is remembered for an hour. The rest is for clocks that are wrong. */
const REMEMBERED_MS = 3_000_000;
/** Kinds of task that all named nodes take part in. */
const NEED_ALL: ReadonlySet<string> = new Set([
  'generate-key',
  'prepare',
  'presign',
  'refresh',
  'reshare',
  'destroy-key',
]);
/** Too few of those are there who have the material. */
const UNREACHABLE = 'SIGNERS_UNREACHABLE';
/** There are four, from 0. */
const RECOVERY_IDS = 4;
const NO_KEY = new Uint8Array(0);

/** Clients that generate keys, sign, repeat, alter and read, and remember every answer that they got. */
export class Clients implements Workload<NodeProcess> {
  readonly #world: World;
  readonly #clusterId: ClusterId;
  readonly #rng: Rng;
  readonly #nodes: readonly NodeId[];
  readonly #verifiers: Verifiers;
  readonly #keyRequests: KeyRequests;
  readonly #report: Report;
  readonly #watch: () => Watcher;
  readonly #keysMax: number;
  readonly #signEveryMs: number;
  readonly #further: readonly FurtherRequests[];
  #cluster: Cluster<NodeProcess> | undefined;
  readonly #keys: AskedKey[] = [];
  /** Requests that may be sent again. */
  readonly #past: Asked[] = [];
  /** By requester and request id: the one content that was ever answered. Where nodes may be told two logs: by node too. */
  readonly #answered = new Map<string, Answered>();
  readonly #forks: boolean;
  #over = false;
  #number = 0;
  /** Requests that wait for an answer or for their next try. */
  #underWay = 0;
  #concluded = false;

  constructor(parts: {
    readonly world: World;
    readonly clusterId: ClusterId;
    readonly rng: Rng;
    readonly nodes: readonly NodeId[];
    readonly verifiers: Verifiers;
    readonly keyRequests: KeyRequests;
    readonly report: Report;
    watch(): Watcher;
    /** One node is malicious: what clients hear is true of the node that they asked, and need not be of another. */
    readonly forks: boolean;
    readonly further: readonly FurtherRequests[];
  }) {
    this.#world = parts.world;
    this.#clusterId = parts.clusterId;
    this.#rng = parts.rng;
    this.#nodes = parts.nodes;
    this.#verifiers = parts.verifiers;
    this.#keyRequests = parts.keyRequests;
    this.#report = parts.report;
    this.#watch = () => parts.watch();
    this.#forks = parts.forks;
    this.#further = parts.further;
    this.#keysMax = 1 + parts.rng.int(parts.keyRequests.keysMax);
    this.#signEveryMs = parts.rng.logBetween(...parts.keyRequests.signEveryMs);
  }

  start(cluster: Cluster<NodeProcess>): void {
    this.#cluster = cluster;
    this.#again(
      'wants a key',
      () => this.#rng.between(FIRST_KEY_AFTER_MS, 12_000),
      () => {
        if (this.#keys.length < this.#keysMax) this.#generate();
      },
      FIRST_KEY_AFTER_MS,
    );
    this.#again(
      'wants a signature',
      () => this.#rng.exponential(this.#signEveryMs),
      () => {
        const count = this.#rng.chance(0.03) ? 2 + this.#rng.int(20) : 1;
        for (let number = 0; number < count; number++) this.#sign();
      },
    );
    for (const further of this.#further) {
      this.#again(
        'wants something else',
        () => this.#rng.exponential(further.everyMs),
        () => this.#ask(further),
      );
    }
    this.#again(
      'reads',
      () => this.#rng.exponential(2_000),
      () => {
        const machine = this.#rng.pick(cluster.honest);
        void this.#read(machine);
        cluster.look(machine);
      },
    );
  }

  stop(): void {
    this.#over = true;
  }

  settled(): boolean {
    if (this.#underWay > 0) return false;
    const machines = this.#cluster?.honest ?? [];
    return machines.every((machine) => {
      const open = machine.process?.replica.local().tasks('', 20, true);
      // What a node that is gone is to take part in waits until its request expires, or its attempts are used up.
      return open?.every(({ kind }) => this.#forks && NEED_ALL.has(kind)) ?? false;
    });
  }

  /** Every key that a client was told of must sign, and none that is retired, or at its end. */
  conclude(): void {
    if (this.#concluded) return;
    this.#concluded = true;
    for (const key of this.#keys) {
      if (key.publicKey === undefined || !this.#canSign(key)) continue;
      const isOver = this.#isRetired(key);
      const { patience, needMaterial } = this.#keyRequests;
      const text = `the last of ${key.keyId}`;
      const asked = this.#keyRequests.askToSign(key, `final-${key.keyId}`, text, 60_000 * patience);
      this.#send(asked, FINAL_TRIES_MAX, 20_000 * patience, (answer) => {
        const isRefused = answer instanceof ClusterError;
        const signed = !isRefused && signatureOf(answer) !== undefined;
        if (isOver) {
          if (signed) this.#report('EndedKeys', `${key.keyId} is retired, and signs`);
          return;
        }
        if (this.#forks && needMaterial && isRefused && answer.reason === UNREACHABLE) return;
        if (!signed) this.#report('KeyKept', `${key.keyId} does not sign: ${textOf(answer)}`);
      });
    }
  }

  audit(): void {
    for (const { id, process } of this.#cluster?.honest ?? []) {
      for (const answered of this.#answered.values()) {
        const { task, by } = answered;
        if ((this.#forks && by !== id) || !this.#isRemembered(answered)) continue;
        const known = process?.replica.local().task(task.taskId);
        if (known?.outcome !== undefined) this.#watch().acknowledged(id, known);
        else if (known !== undefined) this.#report('Outcomes', `${id} has ${task.taskId} open`);
        else this.#report('Outcomes', `${id} does not know ${task.taskId}, which was answered`);
      }
      for (const { keyId, publicKey } of this.#forks ? [] : this.#keys) {
        const known = process?.replica.local().key(keyId);
        const same = known !== undefined && equal(known.publicKey, publicKey ?? known.publicKey);
        if (publicKey !== undefined && !same) {
          this.#report('KeyKept', `${id} does not know ${keyId}, which was acknowledged`);
        }
      }
    }
  }

  describe(): string {
    const nodes = (this.#cluster?.honest ?? []).map(({ id, process }) => {
      const open = process?.replica.local().tasks('', 10, true) ?? [];
      const tasks = open.map(
        ({ taskId, kind, attempts, ready }) =>
          `${taskId} (kind ${kind}, ${attempts.length} attempts, ${ready.length} ready)`,
      );
      return `${id}: ${JSON.stringify(process?.status())}, open tasks: ${tasks.join(', ')}`;
    });
    return `${this.#underWay} requests under way; ${nodes.join('; ')}`;
  }

  #isRetired({ keyId }: AskedKey): boolean {
    const machines = this.#cluster?.honest ?? [];
    return machines.some(
      ({ process }) => process?.replica.local().key(keyId)?.lifecycle !== undefined,
    );
  }

  /** Whether as many honest participants as it takes are there. */
  #canSign({ keyId }: AskedKey): boolean {
    const machines = this.#cluster?.honest ?? [];
    return machines.every(({ process }) => {
      const key = process?.replica.local().key(keyId);
      const there = key?.participants.filter((each) =>
        machines.some(({ id }) => id === each.nodeId),
      );
      return key !== undefined && there !== undefined && there.length >= key.threshold;
    });
  }

  /** Whether every node must remember an outcome: it is not much less than an hour old. */
  #isRemembered({ skippedMs, task: { endTimeMs } }: Answered): boolean {
    const { skippedMs: skippedNow } = this.#world;
    const nowMs = EPOCH_MS + this.#world.now() + skippedNow;
    const ageMs = endTimeMs === 0n ? skippedNow - skippedMs : nowMs - Number(endTimeMs);
    return ageMs < REMEMBERED_MS;
  }

  #again(what: string, pauseMs: () => number, run: () => void, firstMs?: number): void {
    this.#rng.at('pause', what);
    this.#world.after(firstMs ?? pauseMs(), `a client ${what}`, () => {
      if (this.#over) return;
      this.#rng.at(what);
      if (this.#world.lets('client', this.#rng, what)) run();
      this.#again(what, pauseMs, run);
    });
  }

  #generate(): void {
    const asked = this.#keyRequests.askForKey(this.#rng, ++this.#number, this.#nodes);
    this.#keys.push(asked.key);
    this.#past.push(asked);
    this.#send(asked, 8, this.#rng.between(3_000, 20_000));
  }

  #ask(further: FurtherRequests): void {
    const told = this.#keys.filter(({ publicKey }) => publicKey !== undefined);
    const asked = further.ask(this.#rng, ++this.#number, told);
    if (asked === undefined) return;
    this.#past.push(asked);
    this.#send(asked, 1 + this.#rng.int(4), this.#rng.logBetween(1_000, 10_000));
  }

  #sign(): void {
    const told = this.#keys.filter(({ publicKey }) => publicKey !== undefined);
    const any = this.#rng.chance(0.05) ? this.#keys : told;
    if (any.length === 0) return;
    const key = this.#rng.pick(any);
    const { patience } = this.#keyRequests;
    const patienceMs = this.#rng.logBetween(300, 10_000) * patience;
    const kind = this.#rng.float();
    const past = this.#past.length > 0 ? this.#rng.pick(this.#past) : undefined;
    if (kind < 0.1 && past !== undefined) {
      this.#world.counts.repeatedRequests++;
      this.#send(past, 2, patienceMs);
    } else if (kind < 0.15 && past?.key !== undefined && past.signed !== undefined) {
      this.#alter(past, past.key, patienceMs);
    } else if (kind < 0.18) this.#trespass(key, patienceMs);
    else {
      const number = ++this.#number;
      const asked = this.#keyRequests.askToSign(
        key,
        `sign-${number}`,
        `message ${number}`,
        Math.ceil(patienceMs * 2),
      );
      this.#past.push(asked);
      this.#send(asked, 1 + this.#rng.int(4), patienceMs);
    }
  }

  /** The request id of an earlier request, with another message. */
  #alter({ requestId, requester }: Asked, key: AskedKey, patienceMs: number): void {
    const text = `another message ${this.#number}`;
    const asked = this.#keyRequests.askToSign(key, requestId, text, 20_000, requester);
    this.#send(asked, 1, patienceMs);
  }

  /** Somebody who neither owns the key nor is named on it. */
  #trespass(key: AskedKey, patienceMs: number): void {
    const stranger = 'spiffe://quorate/app/stranger';
    const requestId = `theft-${++this.#number}`;
    const asked = this.#keyRequests.askToSign(key, requestId, 'all of it', 20_000, stranger);
    this.#send(asked, 1, patienceMs, (answer) => {
      if (!(answer instanceof ClusterError)) {
        this.#report('Access', `a stranger is answered: ${textOf(answer)}`);
      }
    });
  }

  #send(
    asked: Asked,
    triesMax: number,
    patienceMs: number,
    told: Attempt['told'] = () => undefined,
  ): void {
    this.#underWay++;
    this.#try({ asked, triesMax, patienceMs, tries: 0, told, by: undefined });
  }

  #try(attempt: Attempt): void {
    const { asked, patienceMs } = attempt;
    const machine = this.#rng.pick(this.#cluster?.honest ?? []);
    const { life } = machine;
    attempt.tries++;
    attempt.by = machine.id;
    let over = false;
    const end = (answer: TaskRecord | ClusterError): void => {
      if (over) return;
      over = true;
      this.#answer(attempt, answer);
    };
    if (life?.process === undefined) {
      end(new ClusterError('no-quorum', 'nobody listens'));
      return;
    }
    const patience = new AbortController();
    this.#world.after(patienceMs, 'a client loses patience', () => {
      const late = new ClusterError('deadline', 'no answer in time');
      if (!life.gone) patience.abort(late);
      // A process that is gone or stands still says nothing.
      end(late);
    });
    void this.#submit(life, asked, patience.signal, end);
    this.#cluster?.look(machine);
  }

  async #submit(
    life: Life<NodeProcess>,
    { method, bytes: request, requester, expiresInMs, authorize }: Asked,
    signal: AbortSignal,
    end: (answer: TaskRecord | ClusterError) => void,
  ): Promise<void> {
    try {
      const { skippedMs } = this.#world;
      const expireTimeMs = EPOCH_MS + Math.floor(this.#world.now()) + skippedMs + expiresInMs;
      const signed = { clusterId: this.#clusterId, method, request, expireTimeMs };
      const authorization = authorize?.(signed);
      const call = { method, request, requester, expiresInMs, authorization, signal };
      this.#watch().asked(life.machine.id, call);
      const task = await life.process?.replica.submit(call);
      if (task === undefined || life.gone || life.doomed) return;
      if (this.#cluster?.faults.diesBeforeReply(life.machine) !== true) end(task);
    } catch (error) {
      if (life.gone || life.doomed) return;
      if (error instanceof ClusterError) end(error);
      else this.#report('submit', error instanceof Error ? String(error.stack) : String(error));
    }
  }

  #answer(attempt: Attempt, answer: TaskRecord | ClusterError): void {
    const { asked, tries, triesMax, told } = attempt;
    this.#world.trace.event(this.#world.now(), 'client', `${asked.requestId}: ${textOf(answer)}`);
    const isBehind = answer instanceof ClusterError && answer.reason === BEHIND;
    const transient = answer instanceof ClusterError && (TRANSIENT.has(answer.code) || isBehind);
    const isPatient = !this.#over || !this.#forks || this.#concluded;
    if (transient && tries < triesMax && isPatient) {
      this.#world.after(this.#rng.between(50, 1_000), 'a client tries again', () => {
        this.#try(attempt);
      });
      return;
    }
    this.#underWay--;
    if (answer instanceof ClusterError) {
      if (!transient) this.#world.counts.refusedRequests++;
    } else if (attempt.by !== undefined) this.#believe(asked, answer, attempt.by);
    told(answer);
  }

  /**
   * A request is opened once, and a recorded answer is the answer for ever. One that was given before is a signature of the
   * same request, though not always the one that is recorded, and another may have been recorded as failed.
   */
  #believe(asked: Asked, task: TaskRecord, by: NodeId): void {
    const name = `${asked.requester}/${asked.requestId}${this.#forks ? `/${by}` : ''}`;
    const last = this.#answered.get(name);
    const before = last !== undefined && this.#isRemembered(last) ? last : undefined;
    this.#watch().acknowledged(by, task);
    if (before !== undefined && !equal(before.bytes, asked.bytes)) {
      this.#report('Idempotence', `${name} was answered for two contents`);
    }
    if (before !== undefined && before.task.createTimeMs !== task.createTimeMs) {
      this.#report('Idempotence', `${name} was opened twice`);
    }
    if (before === undefined) this.#count(task);
    if (before === undefined || isRecorded(task)) {
      const { skippedMs } = this.#world;
      this.#answered.set(name, { bytes: asked.bytes, task, by, skippedMs });
    }
    const { key } = asked;
    if (key === undefined || !isAboutKeys(asked)) {
      const further = this.#further.find(({ method }) => method === asked.method);
      further?.answered(task);
      return;
    }
    const generated = generatedKeyOf(task);
    if (generated !== undefined) {
      const first = key.publicKey;
      if (first !== undefined && !equal(first, generated.publicKey)) {
        this.#report('Answer', `${name}: ${key.keyId} is two keys`);
      }
      key.publicKey = generated.publicKey;
    }
    const signed = signatureOf(task);
    if (signed === undefined) return;
    const { publicKey, signature, recoveryId } = signed;
    const known = key.publicKey;
    if (known !== undefined && !equal(known, publicKey)) {
      this.#report('Answer', `${name}: signed under ${toHex(publicKey)}, not the key's own`);
    }
    const verifier = this.#verifiers[key.algorithm];
    if (asked.signed === undefined || !verifier.verify(publicKey, asked.signed, signature)) {
      this.#report('Answer', `${name}: the signature does not verify`);
      return;
    }
    const recovered = verifier.recover?.(asked.signed, signature, recoveryId ?? RECOVERY_IDS);
    if (verifier.recover !== undefined && !equal(recovered ?? NO_KEY, publicKey)) {
      this.#report('Answer', `${name}: recovery id ${recoveryId} leads to another key`);
    }
  }

  #count(task: TaskRecord): void {
    const { counts } = this.#world;
    if (generatedKeyOf(task) !== undefined) counts.keys++;
    if (signatureOf(task) !== undefined) counts.signatures++;
    if (!isRecorded(task)) counts.earlyAnswers++;
    if (task.outcome?.$case === 'failed') counts.failedTasks++;
  }

  /** What was acknowledged before a read began, the read must show. */
  async #read(machine: Machine<NodeProcess>): Promise<void> {
    const { life } = machine;
    if (life?.process === undefined) return;
    if (this.#forks) return;
    // What no log has recorded yet, a read need not show.
    const known = [...this.#answered.values()]
      .filter((each) => isRecorded(each.task) && this.#isRemembered(each))
      .slice(-5);
    const patience = new AbortController();
    this.#world.after(2_000, 'a reader loses patience', () => patience.abort(), life);
    try {
      const queries = await life.process.replica.read(patience.signal);
      if (life.gone || life.doomed) return;
      const missing = known.find(
        (each) => queries.task(each.task.taskId)?.outcome === undefined && this.#isRemembered(each),
      );
      if (missing === undefined) return;
      const what = `the outcome of ${missing.task.taskId}, acknowledged before`;
      this.#report('Linearizable', `${machine.id} does not show ${what}`);
    } catch (error) {
      if (error instanceof ClusterError || life.gone || life.doomed) return;
      this.#report('read', String(error));
    }
  }
}

/** Claims that a request is for a key or a signature. */
function isAboutKeys({ method }: Asked): boolean {
  return method === METHODS.generateKey || method === METHODS.sign;
}

function textOf(answer: TaskRecord | ClusterError): string {
  if (answer instanceof ClusterError) return `${answer.code} ${answer.reason}`;
  const { taskId, outcome } = answer;
  const reason = outcome?.$case === 'failed' ? ` ${outcome.value.reason}` : '';
  return `${taskId} ${outcome?.$case}${reason}`;
}
