import { sha512 } from '../../../src/crypto/index.js';
import type { ClusterId, NodeId } from '../../../src/common/index.js';
import type { Clock, Signer } from '../../../src/ports/index.js';
import { METHODS, participantsOf, signatureOf, type Queries } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import {
  encode,
  SignRequest,
  type Attempt,
  type Command,
  type TaskRecord,
} from '../../../src/wire/index.js';
import {
  generateAttempt,
  payloadOf,
  signAttempt,
  vouch,
  WRONG_ATTEMPTS,
  WRONG_REQUESTS,
} from '../../support/adversary/forgery.js';
import type { SentLog } from '../../support/adversary/sent-log.js';
import type { Liar } from '../../support/adversary/liar.js';
import type { Rng } from '../rng.js';
import { lifeLies, LOG_LIES, versionAttempt, type LiesOfLives } from './life-lies.js';
import type { Observed } from './observed.js';

/** A liar's own attempts at one task come no faster than this. */
const ATTEMPT_EVERY_MS = 400;
const OWN_EXPIRY_MS = 15_000;
/** Share of the attempts that its work consists of, and that are forged. */
const FORGED = 0.25;
const FORGERIES = Object.values(WRONG_ATTEMPTS);

/**
 * What a malicious leader does. It does the work of one too, for without that nothing would happen that it could lie
 * about: it proposes requests and facts, and opens attempts. Each act goes into one of the logs that it sends.
 */
export class MaliciousLeader {
  readonly #liar: Liar;
  readonly #rng: Rng;
  readonly #observed: Observed;
  readonly #signer: Signer;
  readonly #genesis: Genesis;
  readonly #clock: Clock;
  readonly #state: () => Queries;
  readonly #told: (lie: string) => void;
  readonly #lives: LiesOfLives | undefined;
  #sentLogs: SentLog[] = [];
  /** How much of the log honest nodes can take, when what follows is nonsense. */
  #keep: number | undefined;
  readonly #attemptedMs = new Map<string, number>();
  #number = 0;

  constructor(parts: {
    readonly liar: Liar;
    readonly rng: Rng;
    readonly observed: Observed;
    readonly signer: Signer;
    readonly genesis: Genesis;
    readonly clock: Clock;
    /** It lies about keys' next versions and their end, too. */
    readonly lives: LiesOfLives | undefined;
    /** As the liar's own replica believes it. */
    state(): Queries;
    told(lie: string): void;
  }) {
    this.#liar = parts.liar;
    this.#rng = parts.rng;
    this.#observed = parts.observed;
    this.#signer = parts.signer;
    this.#genesis = parts.genesis;
    this.#clock = parts.clock;
    this.#lives = parts.lives;
    this.#state = () => parts.state();
    this.#told = (lie) => parts.told(lie);
  }

  /** Begins to lead in a new term. */
  beginTerm(): void {
    const { sentLog, term } = this.#liar;
    this.#sentLogs = [sentLog];
    this.#keep = undefined;
    if (sentLog.last.term !== term)
      sentLog.append({ kind: 'no-op', payload: new Uint8Array(0), term });
    this.#attemptedMs.clear();
  }

