import { createHash } from 'node:crypto';
import { concat, equal, nodeId, utf8 } from '../../../src/common/index.js';
import type { KeyId, NodeId, TaskId } from '../../../src/common/index.js';
import {
  algorithmOf,
  ALGORITHMS,
  BUILD_LEVEL,
  encodeGenesis,
  installedBytes,
  parseGenesis,
  readyBytes,
  requestHash,
  voucherBytes,
} from '../../../src/identity/index.js';
import type { Genesis, KeyAlgorithm } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import type { ConsensusStore, Entry, EntryKind, Verify } from '../../../src/ports/index.js';
import { entryHash } from '../../../src/raft/index.js';
import {
  apply,
  auxiliaryOf,
  generateKeyOf,
  judgingContext,
  METHODS,
  Overlay,
  participantsOf,
  queries,
  setAsked,
  TASK_KINDS,
  encodeCommand,
} from '../../../src/state/index.js';
import type {
  Applied,
  AppliedDecision,
  JudgingContext,
  KindTable,
  Queries,
} from '../../../src/state/index.js';
import { batchOf } from '../../../src/tasks/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';
import {
  Algorithm,
  Command,
  encode,
  GenerateKeyRequest,
  Hash,
  SignRequest,
} from '../../../src/wire/index.js';
import type {
  Attempt,
  Installed,
  Ready,
  Request,
  Sharing,
  Supply,
  TaskRecord,
} from '../../../src/wire/index.js';

export const OPERATOR = 'spiffe://quorate/operator/alice';
export const APP = 'spiffe://quorate/app/payments';
export const NODES: readonly NodeId[] = ['node-1', 'node-2', 'node-3'].map(nodeId);
export const GENESIS_MS = 1_700_000_000_000;
const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** A signature that only tests take for one: a hash over key and bytes. */
export function sealOf(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const half = createHash('sha256').update(concat(key, bytes)).digest();
  return new Uint8Array(concat(half, half));
}

export const verify: Verify = {
  identity: (key, bytes, signature) => equal(sealOf(key, bytes), signature),
  certified: (...asked) => nodeVerify.certified(...asked),
};

export const identityKeyOf = (node: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(node).digest());

export function testGenesis(
  more: {
    /** The feature level at which the cluster begins. */
    readonly level?: number;
    readonly unsigned?: boolean;
    readonly operatorsSign?: boolean;
    readonly openSignTasksMax?: number;
    readonly keysMax?: number;
    readonly requestIdsMax?: number;
    /** PEM. */
    readonly requesterCa?: string;
    readonly nodes?: readonly NodeId[];
  } = {},
): Genesis {
  return parseGenesis(
    encodeGenesis({
      level: more.level ?? BUILD_LEVEL,
      createdMs: GENESIS_MS,
      members: (more.nodes ?? NODES).map((each) => ({
        nodeId: each,
        role: 'tee',
        identityKey: identityKeyOf(each),
      })),
      peerCa: CA,
      requesterCa: more.requesterCa ?? CA,
      unsigned: more.unsigned ?? true,
      operatorsSign: more.operatorsSign ?? false,
      limits: {
        openGenerateTasksMax: 4,
        openSignTasksMax: more.openSignTasksMax ?? 8,
        requestIdsMax: more.requestIdsMax ?? 1000,
        keysMax: more.keysMax ?? 100,
      },
    }),
  );
}

function checked(key: Uint8Array): Uint8Array {
  if (key.length > 511) throw new RangeError(`a key of ${key.length} bytes`);
  return key;
}

/** As strict as the strictest of stores: some bear no key above 511 bytes. */
export function strictStore(): Pick<ConsensusStore, 'get' | 'scan'> {
  const store = memoryConsensusStore();
  return {
    get: (key) => store.get(checked(key)),
    scan: (prefix, from) => store.scan(checked(prefix), from && checked(from)),
  };
}

/** A `ready` whose sharing is there. */
export type SaidReady = Ready & { readonly sharing: Sharing };

/** One applied entry, and its events by what tests look at. */
export type AppliedEntry = Applied & {
  readonly entry: Entry;
  readonly decision: AppliedDecision | undefined;
  /** Commitments that the entry names. */
  readonly named: readonly Supply[];
  /** Tasks that opened, changed or closed. */
  readonly changedTasks: readonly TaskId[];
  readonly changedKeys: readonly KeyId[];
  /** Why the entry is void, if it is. */
  readonly alarm: string | undefined;
};

/** A log and the state it makes, without Raft: tests append entries and look at what they did. */
export class Ledger {
  readonly rules: JudgingContext;
  readonly state: Overlay;
  readonly ask: Queries;
  timeMs = GENESIS_MS;
  readonly entries: Entry[] = [];
  #hash: Uint8Array = new Uint8Array(32);

