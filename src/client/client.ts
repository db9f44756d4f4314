import { randomUUID } from 'node:crypto';
import { parseGenesis, voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { Algorithm, encode, GenerateKeyRequest, SignRequest } from '../wire/index.js';
import type { Cluster, Key, Label, SignResponse, Task } from '../wire/index.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../wire/services.js';
import { QuorateError } from './errors.js';
import { verifyKeyCertificate, verifySignature } from './key-certificate.js';
import type { Judgement } from './key-certificate.js';
import { GENERATE_KEY_LIFETIME_MS, PAGE_ITEMS_MAX, REMEMBERED_KEYS_MAX } from './limits.js';
import { Mutations } from './mutations.js';
import type { Signing } from './mutations.js';
import { tlsSigner } from './request-signer.js';
import type { RequestSigner } from './request-signer.js';
import { Transport, untilOf } from './transport.js';
import type { CallOptions, Until } from './transport.js';

export type ConnectOptions = {
  /** `host:port` of nodes' client ports; any of them will do, and more are better. */
  readonly endpoints: readonly string[];
  /** PEM: who vouches for the nodes. */
  readonly ca: string;
  /** PEM: the caller's certificate, leaf first, and its private key. */
  readonly cert: string;
  readonly key: string;
  /** The bytes of `cluster.json`. Without it, keys can be used but not verified. */
  readonly clusterFile?: Uint8Array | undefined;
  /**
   * Who signs requests that change something: `tls` is the key above. With `none`, which is what there is without a
   * cluster file, a node vouches for them, if the cluster lets it.
   */
  readonly signer?: RequestSigner | 'tls' | 'none' | undefined;
};

export type GenerateKeyInput = {
  readonly keyId: string;
  /** FROST_ED25519_SHA512 unless given. */
  readonly algorithm?: Algorithm | undefined;
  /** How many it takes to sign: a majority of the participants unless given. */
  readonly threshold?: number | undefined;
  /** All voters of the cluster file unless given. */
  readonly participants?: readonly string[] | undefined;
  readonly labels?: readonly Label[] | undefined;
  readonly allowedSigners?: readonly string[] | undefined;
  readonly allowNoRedundancy?: boolean | undefined;
  /** The same id again gets the same outcome; a fresh one unless given. */
  readonly requestId?: string | undefined;
};

export type SignInput = {
  readonly keyId: string;
  readonly message: Uint8Array;
  /** The public key that the signature must verify under; the one that the cluster shows unless given. */
  readonly publicKey?: Uint8Array | undefined;
  /** Of the public key given: FROST_ED25519_SHA512 unless given. */
  readonly algorithm?: Algorithm | undefined;
  readonly requestId?: string | undefined;
};

export type ListInput = { readonly limit?: number | undefined };

/** A key, and what its certificate is worth. */
export type JudgedKey = { readonly key: Key } & Judgement;

type TrustedKey = Pick<Key, 'algorithm' | 'publicKey'>;

/**
 * A cluster, to its applications: finds a node that answers, asks again where that is safe, bounds every wait, and
 * returns no signature that does not verify. Methods throw QuorateError, or ServerFault.
 */
export class QuorateClient {
  readonly #transport: Transport;
  readonly #mutations: Mutations;
  readonly #genesis: Genesis | undefined;
  /** Of keys asked for before: a key's public key never changes. */
  readonly #trusted = new Map<string, TrustedKey>();

  private constructor(
    transport: Transport,
    genesis: Genesis | undefined,
    signing: Signing | undefined,
  ) {
    this.#transport = transport;
    this.#genesis = genesis;
    this.#mutations = new Mutations(transport, signing);
  }

  /** Connections are made when they are first needed. */
  static connect(options: ConnectOptions): QuorateClient {
    const { endpoints, clusterFile } = options;
    const genesis = clusterFile && parseGenesis(clusterFile);
    const signing = signingOf(options, genesis);
    return new QuorateClient(new Transport(endpoints, options), genesis, signing);
  }

  /** @throws QuorateError `deadline` KEY_NOT_READY with the task's id when it takes longer than the call may. */
  async generateKey(input: GenerateKeyInput, options?: CallOptions): Promise<JudgedKey> {
    const request = encode(GenerateKeyRequest, this.#requestOf(input));
    const answer = await this.#mutations.call(
      KeyServiceService.generateKey,
      request,
      untilOf(options),
      GENERATE_KEY_LIFETIME_MS,
    );
    if (answer.key === undefined)
      throw new QuorateError('deadline', `Key ${input.keyId} is not ready yet`, {
        reason: 'KEY_NOT_READY',
        facts: { task_id: answer.taskId },
      });
    return this.#judge(answer.key, request);
  }

  getKey(keyId: string, options?: CallOptions): Promise<JudgedKey> {
    return this.#getKey(keyId, untilOf(options));
  }

  /** In order of their ids, at most `limit`. */
  async listKeys(input: ListInput = {}, options?: CallOptions): Promise<Key[]> {
    const until = untilOf(options);
    return collect(input.limit, async (page) => {
      const answer = await this.#transport.call(KeyServiceService.listKeys, page, until);
      return { items: answer.keys, next: answer.nextPageToken };
    });
  }

  /** The signature has been verified, under the key given or the key that the cluster shows. */
  async sign(input: SignInput, options?: CallOptions): Promise<SignResponse> {
    const { keyId, message, requestId = randomUUID() } = input;
    const until = untilOf(options);
    const trusted = await this.#trustedKey(input, until);
    const request = encode(SignRequest, {
      requestId,
      keyId,
      payload: { $case: 'message', value: message },
    });
    const answer = await this.#mutations.call(SigningServiceService.sign, request, until);
    if (!verifySignature(trusted, message, answer.signature))
      throw wrongAnswer(`a signature that does not verify under ${keyId}`);
    return { ...answer, publicKey: trusted.publicKey };
  }

  async getTask(taskId: string, options?: CallOptions): Promise<Task> {
    const { task } = await this.#transport.call(
      TaskServiceService.getTask,
      { taskId },
      untilOf(options),
    );
    if (task?.taskId !== taskId) throw wrongAnswer(`another task than ${taskId}`);
    return task;
  }

  /** In order of their ids, at most `limit`: all tasks to operators and auditors, to others their own. */
  async listTasks(
    input: ListInput & { readonly openOnly?: boolean | undefined } = {},
    options?: CallOptions,
  ): Promise<Task[]> {
    const { openOnly = false } = input;
    const until = untilOf(options);
    return collect(input.limit, async (page) => {
      const request = { ...page, openOnly };
      const answer = await this.#transport.call(TaskServiceService.listTasks, request, until);
      return { items: answer.tasks, next: answer.nextPageToken };
    });
  }

  async getCluster(options?: CallOptions): Promise<Cluster> {
    const { cluster } = await this.#transport.call(
      ClusterServiceService.getCluster,
      {},
      untilOf(options),
    );
    if (cluster === undefined) throw wrongAnswer('no cluster');
    return cluster;
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
    };
  }

  async #getKey(keyId: string, until: Until): Promise<JudgedKey> {
    const { key } = await this.#transport.call(KeyServiceService.getKey, { keyId }, until);
    if (key?.keyId !== keyId) throw wrongAnswer(`another key than ${keyId}`);
    return this.#judge(key);
  }

  #judge(key: Key, asked?: Uint8Array): JudgedKey {
    return { key, ...verifyKeyCertificate(key, this.#genesis, asked) };
  }

  async #trustedKey(input: SignInput, until: Until): Promise<TrustedKey> {
    const { keyId, publicKey, algorithm = Algorithm.FROST_ED25519_SHA512 } = input;
    if (publicKey !== undefined) return { algorithm, publicKey };
    const known = this.#trusted.get(keyId);
    if (known !== undefined) return known;

    const { key, verdict, because } = await this.#getKey(keyId, until);
    // A client with a cluster file has asked for proof; without one it takes the cluster's word for its keys.
    if (this.#genesis !== undefined && verdict === 'unverified')
      throw wrongAnswer(`a key ${keyId} that cannot be trusted: ${because}`);
    if (this.#trusted.size >= REMEMBERED_KEYS_MAX) this.#trusted.clear();
    this.#trusted.set(keyId, key);
    return key;
  }
}

/** @throws QuorateError when it is to sign, and there is nothing that says for which cluster. */
function signingOf(
  { signer = 'none', ...tls }: ConnectOptions,
  genesis: Genesis | undefined,
): Signing | undefined {
  if (signer === 'none') return undefined;
  if (genesis === undefined)
    throw new QuorateError(
      'invalid-request',
      'A signed request names its cluster: give the cluster file',
      {
        reason: 'CLUSTER_FILE_REQUIRED',
      },
    );
  return { clusterId: genesis.clusterId, signer: signer === 'tls' ? tlsSigner(tls) : signer };
}

/** A node said what no honest node says. Another one may do better, but a person should know. */
function wrongAnswer(what: string): QuorateError {
  return new QuorateError('protocol-abort', `The node answered with ${what}`, {
    reason: 'RESULT_INVALID',
  });
}

/** Turns pages until there are `limit` items or no more. */
async function collect<T>(
  limit: number = PAGE_ITEMS_MAX,
  turn: (page: {
    readonly pageSize: number;
    readonly pageToken: string;
  }) => Promise<{ readonly items: readonly T[]; readonly next: string }>,
): Promise<T[]> {
  const items: T[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(limit - items.length, PAGE_ITEMS_MAX);
    const page = await turn({ pageSize, pageToken });
    items.push(...page.items);
    pageToken = page.next;
  } while (pageToken !== '' && items.length < limit);
  return items;
}
