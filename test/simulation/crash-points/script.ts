import type { Verifiers } from '../../../src/algorithms/index.js';
import {
  ClusterError,
  equal,
  toHex,
  type ClusterId,
  type NodeId,
} from '../../../src/common/index.js';
import type { KeyAlgorithm } from '../../../src/identity/index.js';
import {
  generatedKeyOf,
  keyDestroyedOf,
  METHODS,
  resharedKeyOf,
  resharingOf,
  signatureOf,
  type ActiveKey,
} from '../../../src/state/index.js';
import {
  DestroyKeyRequest,
  encode,
  GenerateKeyRequest,
  Gg20Profile,
  ReshareKeyRequest,
  RestoreKeyRequest,
  RetireKeyRequest,
  type SignatureResult,
  type TaskRecord,
} from '../../../src/wire/index.js';
import type { Report } from '../checkers/facts.js';
import { EPOCH_MS } from '../clock.js';
import type { Cluster } from '../cluster.js';
import type { SimulatedOperator } from '../key-lives/operator.js';
import type { KeyRequests } from '../requests.js';
import type { NodeProcess } from '../whole-nodes.js';
import type { Workload } from '../workload.js';
import type { World } from '../world.js';
import { restlessness } from './rest.js';

/** What a step belongs to: the kinds of task that clients and time ask for. */
export type Phase =
  'generate' | 'sign' | 'presign' | 'reshare' | 'refresh' | 'retire' | 'restore' | 'destroy';

export const HOUR_S = 3_600;
const WINDOW_S = 60;
const EXPIRES_IN_MS = 300_000;
/** How long a client waits for one answer; of a node that is gone it hears at once. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;
const TRIES_MAX = 200;
/** Requests for the same thing, one after another, while each ends as failed. */
const REQUESTS_MAX = 10;
const LOOK_MS = 50;
/** How long a phase may take until nothing is left of it; a shares' erasure is demanded a minute after the last word. */
const REST_MS = 300_000;
/** Within so many signatures each participant has signed: with presignatures they take less time than a node is down. */
const SIGNATURES_MAX = 40;
/** A client signs this often while a key is shared anew. */
const SIGN_EVERY_MS = 400;

export type Terms = { readonly threshold: number; readonly participants: readonly NodeId[] };

type AskedFor = { readonly method: string; readonly bytes: Uint8Array; readonly isSigned: boolean };

export type ScriptParts = {
  readonly world: World;
  readonly report: Report;
  /** Who asks for keys, shares them anew and ends them. */
  readonly operator: SimulatedOperator;
  readonly algorithm: KeyAlgorithm;
  readonly keys: KeyRequests;
  readonly verifiers: Verifiers;
  /** What clients do, one after the other. */
  play(script: Script): Promise<void>;
};

/** One client after the other, each of whom waits until all that it asked for is done and nothing is left of it. */
export class Script implements Workload<NodeProcess> {
  readonly #parts: ScriptParts;
  #cluster: Cluster<NodeProcess> | undefined;
  #phase: Phase | undefined;
  #isOver = false;
  #requests = 0;
  #waitsFor = 'the first leader';
  readonly #publicKeys = new Map<string, Uint8Array>();
  /** Versions that were active before the one that is, by session. */
  readonly #past = new Set<string>();
  #active: string | undefined;

  constructor(parts: ScriptParts) {
    this.#parts = parts;
  }

  /** What the steps belong to that nodes come to now. */
  get phase(): Phase | undefined {
    return this.#phase;
  }

  start(cluster: Cluster<NodeProcess>): void {
    this.#cluster = cluster;
    this.#parts.play(this).then(
      () => (this.#isOver = true),
      (error: unknown) => this.#parts.report('Script', explain(error)),
    );
  }

  stop(): void {
    // The script has an end of its own.
  }

  settled(): boolean {
    return this.#isOver;
  }

  conclude(): void {
    // The script's last step is a signature.
  }

  audit(): void {
    // Every phase ends with what must hold then.
  }

  describe(): string {
    return `${this.#phase ?? 'the beginning'}: waits for ${this.#waitsFor}`;
  }