  /** @param kinds - The kinds of task whose requests count: those of this build, unless a test adds one. */
  constructor(genesis = testGenesis(), kinds: KindTable = TASK_KINDS) {
    this.rules = judgingContext(genesis, verify, kinds);
    this.state = new Overlay(strictStore());
    this.ask = queries(this.state, genesis);
    this.append('genesis', genesis.bytes);
  }

  append(kind: EntryKind, payload: Uint8Array): AppliedEntry {
    const fields = { index: this.entries.length + 1, term: 1, kind, timeMs: this.timeMs, payload };
    const entry: Entry = { ...fields, hash: entryHash(this.#hash, fields) };
    this.#hash = entry.hash;
    this.entries.push(entry);
    const applied = apply(this.state, entry, this.rules);
    this.state.put(applied.writes);
    const { tasks, keys, named, decisions } = batchOf(applied.events);
    const voided = applied.events.find((event) => event.type === 'void-entry');
    return {
      ...applied,
      entry,
      decision: decisions[0],
      named,
      changedTasks: [...tasks],
      changedKeys: [...keys],
      alarm: voided?.why,
    };
  }

  /** @param level - What the entry names; the level that the command came with unless given. */
  command(command: NonNullable<Command['command']>, level?: number): AppliedEntry {
    return this.append('command', encodeCommand(command, level));
  }

  /** A request as an entry node vouches for it. */
  request(
    method: string,
    request: Uint8Array,
    more: Partial<{
      requester: string;
      node: string;
      expireTimeMs: number;
      firstAttempt: Attempt;
    }> = {},
  ): Request {
    const node = more.node ?? 'node-1';
    const spiffeId = more.requester ?? OPERATOR;
    const expireTimeMs = more.expireTimeMs ?? this.timeMs + 60_000;
    const bytes = voucherBytes(
      this.rules.genesis.clusterId,
      method,
      spiffeId,
      expireTimeMs,
      request,
    );
    const signature = sealOf(identityKeyOf(node), bytes);
    return {
      method,
      request,
      authorization: {
        by: {
          $case: 'voucher',
          value: { nodeId: node, spiffeId, expireTimeMs: BigInt(expireTimeMs), signature },
        },
      },
      firstAttempt: more.firstAttempt && {
        ...more.firstAttempt,
        requestHash: requestHash(method, request),
      },
    };
  }

  generate(
    keyId: string,
    more: Partial<GenerateKeyRequest> & { readonly requester?: string } = {},
  ): AppliedEntry {
    const { requester, ...fields } = more;
    const request = generateRequest(keyId, fields);
    const value = this.request(
      METHODS.generateKey,
      request,
      requester === undefined ? {} : { requester },
    );
    const { algorithm = Algorithm.FROST_ED25519_SHA512, gg20Profile = 0 } = fields;
    const ofKey = ALGORITHMS[algorithm as KeyAlgorithm]?.level ?? 1;
    const level = Math.max(ofKey, gg20Profile && 3, fields.reshareInterval === undefined ? 1 : 3);
    return this.command({ $case: 'request', value }, level);
  }

  /** Opens the next attempt of a generate-key among all its participants. */
  attempt(task: TaskRecord): AppliedEntry {
    const nodes = participantsOf(task, this.ask.members()).map(({ nodeId: node }) => ({
      nodeId: node,
      boot: bootOf(node),
    }));
    const number = task.attempts.length + 1;
    const asked = generateKeyOf(task);
    const set = asked && setAsked(this.state, asked, this.rules);
    return this.command({
      $case: 'attempt',
      value: {
        taskId: task.taskId,
        number,
        version: 1,
        sharingSession: new Uint8Array(0),
        requestHash: task.requestHash,
        assignment: { $case: 'boots', value: { nodes } },
        auxiliary: set && auxiliaryOf(this.state, set),
        dealers: [],
      },
    });
  }

  /** What an honest participant says of the newest attempt; in `more`, what it says otherwise. */
  ready(
    task: TaskRecord,
    node: string,
    more: Partial<Sharing> & { readonly signature?: Uint8Array } = {},
  ): SaidReady {
    const { signature, ...lies } = more;
    const algorithm = generateKeyOf(task)?.algorithm ?? Algorithm.FROST_ED25519_SHA512;
    const { pointBytes, publicKeyBytes } = ALGORITHMS[algorithm];
    const sharing: Sharing = {
      sessionId: task.attempts.at(-1)?.sessionId ?? new Uint8Array(32),
      requestHash: task.requestHash,
      keyId: task.keyId,
      algorithm,
      threshold: 2,
      participants: [...participantsOf(task, this.ask.members())],
      baseVersion: 0,
      version: 1,
      publicPolynomial: [fill(1, pointBytes), fill(2, pointBytes)],
      publicKey: fill(1, publicKeyBytes),
      chainCode: fill(3),
      digest: fill(4),
      ...lies,
    };
    const bytes = readyBytes(this.rules.genesis.clusterId, sharing);
    return { nodeId: node, sharing, signature: signature ?? sealOf(identityKeyOf(node), bytes) };
  }

  installed(keyId: string, node: string, more: Partial<Installed> = {}): Installed {
    const key = this.ask.key(keyId);
    const unsigned: Installed = {
      nodeId: node,
      sessionId: key?.sessionId ?? new Uint8Array(32),
      keyId,
      version: 1,
      digest: key?.digest ?? new Uint8Array(32),
      signature: new Uint8Array(0),
      ...more,
    };
    const bytes = installedBytes(this.rules.genesis.clusterId, unsigned);
    return { ...unsigned, signature: more.signature ?? sealOf(identityKeyOf(node), bytes) };
  }

  /** A key that is active, its certificate complete. */
  activeKey(
    keyId: string,
    more: Partial<GenerateKeyRequest> & { readonly requester?: string } = {},
  ): void {
    const [id = ''] = this.generate(keyId, more).changedTasks;
    this.attempt(this.task(id));
    for (const node of NODES)
      this.command({ $case: 'ready', value: this.ready(this.task(id), node) });
    for (const node of NODES)
      this.command({ $case: 'installed', value: this.installed(keyId, node) });
  }

  task(id: string): TaskRecord {
    const task = this.ask.task(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    return task;
  }

  sign(
    keyId: string,
    requestId: string,
    more: Partial<{
      requester: string;
      firstAttempt: Attempt;
      message: Uint8Array;
      path: readonly number[];
      expireTimeMs: number;
      node: string;
    }> = {},
  ): AppliedEntry {
    const { message = utf8('hello'), path = [], ...rest } = more;
    const key = this.ask.key(keyId);
    const hashes = key !== undefined && ALGORITHMS[algorithmOf(key)].signs === 'digest';
    const hash = hashes ? Hash.SHA256 : Hash.UNSPECIFIED;
    const bytes = signRequest(keyId, requestId, message, path, hash);
    const value = this.request(METHODS.sign, bytes, rest);
    return this.command({ $case: 'request', value }, hashes ? 3 : 1);
  }

  signAttempt(keyId: string, taskId: string, number: number, more: Partial<Attempt> = {}): Attempt {
    const key = this.ask.key(keyId);
    return {
      taskId,
      number,
      version: 1,
      sharingSession: key?.sessionId ?? new Uint8Array(32),
      requestHash: this.ask.task(taskId)?.requestHash ?? new Uint8Array(32),
      assignment: {
        $case: 'supplies',
        value: { supplies: [supply('node-1', number), supply('node-2', number)] },
      },
      auxiliary: undefined,
      dealers: [],
      ...more,
    };
  }
}

export const fill = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);
export const bootOf = (node: string): Uint8Array => identityKeyOf(`${node} boot`).slice(0, 16);

export function supply(node: string, counter: number, more: Partial<Supply> = {}): Supply {
  return {
    nodeId: node,
    boot: bootOf(node),
    counter: BigInt(counter),
    parts: [fill(5), fill(6)],
    ...more,
  };
}

/** A supply with another part in the place of one: FROST's D at 0, E at 1. */
export function withPart(given: Supply, at: 0 | 1, part: Uint8Array): Supply {
  return { ...given, parts: given.parts.with(at, part) };
}

/** D (0) or E (1) of a supply. */
export function partOf({ parts }: Supply, at: 0 | 1): Uint8Array {
  const part = parts[at];
  if (part === undefined) throw new Error('a supply of FROST has two parts');
  return part;
}

export function generateRequest(keyId: string, more: Partial<GenerateKeyRequest> = {}): Uint8Array {
  return encode(GenerateKeyRequest, {
    requestId: `generate-${keyId}`,
    keyId,
    algorithm: Algorithm.FROST_ED25519_SHA512,
    threshold: 2,
    participants: [],
    labels: [],
    allowNoRedundancy: false,
    allowedSigners: [],
    gg20Profile: 0,
    reshareInterval: undefined,
    ...more,
  });
}

export function signRequest(
  keyId: string,
  requestId: string,
  message: Uint8Array,
  path: readonly number[] = [],
  hash: Hash = Hash.UNSPECIFIED,
): Uint8Array {
  return encode(SignRequest, {
    requestId,
    keyId,
    payload: { $case: 'message', value: message },
    derivationPath: [...path],
    hash,
  });
}