  /** The work of an honest leader, or a part of it. */
  work(): void {
    for (const request of this.#observed.forwarded.splice(0)) {
      if (this.#rng.chance(0.1)) this.#told('request withheld');
      else this.#propose({ $case: 'request', value: request });
    }
    for (const command of this.#observed.facts.splice(0)) {
      if (this.#rng.chance(0.05)) this.#told('fact withheld');
      else for (const sentLog of this.#sentLogs) this.#append(sentLog, command);
    }
    for (const task of this.#state().tasks('', 8, true)) this.#attempt(task);
  }

  /** One lie. */
  lie(): void {
    if (this.#keep !== undefined) {
      this.#leadAgain(this.#keep);
      return;
    }
    const lies = this.#lies();
    const isOneLog = this.#lives?.forks === false;
    const names = Object.keys(lies).filter((each) => !isOneLog || !LOG_LIES.has(each));
    const name = this.#rng.pick(names);
    this.#told(name);
    lies[name]?.();
  }

  #lies(): Readonly<Record<string, () => void>> {
    const { clusterId } = this.#genesis;
    const [liar, rng] = [this.#liar, this.#rng];
    const sentLog = rng.pick(this.#sentLogs);
    return {
      ...(this.#lives ? this.#lifeLies(sentLog) : {}),
      'entry repeated': () => {
        const old = rng.pick(sentLog.entries);
        if (old.kind === 'command') this.#append(sentLog, old.payload);
      },
      'requests reordered': () => {
        for (const value of rng.shuffle(this.#observed.requests).slice(0, 4)) {
          this.#append(sentLog, payloadOf({ $case: 'request', value }));
        }
      },
      'request forged': () => {
        const [past] = rng.shuffle(this.#observed.requests);
        const forge = rng.pick(Object.values(WRONG_REQUESTS));
        if (past !== undefined) {
          this.#append(sentLog, payloadOf({ $case: 'request', value: forge(past) }));
        }
      },
      'request of its own': () => this.#ownRequest(sentLog, clusterId, this.#signer.node),
      'request in another’s name': () => this.#ownRequest(sentLog, clusterId, rng.pick(liar.peers)),
      'attempt forged': () => this.#forgeAttempt(sentLog),
      'commitments named again': () => this.#forgeAttempt(sentLog, true),
      'outcome that does not verify': () => {
        const task = this.#openTask('sign');
        const signature = rng.bytes(64);
        const value = { taskId: task?.taskId ?? 'none', attempt: 1, material: signature };
        this.#append(sentLog, payloadOf({ $case: 'done', value }));
      },
      'outcome of another task': () => {
        const past = this.#state()
          .tasks('', 50, false)
          .map((each) => signatureOf(each))
          .find((each) => each !== undefined);
        const task = this.#openTask('sign');
        if (past === undefined || task === undefined) return;
        const { signature } = past;
        this.#append(
          sentLog,
          payloadOf({
            $case: 'done',
            value: { taskId: task.taskId, attempt: 1, material: signature },
          }),
        );
      },
      'failed for no reason': () => {
        const task = this.#openTask();
        if (task === undefined || rng.chance(0.7)) return;
        const value = { taskId: task.taskId, reason: 'EXPIRED', evidence: [] };
        this.#append(sentLog, payloadOf({ $case: 'failed', value }));
      },
      'time of the future': () => this.#timed(sentLog, rng.logBetween(100, 3_600_000)),
      'time of the past': () => this.#timed(sentLog, -rng.logBetween(100, 3_600_000)),
      fork: () => this.#fork(),
      'fork mended': () => {
        if (this.#sentLogs.length > 1) this.#leadAgain();
      },
      'told differently': () => {
        // What nobody has committed is taken back and told otherwise, in a later term.
        const keep = Math.max(1, sentLog.length - rng.int(4));
        this.#leadAgain(keep);
      },
      'member entry': () => {
        const { term } = liar;
        sentLog.append({ kind: 'member', payload: rng.bytes(20), term });
      },
      'command that cannot be read': () => this.#append(sentLog, rng.bytes(1 + rng.int(60))),
      'giant entry': () => this.#append(sentLog, new Uint8Array(150_000 + rng.int(50_000))),
      'wrong hash': () => {
        const index = sentLog.length + 1;
        const entry = sentLog.append({ payload: rng.bytes(8), term: liar.term });
        sentLog.cut(index);
        sentLog.add({ ...entry, hash: sha512(entry.hash).slice(0, 32) });
        this.#retellSoon(index - 1);
      },
      'entry of another index': () => {
        const index = sentLog.length + 1;
        sentLog.add({ ...sentLog.last, index: index + rng.int(3) });
        this.#retellSoon(index - 1);
      },
      'commit beyond the log': () => void (sentLog.commit = sentLog.length + rng.int(1_000)),
      'commit of what one has': () => void (sentLog.commit = 'acknowledged'),
      'commit that goes back': () => void (sentLog.commit = rng.int(sentLog.length)),
      'commit as it should be': () => void (sentLog.commit = 'majority'),
      'append of an earlier term': () => this.#stale(sentLog),
      'kind that does not exist': () => this.#unknownKind(sentLog),
      resignation: () => {
        if (rng.chance(0.3)) liar.resign();
      },
    };
  }

  #lifeLies(sentLog: SentLog): Readonly<Record<string, () => void>> {
    return lifeLies({
      state: this.#state(),
      rng: this.#rng,
      signer: this.#signer,
      clusterId: this.#genesis.clusterId,
      peers: this.#liar.peers,
      nowMs: this.#clock.now(),
      append: (command) => this.#append(sentLog, payloadOf(command)),
    });
  }

  #propose(command: NonNullable<Command['command']>): void {
    for (const sentLog of this.#sentLogs) {
      if (this.#sentLogs.length === 1 || this.#rng.chance(0.8)) {
        this.#append(sentLog, payloadOf(command));
      }
    }
  }

  #append(sentLog: SentLog, payload: Uint8Array): void {
    const { timeMs } = sentLog.last;
    // About what a majority of clocks shows, if this one is right.
    const now = Math.max(timeMs, this.#clock.now() - 50);
    sentLog.append({ payload, timeMs: Math.min(now, timeMs + 1_000), term: this.#liar.term });
  }

  #timed(sentLog: SentLog, byMs: number): void {
    const timeMs = Math.max(0, Math.round(sentLog.last.timeMs + byMs));
    const index = sentLog.length + 1;
    sentLog.append({ payload: this.#rng.bytes(4), timeMs, term: this.#liar.term });
    this.#retellSoon(index - 1);
  }

  /** An entry that no node takes would end the log: with the next lie the log is sent anew. */
  #retellSoon(keep: number): void {
    this.#keep ??= keep;
  }

  /** One log for all, up to `keep`, in a term of its own, without an election. */
  #leadAgain(keep = Number.POSITIVE_INFINITY): void {
    const liar = this.#liar;
    const sentLog = this.#rng.pick(this.#sentLogs);
    const entries = sentLog.entries.slice(0, keep);
    liar.leadUnelected();
    const fresh = liar.sentLog;
    fresh.cut(1);
    for (const entry of entries) fresh.add(entry);
    this.beginTerm();
  }

  #fork(): void {
    if (this.#sentLogs.length > 1) return;
    const { peers } = this.#liar;
    const some = this.#rng.shuffle(peers).slice(0, 1 + this.#rng.int(peers.length - 1));
    const fork = this.#liar.fork(some);
    this.#sentLogs.push(fork);
    for (const sentLog of this.#sentLogs) {
      sentLog.commit = this.#rng.chance(0.7) ? 'acknowledged' : sentLog.length;
    }
    // They part at once.
    this.#append(fork, this.#rng.bytes(5));
  }

  #stale(sentLog: SentLog): void {
    const { self: from, peers, term } = this.#liar;
    const to = this.#rng.pick(peers);
    const prevIndex = this.#rng.int(sentLog.length);
    this.#liar.say({
      type: 'append',
      from,
      to,
      term: Math.max(1, term - 1 - this.#rng.int(3)),
      round: 0,
      prevIndex: 0,
      prevTerm: 0,
      prevHash: new Uint8Array(32),
      entries: [],
      commit: prevIndex,
    });
  }

  #unknownKind(sentLog: SentLog): void {
    const { self: from, peers, term } = this.#liar;
    const to = this.#rng.pick(peers);
    const { index, hash, timeMs } = sentLog.last;
    const entry = { index: BigInt(index + 1), term: BigInt(term), kind: 4 + this.#rng.int(200) };
    this.#liar.sayOnWire(to, {
      level: 1,
      from,
      to,
      term: BigInt(term),
      message: {
        $case: 'append',
        value: {
          prevIndex: BigInt(index),
          prevTerm: BigInt(sentLog.termAt(index)),
          prevHash: hash,
          entries: [{ ...entry, timeMs: BigInt(timeMs), payload: hash, hash }],
          commitIndex: BigInt(index),
          round: 0n,
        },
      },
    });
  }

  /** Where unsigned requests are taken, one malicious node can ask for anything: it is the vouched word of a member. */
  #ownRequest(sentLog: SentLog, clusterId: ClusterId, voucher: NodeId): void {
    const state = this.#state();
    // Of the tasks that are remembered: a state tells its keys by their ids alone.
    const keys = state.tasks('', 50, false).flatMap(({ keyId }) => state.key(keyId) ?? []);
    if (keys.length === 0) return;
    const key = this.#rng.pick(keys);
    const number = ++this.#number;
    // Whoever it names: it can sign for itself alone.
    const value = vouch(
      { ...this.#signer, node: voucher },
      {
        clusterId,
        method: METHODS.sign,
        request: encode(SignRequest, {
          requestId: `own-${this.#signer.node}-${number}`,
          keyId: key.keyId,
          payload: { $case: 'message', value: this.#rng.bytes(12) },
          derivationPath: [],
          hash: 0,
        }),
        requester: key.owner,
        expireTimeMs: this.#clock.now() + this.#rng.int(OWN_EXPIRY_MS),
      },
    );
    this.#append(sentLog, payloadOf({ $case: 'request', value }));
  }

  #openTask(kind?: string): TaskRecord | undefined {
    const open = this.#state().tasks('', 20, true);
    return this.#rng.shuffle(open.filter((task) => kind === undefined || task.kind === kind))[0];
  }

  #attempt(task: TaskRecord): void {
    const now = this.#clock.elapsed();
    if (now - (this.#attemptedMs.get(task.taskId) ?? -Infinity) < ATTEMPT_EVERY_MS) return;
    const patience = task.kind === 'sign' ? 8 : 2;
    if (task.attempts.length >= patience) return;
    this.#attemptedMs.set(task.taskId, now);
    const attempt = this.#makeAttempt(task, false);
    if (attempt === undefined) return;
    const forge = this.#rng.chance(FORGED) ? this.#rng.pick(FORGERIES) : undefined;
    if (forge !== undefined) this.#told('attempt forged');
    this.#propose({ $case: 'attempt', value: forge?.(attempt) ?? attempt });
  }

  #forgeAttempt(sentLog: SentLog, again = false): void {
    const task = this.#openTask();
    if (task === undefined) return;
    const attempt = this.#makeAttempt(task, again);
    if (attempt === undefined) return;
    const value = again ? attempt : this.#rng.pick(FORGERIES)(attempt);
    this.#append(sentLog, payloadOf({ $case: 'attempt', value }));
  }

  #makeAttempt(task: TaskRecord, again: boolean): Attempt | undefined {
    const number = task.attempts.length + 1;
    if (this.#lives && (task.kind === 'reshare' || task.kind === 'refresh')) {
      const bootOf = (node: string): Uint8Array =>
        this.#observed.bootOf(node) ?? new Uint8Array(16);
      return versionAttempt(task, number, this.#state(), this.#rng, bootOf);
    }
    if (task.kind !== 'sign') {
      const nodes = participantsOf(task, this.#state().members()).map(({ nodeId }) => ({
        nodeId,
        boot: this.#observed.bootOf(nodeId) ?? new Uint8Array(16),
      }));
      return generateAttempt(task, number, nodes);
    }
    const key = this.#state().key(task.keyId);
    return key === undefined ? undefined : this.#signAttempt(task, number, key, again);
  }

  #signAttempt(
    task: TaskRecord,
    number: number,
    key: ActiveKey,
    again: boolean,
  ): Attempt | undefined {
    const names = this.#rng.shuffle(key.participants.map(({ nodeId }) => nodeId));
    const supplies = names.flatMap((node) => {
      const supply = this.#observed.supply(node, key.keyId, again || this.#rng.chance(0.1));
      return supply === undefined ? [] : [supply];
    });
    if (supplies.length < key.threshold) {
      this.#want(key);
      return undefined;
    }
    return signAttempt(task, number, key, supplies.slice(0, key.threshold));
  }

  #want({ keyId }: ActiveKey): void {
    for (const peer of this.#liar.peers) {
      this.#liar.speak(peer, { message: { $case: 'wantSupplies', value: { keyId } } });
    }
  }
}

/** Who does not lead and yet speaks as if. */
export function falseLeader(liar: Liar, rng: Rng, to: NodeId): void {
  const { log } = liar;
  const index = rng.int(log.length + 1);
  liar.say({
    type: 'append',
    from: liar.self,
    to,
    term: Math.max(1, liar.term - rng.int(2)),
    round: rng.int(3),
    prevIndex: index,
    prevTerm: log.termAt(index),
    prevHash: log.hashAt(index),
    entries: [],
    commit: rng.int(log.length + 5),
  });
}