  /** Does something, and waits until nothing is left of it. The steps of nodes belong to it. */
  async #during(phase: Phase, run: () => Promise<void>): Promise<void> {
    this.#phase = phase;
    await run();
    await this.#until('rest', () => restlessness(this.#machines, this.#past), REST_MS);
    this.#phase = undefined;
  }

  generate(keyId: string, terms: Terms): Promise<void> {
    const { algorithm, keys } = this.#parts;
    return this.#during('generate', async () => {
      const task = await this.#done((requestId) => ({
        method: METHODS.generateKey,
        bytes: encode(
          GenerateKeyRequest,
          GenerateKeyRequest.fromPartial({
            requestId,
            keyId,
            algorithm,
            gg20Profile: keys.needMaterial ? Gg20Profile.P2048 : Gg20Profile.UNSPECIFIED,
            ...terms,
            participants: [...terms.participants],
            allowNoRedundancy: terms.threshold === terms.participants.length,
            reshareInterval: { seconds: BigInt(HOUR_S), nanos: 0 },
          }),
        ),
        isSigned: true,
      }));
      const made = generatedKeyOf(task) ?? fail(`no key ${keyId}`);
      this.#publicKeys.set(keyId, made.publicKey);
      this.#active = toHex(this.#key(keyId).sessionId);
    });
  }

  /**
   * A signature under the key's public key by this version; where more than a share is needed to sign, which no checker opens, until
   * each participant has signed.
   */
  sign(keyId: string, version: number): Promise<void> {
    return this.#during('sign', async () => {
      const silent = new Set<string>(this.#key(keyId).participants.map(({ nodeId }) => nodeId));
      for (let signatures = 0; silent.size > 0; signatures++) {
        if (signatures === SIGNATURES_MAX) {
          this.#parts.report('Signers', `${[...silent].join(', ')} signs nothing with ${keyId}`);
          return;
        }
        const { keyVersion, signers } = await this.#sign(keyId);
        if (keyVersion !== version) {
          this.#parts.report('Versions', `version ${keyVersion} of ${keyId} signs, not ${version}`);
        }
        if (!this.#parts.keys.needMaterial) return;
        for (const node of signers) silent.delete(node);
        if (silent.size > 0) await this.#pause(SIGN_EVERY_MS);
      }
    });
  }

  /** Waits until as many nodes as it takes to sign with the key hold a presignature, of whichever key. */
  presign(keyId: string): Promise<void> {
    const reason = (): string | undefined => {
      // A node that came back lists no pool of a key that nobody has used since.
      const holding = this.#machines.filter(
        ({ process }) => (process?.replica.status().presignatures.held ?? 0) > 0,
      );
      const { threshold } = this.#key(keyId);
      return holding.length < threshold ? `only ${holding.length} hold one` : undefined;
    };
    return this.#during('presign', () => this.#until('a presignature', reason, REST_MS));
  }

  /** Shares a key anew, while clients go on to sign with it. */
  async reshare(keyId: string, terms: Terms): Promise<void> {
    const before = this.#key(keyId);
    await this.#during('reshare', async () => {
      let isOver = false;
      const reshared = this.#done((requestId) => ({
        method: METHODS.reshareKey,
        bytes: encode(ReshareKeyRequest, {
          requestId,
          keyId,
          threshold: terms.threshold,
          participants: [...terms.participants],
          allowNoRedundancy: terms.threshold === terms.participants.length,
          reshareInterval: undefined,
        }),
        isSigned: true,
      })).then((task) => {
        isOver = true;
        return task;
      });
      await this.#signWhile(keyId, before.version, () => !isOver);
      const { keyVersion } = resharedKeyOf(await reshared) ?? fail(`${keyId} is not reshared`);
      this.#advanced(keyId, before, keyVersion);
    });
  }

  /** Has the key's time come, and waits for its next version. */
  async refresh(keyId: string): Promise<void> {
    const before = this.#key(keyId);
    await this.#during('refresh', async () => {
      this.#pass(Number(resharingOf(before).dueMs) - EPOCH_MS - this.#parts.world.now());
      await this.#signWhile(
        keyId,
        before.version,
        () => this.#key(keyId).version === before.version,
      );
      this.#advanced(keyId, before, before.version + 1);
    });
  }

  retire(keyId: string): Promise<void> {
    const recoveryWindow = { seconds: BigInt(WINDOW_S), nanos: 0 };
    return this.#during('retire', async () => {
      await this.#done((requestId) => ({
        method: METHODS.retireKey,
        bytes: encode(RetireKeyRequest, { requestId, keyId, recoveryWindow }),
        isSigned: true,
      }));
      const refused = await this.#refusal(keyId);
      if (refused !== 'KEY_RETIRED') this.#parts.report('Retired', `a signature: ${refused}`);
    });
  }

  restore(keyId: string): Promise<void> {
    return this.#during('restore', async () => {
      await this.#done((requestId) => ({
        method: METHODS.restoreKey,
        bytes: encode(RestoreKeyRequest, { requestId, keyId }),
        isSigned: true,
      }));
    });
  }

  /** Lets the recovery window pass, and has every node erase its share. */
  async destroy(keyId: string): Promise<void> {
    await this.#during('destroy', async () => {
      this.#pass(WINDOW_S * 1_000 + 1_000);
      const task = await this.#done((requestId) => ({
        method: METHODS.destroyKey,
        bytes: encode(DestroyKeyRequest, { requestId, keyId, confirmKeyId: keyId }),
        isSigned: true,
      }));
      const { nodes } = keyDestroyedOf(task) ?? fail(`${keyId} is not destroyed`);
      const holders = this.#key(keyId).participants.map(({ nodeId }) => nodeId);
      if (!holders.every((node) => nodes.includes(node))) {
        this.#parts.report('Destroyed', `only ${nodes.join(', ')} have erased ${keyId}`);
      }
      const refused = await this.#refusal(keyId);
      if (refused !== 'KEY_DESTROYED') this.#parts.report('Destroyed', `a signature: ${refused}`);
    });
  }

  get #machines(): Cluster<NodeProcess>['machines'] {
    return this.#cluster?.machines ?? fail('the script has not begun');
  }

  /** The key as the state of the node that has applied most has it. */
  #key(keyId: string): ActiveKey {
    const [replica] = this.#machines
      .flatMap(({ process }) => process?.replica ?? [])
      .toSorted((a, b) => b.status().applied - a.status().applied);
    return replica?.local().key(keyId) ?? fail(`no key ${keyId}`);
  }

  /** So much time passes for all machines at once. */
  #pass(ms: number): void {
    this.#parts.world.skippedMs += Math.max(0, Math.ceil(ms));
  }

  /** The version before is over. */
  #advanced(keyId: string, before: ActiveKey, version: number): void {
    const after = this.#key(keyId);
    const isNext = after.version === version && version === before.version + 1;
    if (!isNext) {
      const words = `version ${after.version} of ${keyId} follows version ${before.version}`;
      this.#parts.report('Versions', words);
    }
    if (this.#active !== undefined) this.#past.add(this.#active);
    this.#active = toHex(after.sessionId);
  }

  async #signWhile(keyId: string, version: number, goesOn: () => boolean): Promise<void> {
    let before = version;
    while (goesOn()) {
      const { keyVersion: signed } = await this.#sign(keyId);
      if (signed < before || signed > version + 1) {
        this.#parts.report('Versions', `version ${signed} signs after version ${before}`);
      }
      before = signed;
      await this.#pause(SIGN_EVERY_MS);
    }
  }

  async #sign(keyId: string): Promise<SignatureResult> {
    const { algorithm, keys, operator, verifiers } = this.#parts;
    const publicKey = this.#publicKeys.get(keyId);
    const key = { keyId, requester: operator.spiffeId, algorithm, publicKey };
    const text = `text ${this.#requests}`;
    const asked = keys.askToSign(key, 'unused', text, EXPIRES_IN_MS);
    const task = await this.#done((requestId) => ({
      method: METHODS.sign,
      bytes: keys.askToSign(key, requestId, text, EXPIRES_IN_MS).bytes,
      isSigned: false,
    }));
    const signed = signatureOf(task) ?? fail(`${keyId} does not sign`);
    const isSame = publicKey !== undefined && equal(signed.publicKey, publicKey);
    const isValid =
      isSame &&
      asked.signed !== undefined &&
      verifiers[algorithm].verify(publicKey, asked.signed, signed.signature);
    if (!isValid) this.#parts.report('Signature', `a signature by ${keyId} does not verify`);
    this.#parts.world.counts.signatures++;
    return signed;
  }

  /** The reason why no signature is given. */
  async #refusal(keyId: string): Promise<string> {
    const { algorithm, keys, operator } = this.#parts;
    const key = { keyId, requester: operator.spiffeId, algorithm, publicKey: undefined };
    const requestId = this.#requestId();
    const { bytes } = keys.askToSign(key, requestId, 'a text', EXPIRES_IN_MS);
    const answer = await this.#ask({ method: METHODS.sign, bytes, isSigned: false }, isRefusal);
    return answer instanceof ClusterError ? answer.reason : `${answer.outcome?.$case}`;
  }

  async #clusterId(): Promise<ClusterId> {
    for (;;) {
      const running = this.#machines.find(({ process }) => process !== undefined);
      const id = running?.process?.replica.status().clusterId;
      if (id !== undefined) return id;
      await this.#pause(LOOK_MS);
    }
  }

  #requestId(): string {
    return `request-${(this.#requests += 1)}`;
  }

  /** Asks for something until it is done: a task may end as failed where a node has crashed. */
  async #done(askFor: (requestId: string) => AskedFor): Promise<TaskRecord> {
    let failed = 'nothing';
    for (let requests = 0; requests < REQUESTS_MAX; requests++) {
      const task = await this.#ask(askFor(this.#requestId()), () => false);
      if (task instanceof ClusterError) throw task;
      if (task.outcome?.$case !== 'failed') return task;
      failed = task.outcome.value.reason;
      this.#parts.world.counts.failedTasks++;
      await this.#pause(PAUSE_MS);
    }
    throw new Error(`${REQUESTS_MAX} requests have failed, the last for ${failed}`);
  }

  /**
   * Asks one node after another until one gives an outcome. A node that was down may know less than the others, so what it refuses is
   * asked again, unless that is the answer.
   */
  async #ask(
    { method, bytes, isSigned }: AskedFor,
    isAnswer: (error: ClusterError) => boolean,
  ): Promise<TaskRecord | ClusterError> {
    const { operator, world } = this.#parts;
    const expireTimeMs =
      Math.min(...this.#machines.map(({ clock }) => clock.now())) + EXPIRES_IN_MS;
    const clusterId = await this.#clusterId();
    const authorization = isSigned
      ? operator.sign({ clusterId, method, expireTimeMs, request: bytes })
      : undefined;
    let last = 'nobody runs';
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const machine = this.#machines[tries % this.#machines.length];
      const life = machine?.life;
      const patience = new AbortController();
      this.#waitsFor = `${method} (${last})`;
      const submitted = life?.process?.replica.submit({
        method,
        request: bytes,
        requester: operator.spiffeId,
        expiresInMs: EXPIRES_IN_MS,
        authorization,
        signal: patience.signal,
      });
      const answer = await firstOf(
        submitted?.catch((error: unknown) => {
          if (error instanceof ClusterError) return error;
          throw error;
        }),
        this.#gone(() => life?.process === undefined || life.gone, PATIENCE_MS),
      );
      patience.abort();
      const isOutcome = answer !== undefined && !(answer instanceof ClusterError);
      if (isOutcome && life?.gone === false) return answer;
      if (answer instanceof ClusterError && isAnswer(answer)) return answer;
      last = answer instanceof ClusterError ? answer.reason : 'no answer';
      await this.#pause(PAUSE_MS);
    }
    const words = `${method} was asked ${TRIES_MAX} times, the last answer: ${last}`;
    world.trace.event(world.now(), 'client', words);
    throw new Error(words);
  }

  /** Resolves when the node is gone, or did not answer for so long. */
  async #gone(isGone: () => boolean, patienceMs: number): Promise<undefined> {
    const untilMs = this.#parts.world.now() + patienceMs;
    while (!isGone() && this.#parts.world.now() < untilMs) await this.#pause(LOOK_MS);
    return undefined;
  }

  /** Waits while there is a reason to; for too long is a violation. */
  async #until(what: string, reason: () => string | undefined, withinMs: number): Promise<void> {
    const untilMs = this.#parts.world.now() + withinMs;
    for (;;) {
      const because = reason();
      if (because === undefined) return;
      this.#waitsFor = `${what}: ${because}`;
      if (this.#parts.world.now() >= untilMs) {
        this.#parts.report('Rest', `${this.describe()} (${withinMs} ms)`);
        return;
      }
      await this.#pause(LOOK_MS);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.world.after(ms, 'a client waits', resolve));
  }
}

const isRefusal = ({ reason }: ClusterError): boolean =>
  reason === 'KEY_RETIRED' || reason === 'KEY_DESTROYED';

function firstOf<T>(
  one: Promise<T> | undefined,
  other: Promise<undefined>,
): Promise<T | undefined> {
  return one === undefined ? other : Promise.race([one, other]);
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function fail(what: string): never {
  throw new Error(what);
}
