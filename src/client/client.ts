import { randomUUID } from 'node:crypto';
import { toHex } from '../common/index.js';
import { voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { Algorithm, Gg20Profile } from '../wire/index.js';
import type {
  Cluster,
  GenerateKeyRequest,
  Key,
  Revocation,
  SignResponse,
  Task,
} from '../wire/index.js';
import { whenReady } from './await-key.js';
import { genesisOf, optionsFrom } from './connect-options.js';
import { correctTimeRequest } from './correct-time.js';
import type { CorrectTimeInput } from './correct-time.js';
import { derivePublicKey } from './derived-key.js';
import { QuorateError } from './errors.js';
import { findConnection, LIBRARY_ERRORS } from './find-connection.js';
import { verifyKeyCertificate } from './key-certificate.js';
import type { KeyTrust } from './key-certificate.js';
import type { Reader } from './key-requester.js';
import { REMEMBERED_KEYS_MAX, REQUEST_LIFETIME_MS_MAX } from './limits.js';
import { CALLS, wrongAnswer } from './methods.js';
import { Mutations } from './mutations.js';
import type { Signing } from './mutations.js';
import { destroyKey, restoreKey, retireKey } from './key-ends.js';
import type {
  ChangedKey,
  DestroyedKey,
  DestroyKeyInput,
  RestoreKeyInput,
  RetireKeyInput,
} from './key-ends.js';
import { requireLength, requireSame, shortfallOf } from './key-doubts.js';
import type { Pin, SigningKey } from './key-doubts.js';
import type {
  ConnectOptions,
  GenerateKeyInput,
  GetKeyOptions,
  JudgedKey,
  SigningKeyInput,
  SignInput,
} from './inputs.js';
import { LiveCredentials } from './live-credentials.js';
import { every, listKeys, listTasks } from './lists.js';
import type { ListKeysInput, ListPart, ListTasksInput } from './lists.js';
import { raiseLevelRequest } from './raise-level.js';
import type { RaiseLevelInput } from './raise-level.js';
import { requesterOf } from './request-signer.js';
import { revokeRequest } from './revoke-certificate.js';
import type { RevokeCertificateInput } from './revoke-certificate.js';
import { intervalOf, reshareRequest } from './reshare-key.js';
import type { CancelTaskInput, ReshareKeyInput } from './reshare-key.js';
import { requireSpiffeIds, signingOf, withoutClusterFile } from './signing.js';
import { isAnswered, payloadOf } from './signed-payload.js';
import { StreamCarrier } from './stream-carrier.js';
import type { SignStream } from './stream-carrier.js';
import { Transport } from './transport.js';
import { transferLeadershipRequest } from './transfer-leadership.js';
import type { TransferLeadershipInput, TransferredLeadership } from './transfer-leadership.js';
import { unlockSigningRequest } from './unlock.js';
import type { UnlockSigningInput } from './unlock.js';
import { remainingMs, untilOf } from './until.js';
import type { CallOptions, Until } from './until.js';
import { watchCluster, watchTask } from './watching.js';
import type {
  ClusterChange,
  TaskProgress,
  WatchClusterOptions,
  WatchTaskOptions,
} from './watching.js';

type TrustedKey = Pick<Key, 'algorithm' | 'publicKey' | 'certificate'>;

/**
 * A cluster, to its applications: finds a node that answers, asks again where that is safe, bounds every wait, and
 * returns no signature that does not verify. Methods throw QuorateError, or ServerFault.
 */
export class QuorateClient {
  readonly #transport: Transport;
  readonly #signing: Signing | undefined;
  readonly #mutations: Mutations;
  readonly #genesis: Genesis | undefined;
  readonly #reader: Reader;
  readonly #require: KeyTrust;
  /** Of keys asked for before: a key's public key never changes. */
  readonly #trusted = new Map<string, TrustedKey>();
  /** The algorithms of public keys that callers gave, once these have been compared with what the cluster shows. */
  readonly #pinned = new Map<string, Algorithm>();

  private constructor(options: ConnectOptions) {
    const { endpoints, requesters } = options;
    requireSpiffeIds(requesters);
    this.#genesis = genesisOf(options);
    const credentials = new LiveCredentials(options, this.#genesis);
    const signing = signingOf(options, this.#genesis, () => credentials.signer);
    this.#transport = new Transport(endpoints, credentials);
    this.#signing = signing;
    const self = requesterOf(signing?.signer().chain ?? options.cert);
    this.#mutations = new Mutations(this.#transport, signing, self?.spiffeId);
    this.#reader = { spiffeId: self?.spiffeId, requesters };
    // A caller that signs its requests has signed for its keys: a node's word is not enough for one of them.
    this.#require = options.require ?? (signing === undefined ? 'vouched' : 'active');
  }

  /** Connections are made when they are first needed. */
  static connect(options: ConnectOptions): QuorateClient {
    return new QuorateClient(options);
  }

  /**
   * As {@link connect}, with what a `client.json` says, found by the rules of the command line, contexts apart: `file`, else
   * `QUORATE_CLIENT_FILE`, else the development cluster of the working folder; `QUORATE_ENDPOINTS` and the other
   * variables go before what it says.
   *
   * @param changes - Options that go before all of it.
   * @throws QuorateError `invalid-request` USAGE naming what is missing, or what cannot be read.
   */
  static fromClientFile(file?: string, changes: Partial<ConnectOptions> = {}): QuorateClient {
    const place = { environment: process.env, folder: process.cwd() };
    const connection = findConnection({ clientFile: file }, place, LIBRARY_ERRORS);
    return new QuorateClient({ ...optionsFrom(connection), ...changes });
  }

  /**
   * The first GG20 key of a set of participants waits for their moduli: many seconds, with P3072 minutes.
   *
   * @throws QuorateError `deadline` KEY_NOT_READY with the task's id when it takes longer than the call may.
   */
  async generateKey(input: GenerateKeyInput, options?: CallOptions): Promise<JudgedKey> {
    const request = CALLS.generateKey.encode(this.#requestOf(input));
    const until = untilOf(options);
    const method = CALLS.generateKey;
    // The cluster goes on with it when the call has ended.
    const ask = () => this.#mutations.call(method, request, until, REQUEST_LIFETIME_MS_MAX);
    const answer = await whenReady(ask, until);
    if (answer.key === undefined) throw notReady(input.keyId, answer.taskId);
    return this.#judge(answer.key, { asked: request });
  }

  /**
   * Shares a key anew: its next version, among other participants or with another threshold, or the same. The public key stays. An
   * operator may, and the key's owner, and must sign for it.
   *
   * @throws QuorateError `deadline` KEY_NOT_READY with the task's id when it takes longer than the call may.
   */
  async reshareKey(input: ReshareKeyInput, options?: CallOptions): Promise<JudgedKey> {
    const { keyId } = input;
    const until = untilOf(options);
    const fields = await reshareRequest(input, () => this.#shownKey(keyId, until));
    const method = CALLS.reshareKey;
    const request = method.encode(fields);
    const ask = () => this.#mutations.call(method, request, until, REQUEST_LIFETIME_MS_MAX);
    const { key, taskId } = await whenReady(ask, until);
    if (key === undefined) throw notReady(keyId, taskId);
    if (key.keyId !== keyId || key.version < 2) throw wrongAnswer(`no later version of ${keyId}`);
    return this.#judge(key, {});
  }

  /**
   * Ends an open task that makes a key or a version of one. Its requester may, and operators. What is active stays.
   *
   * @returns The id of the task that ended it.
   * @throws QuorateError `wrong-state` TASK_CLOSED when it has an outcome already.
   */
  async cancelTask(
    { taskId, requestId = randomUUID() }: CancelTaskInput,
    options?: CallOptions,
  ): Promise<string> {
    const request = CALLS.cancelTask.encode({ requestId, taskId });
    return (await this.#mutations.call(CALLS.cancelTask, request, untilOf(options))).taskId;
  }

  async getKey(keyId: string, options?: GetKeyOptions): Promise<JudgedKey> {
    return this.#getKey(keyId, untilOf(options), options?.publicKey);
  }

  /** Keys in order of their ids. What a node says of them is not verified: {@link getKey} does. */
  listKeys(input: ListKeysInput = {}, options?: CallOptions): Promise<ListPart<Key>> {
    return listKeys(this.#transport, input, options);
  }

  /** As {@link listKeys}, one after another, all unless there is a limit. The time is that of each call. */
  keys(input: ListKeysInput = {}, options?: CallOptions): AsyncGenerator<Key, void, undefined> {
    return every(input, (part) => this.listKeys({ ...input, ...part }, options));
  }

  /**
   * Takes a key out of use: it signs nothing until it is restored. An operator may, and the key's owner.
   *
   * @throws QuorateError `wrong-state` KEY_RETIRED when it is retired already.
   */
  retireKey(input: RetireKeyInput, options?: CallOptions): Promise<ChangedKey> {
    return retireKey(this.#mutations, input, options);
  }

  /**
   * Puts a retired key back in use. An operator may, and the key's owner.
   *
   * @throws QuorateError `wrong-state` KEY_NOT_RETIRED when it is in use.
   */
  restoreKey(input: RestoreKeyInput, options?: CallOptions): Promise<ChangedKey> {
    return restoreKey(this.#mutations, input, options);
  }

  /**
   * Has every node that may hold a share of a retired key erase it, for good. An operator may, once the recovery window is over.
   *
   * @returns Without the key where a node had not confirmed in time: it goes on by itself, and {@link getTask} shows which.
   * @throws QuorateError `wrong-state` KEY_RECOVERABLE before the window is over.
   */
  destroyKey(input: DestroyKeyInput, options?: CallOptions): Promise<DestroyedKey> {
    return destroyKey(this.#mutations, input, options);
  }

  /**
   * The signature has been verified, under the key given or one whose certificate has been. Who signed, and with which
   * version, is what the node says.
   *
   * An answer is a valid signature of this request, whose entry is committed; the log may record it a little later. A repeated
   * request id gets the recorded outcome, which after a race or a crash can be another valid signature of the same message,
   * or a failure. A failure, `cancelled` and `deadline` mean that no signature was recorded, never that none exists. So compare
   * messages, not signatures: a signature is no id and no proof of a single signing. A caller that must not sign twice keeps
   * the first answer and repeats the same request id.
   *
   * The answer of an ECDSA key has a `recoveryId`, which has been verified too.
   *
   * @throws QuorateError `protocol-abort` KEY_UNVERIFIED when the certificate is worth less than is required.
   */
  sign(input: SignInput, options?: CallOptions): Promise<SignResponse> {
    return this.#sign(this.#mutations, input, options);
  }

  /**
   * Signs many messages over one stream: as {@link sign} each, with less for every one of them to cost. Where the node stops or the
   * stream breaks off, another node gets what has no answer, the same bytes with the same signatures. Its user closes it.
   */
  signStream(): SignStream {
    const path = CALLS.signStream.path;
    const carrier = new StreamCarrier((begin, signal) =>
      this.#transport.stream(path, begin, { signal }),
    );
    const mutations = new Mutations(carrier, this.#signing, this.#reader.spiffeId);
    return {
      sign: (input, options) => this.#sign(mutations, input, options),
      close: () => carrier.close(),
    };
  }

  /**
   * The key that a signature must verify under, as {@link sign} finds and trusts it: given, or derived at a path. A caller learns
   * the algorithm of a key so, which says what it signs. {@link sign} asks no second time.
   */
  async signingKey(input: SigningKeyInput, options?: CallOptions): Promise<SigningKey> {
    return this.#signingKey(input, untilOf(options));
  }

  /** A task as one node reports it. Its outcome is not verified: {@link sign} verifies what it returns. */
  async getTask(taskId: string, options?: CallOptions): Promise<Task> {
    const { task } = await this.#transport.call(CALLS.getTask, { taskId }, untilOf(options));
    if (task?.taskId !== taskId) throw wrongAnswer(`another task than ${taskId}`);
    return task;
  }

  /**
   * A task now and each time that it has got on, until it has an outcome. Where a node stops or breaks off, it goes on at another
   * one, and tells nothing twice.
   *
   * @throws QuorateError `not-found` TASK_NOT_FOUND; `no-quorum` when no node goes on for as long as it is told to wait.
   */
  watchTask(
    taskId: string,
    options?: WatchTaskOptions,
  ): AsyncGenerator<TaskProgress, void, undefined> {
    return watchTask(this.#transport, taskId, options);
  }

  /** The cluster now and each time that its leader, term, members, level or keys' upkeep have changed, as one node sees it; without end. */
  watchCluster(options?: WatchClusterOptions): AsyncGenerator<ClusterChange, void, undefined> {
    return watchCluster(this.#transport, options);
  }

  /** Tasks, the newest first: of all requesters to operators and auditors, to others their own. */
  listTasks(input: ListTasksInput = {}, options?: CallOptions): Promise<ListPart<Task>> {
    return listTasks(this.#transport, input, options);
  }

  /** As {@link listTasks}, one after another, all unless there is a limit. The time is that of each call. */
  tasks(input: ListTasksInput = {}, options?: CallOptions): AsyncGenerator<Task, void, undefined> {
    return every(input, (part) => this.listTasks({ ...input, ...part }, options));
  }

  async getCluster(options?: CallOptions): Promise<Cluster> {
    const { cluster } = await this.#transport.call(CALLS.getCluster, {}, untilOf(options));
    if (cluster === undefined) throw wrongAnswer('no cluster');
    return cluster;
  }

  /**
   * Has the cluster take only signed requests from now on, for good. An operator's signature is needed.
   *
   * @returns The task's id.
   */
  async requireSignatures(
    input: { readonly requestId?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<string> {
    const request = CALLS.requireSignatures.encode({
      requestId: input.requestId ?? randomUUID(),
    });
    const method = CALLS.requireSignatures;
    const { taskId } = await this.#mutations.call(method, request, untilOf(options));
    return taskId;
  }

  /**
   * Has the cluster go on at the next feature level, for good. An operator's signature is needed, and each voter's word
   * that its build has the level, which the answering node has; or the voter is left behind.
   *
   * @returns The level, and the task's id.
   * @throws QuorateError `wrong-state` BUILDS_TOO_OLD when a voter is neither ready nor left behind.
   */
  async raiseLevel(
    input: RaiseLevelInput = {},
    options?: CallOptions,
  ): Promise<{ readonly level: number; readonly taskId: string }> {
    const genesis = this.#genesis ?? withoutClusterFile();
    const until = untilOf(options);
    const cluster = await this.getCluster(options);
    const fields = raiseLevelRequest(genesis, cluster, input, input.requestId ?? randomUUID());
    const request = CALLS.raiseLevel.encode(fields);
    const { taskId } = await this.#mutations.call(CALLS.raiseLevel, request, until);
    return { level: fields.level, taskId };
  }

  /**
   * Sets the cluster's time back after a majority of the clocks was wrong. An operator's signature is needed; the clocks must
   * be right again, or the time goes wrong again at once.
   *
   * @returns By how much it goes back (ms), and the task's id.
   */
  async correctTime(
    input: CorrectTimeInput = {},
    options?: CallOptions,
  ): Promise<{ readonly backMs: number; readonly taskId: string }> {
    const until = untilOf(options);
    const seen = input.seen ?? (await this.getCluster(options));
    const timeMs = Math.floor(input.timeMs ?? Date.now());
    const fields = correctTimeRequest(seen, input, timeMs, input.requestId ?? randomUUID());
    const request = CALLS.correctTime.encode(fields);
    const lifetimeMs = remainingMs(until);
    const { taskId } = await this.#mutations.call(
      CALLS.correctTime,
      request,
      until,
      lifetimeMs,
      timeMs,
    );
    return { backMs: Number(fields.seenTimeMs) - timeMs, taskId };
  }

  /**
   * Revokes certificates by serial number or by key, for good: nodes end what is open with them, and take nothing that is signed
   * with them. An operator's signature is needed.
   *
   * @returns The task's id.
   * @throws QuorateError `wrong-state` REVOKES_ITSELF or REVOKES_A_NODE for what must be said explicitly.
   */
  async revokeCertificate(input: RevokeCertificateInput, options?: CallOptions): Promise<string> {
    const request = CALLS.revokeCertificate.encode(
      revokeRequest(input, input.requestId ?? randomUUID()),
    );
    const method = CALLS.revokeCertificate;
    return (await this.#mutations.call(method, request, untilOf(options))).taskId;
  }

  /** All that is revoked, as the answering node has applied it. What a node says of it is not verified. */
  async listRevocations(options?: CallOptions): Promise<readonly Revocation[]> {
    const answer = await this.#transport.call(CALLS.listRevocations, {}, untilOf(options));
    return answer.revocations;
  }

  /**
   * Has one node forget failed signing sessions that it counts against a version of a key, or against a node that was silent. An
   * operator's signature is needed, and the connection of the client must be to that node alone: each node counts for itself.
   *
   * @param seen - The node's own answer; asked for where it is not given.
   * @returns The failures that it has forgotten.
   * @throws QuorateError `wrong-state` NO_SUCH_FAILURES, or WRONG_NODE when another node answered.
   */
  async unlockSigning(
    input: UnlockSigningInput,
    seen?: Cluster,
    options?: CallOptions,
  ): Promise<number> {
    const until = untilOf(options);
    const cluster = seen ?? (await this.getCluster(options));
    const request = CALLS.unlockSigning.encode(unlockSigningRequest(input, cluster));
    const { failures } = await this.#mutations.call(CALLS.unlockSigning, request, until);
    return failures;
  }

  /**
   * Has the leader hand leadership to another voter, at an operator's signature, and waits until that one leads. To repeat it does no
   * harm: the leader of a later term is no longer meant.
   *
   * @returns Who leads now: the node that was named, where one was.
   * @throws QuorateError `wrong-state` NOT_A_VOTER or TRANSFER_UNDER_WAY; `no-quorum` TARGET_UNREACHABLE, TARGET_BEHIND or
   *   NO_LEADER; `protocol-abort` TRANSFER_FAILED or LEADERSHIP_CHANGED.
   */
  async transferLeadership(
    input: TransferLeadershipInput = {},
    options?: CallOptions,
  ): Promise<TransferredLeadership> {
    const until = untilOf(options);
    const seen = input.seen ?? (await this.getCluster(options));
    const request = CALLS.transferLeadership.encode(transferLeadershipRequest(seen, input));
    const { leaderId, term } = await this.#mutations.call(CALLS.transferLeadership, request, until);
    if (leaderId === '' || (input.to !== undefined && leaderId !== input.to))
      throw wrongAnswer('another leader than was asked for');
    return { leaderId, term };
  }

  close(): void {
    this.#transport.close();
  }

  /** Participants are named, so that the certificate can be held against them. */
  #requestOf(input: GenerateKeyInput): GenerateKeyRequest {
    const participants = [
      ...(input.participants ?? (this.#genesis && voters(this.#genesis)) ?? []),
    ];
    const threshold = input.threshold ?? Math.floor(participants.length / 2) + 1;
    if (input.threshold === undefined && participants.length === 0)
      throw new QuorateError(
        'invalid-request',
        'Give a threshold, or participants, or a cluster file to take them from',
        { field: 'threshold' },
      );
    return {
      requestId: input.requestId ?? randomUUID(),
      keyId: input.keyId,
      algorithm: input.algorithm ?? Algorithm.FROST_ED25519_SHA512,
      threshold,
      participants,
      labels: [...(input.labels ?? [])],
      allowNoRedundancy: input.allowNoRedundancy ?? false,
      allowedSigners: [...(input.allowedSigners ?? [])],
      gg20Profile: input.gg20Profile ?? Gg20Profile.UNSPECIFIED,
      reshareInterval: intervalOf(input.reshareIntervalMs),
    };
  }

  async #sign(
    mutations: Mutations,
    input: SignInput,
    options: CallOptions | undefined,
  ): Promise<SignResponse> {
    const { keyId, path = [], requestId = randomUUID() } = input;
    const until = untilOf(options);
    const signing = await this.#signingKey(input, until);
    const { fields, meaning } = payloadOf(input, signing.algorithm);
    const request = CALLS.sign.encode({ requestId, keyId, derivationPath: [...path], ...fields });
    const answer = await mutations.call(CALLS.sign, request, until);
    if (!isAnswered(signing, meaning, answer))
      throw wrongAnswer(`a signature that does not verify under ${keyId}`);
    return { ...answer, publicKey: signing.publicKey };
  }

  async #getKey(keyId: string, until: Until, publicKey?: Uint8Array): Promise<JudgedKey> {
    return this.#judge(await this.#shownKey(keyId, until), { publicKey });
  }

  async #shownKey(keyId: string, until: Until): Promise<Key> {
    const { key } = await this.#transport.call(CALLS.getKey, { keyId }, until);
    if (key?.keyId !== keyId) throw wrongAnswer(`another key than ${keyId}`);
    return key;
  }

  #judge(key: Key, known: Reader): JudgedKey {
    return { key, ...verifyKeyCertificate(key, this.#genesis, { ...this.#reader, ...known }) };
  }

  /** The key that the signature must verify under: given, or derived here from the one that is trusted. */
  async #signingKey(input: SigningKeyInput, until: Until): Promise<SigningKey> {
    const { keyId, path = [], publicKey } = input;
    if (publicKey !== undefined) return this.#pinnedKey({ ...input, publicKey }, until);
    const trusted = await this.#trustedKey(keyId, until);
    const derived = derivePublicKey(trusted, path);
    if (derived === undefined) throw wrongAnswer(`a key ${keyId} that nothing can be derived from`);
    return { algorithm: trusted.algorithm, publicKey: derived };
  }

  /**
   * Compares what the caller knows with what the cluster shows, before it asks for a signature that would be of no use. The
   * signature is verified under what the caller knows either way, so a caller that may not see the key needs no comparison.
   */
  async #pinnedKey(pin: Pin, until: Until): Promise<SigningKey> {
    requireLength(pin);
    const { keyId, path = [], publicKey } = pin;
    const place = `${keyId}/${path.join('/')}:${toHex(publicKey)}:${pin.algorithm ?? ''}`;
    let algorithm = this.#pinned.get(place);
    if (algorithm === undefined) {
      const shown = await this.#visibleKey(keyId, until);
      if (shown !== undefined) requireSame(pin, shown);
      algorithm = pin.algorithm ?? shown?.algorithm ?? Algorithm.FROST_ED25519_SHA512;
      if (this.#pinned.size >= REMEMBERED_KEYS_MAX) this.#pinned.clear();
      this.#pinned.set(place, algorithm);
    }
    return { algorithm, publicKey };
  }

  async #visibleKey(keyId: string, until: Until): Promise<Key | undefined> {
    try {
      const { key } = await this.#transport.call(CALLS.getKey, { keyId }, until);
      if (key?.keyId !== keyId) throw wrongAnswer(`another key than ${keyId}`);
      return key;
    } catch (error) {
      const hidden = ['not-found', 'forbidden', 'unsupported'];
      if (error instanceof QuorateError && hidden.includes(error.code)) return undefined;
      throw error;
    }
  }

  async #trustedKey(keyId: string, until: Until): Promise<TrustedKey> {
    const known = this.#trusted.get(keyId);
    if (known !== undefined) return known;

    const judged = await this.#getKey(keyId, until);
    const shortfall = shortfallOf(judged, this.#require);
    if (shortfall !== undefined) throw shortfall;
    const { key } = judged;
    if (this.#trusted.size >= REMEMBERED_KEYS_MAX) this.#trusted.clear();
    this.#trusted.set(keyId, key);
    return key;
  }
}

function notReady(keyId: string, taskId: string): QuorateError {
  return new QuorateError('deadline', `Key ${keyId} is not ready yet`, {
    reason: 'KEY_NOT_READY',
    facts: { task_id: taskId },
  });
}
