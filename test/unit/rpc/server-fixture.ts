import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Backend, ListCaller, NodeStatus } from '../../../src/api/index.js';
import { bootId, ClusterError, nodeId, utf8 } from '../../../src/common/index.js';
import type { Boot, NodeId } from '../../../src/common/index.js';
import {
  BUILD_LEVEL,
  DEFAULT_LIMITS,
  encodeGenesis,
  parseGenesis,
} from '../../../src/identity/index.js';
import type { Genesis, Role } from '../../../src/identity/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { Logger } from '../../../src/ports/index.js';
import type { Led, QuorumStatus } from '../../../src/raft/index.js';
import { createPublicServer } from '../../../src/rpc/index.js';
import type { PublicServerBounds } from '../../../src/rpc/public-server.js';
import { keyWith } from '../../support/builders/active-key.js';
import { NO_MONITOR } from '../../support/builders/monitor-status.js';
import { toTheEnd } from '../../support/builders/sliced.js';
import type { Self, TlsFiles } from '../../../src/rpc/index.js';
import { ListIndex, Overlay, recordOfKey } from '../../../src/state/index.js';
import type {
  ActiveKey,
  KeyFilter,
  Listed,
  ListPage,
  Queries,
  Revoked,
  TaskFilter,
} from '../../../src/state/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';
import type {
  ProvenCulprit,
  SessionFailureCount,
  Submission,
  LeadershipOrder,
  UnlockOrder,
} from '../../../src/tasks/index.js';
import {
  BadRequest,
  decode,
  encode,
  ErrorInfo,
  GeneratedKeyResult,
  KeyRecord,
  RetryInfo,
  Status,
  SignatureResult,
  TaskRecord,
  Totals,
} from '../../../src/wire/index.js';

export const NODES = ['node-1', 'node-2', 'node-3'] as const;
/** Long enough for a slow machine, short enough to fail a test by name. */
export const SOON_MS = 4_000;

/** One authority for everybody, as in a development cluster, and one that nobody trusts. */
export type Authorities = { readonly ours: Credential; readonly foreign: Credential };

export async function authorities(): Promise<Authorities> {
  return { ours: await createAuthority('ours', 1), foreign: await createAuthority('foreign', 1) };
}

export async function tlsFor(
  { ours }: Pick<Authorities, 'ours'>,
  role: Role,
  name: string,
  issuer: Credential = ours,
): Promise<TlsFiles> {
  const request = { role, name, dns: ['localhost'], ips: ['127.0.0.1'], days: 1 };
  const { certificate, privateKey } = await issueCertificate(issuer, request);
  return { ca: ours.certificate, cert: certificate, key: privateKey };
}

export function genesisFor(
  { ours }: Pick<Authorities, 'ours'>,
  changes: { readonly unsigned?: boolean; readonly keys?: readonly Uint8Array[] } = {},
): Genesis {
  return parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: 1_700_000_000_000,
      members: NODES.map((name, at) => ({
        nodeId: nodeId(name),
        role: 'tee',
        identityKey:
          changes.keys?.[at] ?? new Uint8Array(createHash('sha256').update(name).digest()),
      })),
      peerCa: ours.certificate,
      requesterCa: ours.certificate,
      unsigned: changes.unsigned ?? true,
      limits: DEFAULT_LIMITS,
    }),
  );
}

/** What a node says of itself in its hellos. Its word on its build is not signed: streams carry it and judge nothing. */
export function selfOf(node: NodeId, boot: number): Self {
  const build = { nodeId: node, incarnation: 1, level: BUILD_LEVEL, signature: new Uint8Array(64) };
  return { nodeId: node, boot: bootOfNumber(boot), incarnation: 1, build };
}

export const bootOfNumber = (number: number): Boot => bootId(number.toString(16).padStart(32, '0'));

/** A logger that keeps what it is told. */
export class MemoryLogger implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields?: object }[] =
    [];
  debug = this.#keep('debug');
  info = this.#keep('info');
  warn = this.#keep('warn');
  error = this.#keep('error');
  alarm = this.#keep('alarm');

  #keep(level: string) {
    return (message: string, fields: object = {}): void => {
      this.lines.push({ level, message, fields });
    };
  }
}

/** A backend that answers from maps, counts what it is asked, and does with submissions what a test says. */
export class FakeBackend implements Backend {
  readonly keys = new Map<string, ActiveKey>();
  readonly tasks = new Map<string, TaskRecord>();
  readonly proven = new Map<string, readonly ProvenCulprit[]>();
  readonly submissions: Submission[] = [];
  readCount = 0;
  readonly #genesis: Genesis;
  takesUnsigned: boolean;
  revoked: readonly Revoked[] = [];
  state: NodeStatus;
  onSubmit: (submission: Submission) => Promise<TaskRecord> = () =>
    Promise.reject(new ClusterError('no-quorum', 'Nobody leads'));
  onRead: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  constructor(genesis: Genesis) {
    this.#genesis = genesis;
    this.takesUnsigned = genesis.unsigned;
    this.state = {
      clusterId: genesis.clusterId,
      nodeId: nodeId('node-1'),
      leader: nodeId('node-2'),
      term: 7,
      commit: 41,
      applied: 40,
      caughtUp: true,
      connected: [nodeId('node-2')],
      level: 1,
      primeStocks: [],
      presignatures: { pools: [], held: 0 },
      monitor: NO_MONITOR,
      openSecrets: { open: 0, bytes: 0, hits: 0, misses: 0 },
      builds: new Map([[nodeId('node-2'), selfOf(nodeId('node-2'), 2).build]]),
      timeCorrections: 0,
      room: 'enough',
      part: 'takes',
      freeBytes: undefined,
      log: { front: 0, last: 8, bytes: 4096, memoryBytes: 4096, checkpoint: undefined },
      standing: 'undisputed',
      forks: [],
      timeMs: 1_700_000_000_500,
    };
  }

  get entered(): number {
    return this.submissions.length + this.readCount;
  }

  failures: SessionFailureCount[] = [];
  readonly unlocked: UnlockOrder[] = [];
  readonly handedOver: LeadershipOrder[] = [];
  onTransfer: (order: LeadershipOrder) => Promise<Led> = () =>
    Promise.resolve({ leader: nodeId('node-2'), term: 4 });

  signingFailures(): readonly SessionFailureCount[] {
    return this.failures;
  }

  unlockSigning(order: UnlockOrder): Promise<number | undefined> {
    this.unlocked.push(order);
    return Promise.resolve(this.failures[0]?.count);
  }

  transferLeadership(order: LeadershipOrder): Promise<Led> {
    this.handedOver.push(order);
    return this.onTransfer(order);
  }

  submit(submission: Submission): Promise<TaskRecord> {
    this.submissions.push(submission);
    return this.onSubmit(submission);
  }

  async read(signal: AbortSignal): Promise<Queries> {
    this.readCount += 1;
    await this.onRead(signal);
    return this.local();
  }

  async listTasks(
    filter: TaskFilter,
    page: ListPage,
    { signal }: ListCaller,
  ): Promise<Listed<TaskRecord>> {
    await this.read(signal);
    return toTheEnd(this.#index().tasks(filter, page));
  }

  async listKeys(
    filter: KeyFilter,
    page: ListPage,
    { signal }: ListCaller,
  ): Promise<Listed<ActiveKey>> {
    await this.read(signal);
    return toTheEnd(this.#index().keys(filter, page));
  }

  /** The real index, over the records as a node stores them. */
  #index(): ListIndex {
    const overlay = new Overlay(memoryConsensusStore());
    overlay.put(
      [...this.keys].map(([id, key]) => [`key/${id}`, encode(KeyRecord, recordOfKey(key))]),
    );
    overlay.put([...this.tasks].map(([id, task]) => [`task/${id}`, encode(TaskRecord, task)]));
    const index = new ListIndex(overlay);
    toTheEnd(index.build());
    return index;
  }

  async culprits(task: TaskRecord): Promise<readonly ProvenCulprit[]> {
    return this.proven.get(task.taskId) ?? [];
  }

  local(): Queries {
    return {
      correctionMs: () => 0,
      totals: () => Totals.fromPartial({ timeMs: 1_700_000_000_500n, keyCount: 3n }),
      key: (id) => this.keys.get(id),
      signersOf: ({ participants }) => participants.map((each) => each.nodeId),
      keysAfter: (_, limit) => [...this.keys.values()].slice(0, limit),
      task: (id) => this.tasks.get(id),
      tasks: () => [...this.tasks.values()],
      members: () => this.#genesis.members,
      takesUnsigned: () => this.takesUnsigned,
      isRevoked: () => false,
      revocationCount: () => this.revoked.length,
      revocations: () => this.revoked,
      installing: () => [],
    };
  }

  status(): NodeStatus {
    return this.state;
  }

  quorum(): QuorumStatus {
    return {
      present: this.state.leader !== undefined,
      heard: 2,
      needed: 2,
      peers: new Map([[nodeId('node-2'), { heardAgoMs: 40, match: 41 }]]),
    };
  }
}

/** What a client saw of one call. */
export type Seen = {
  readonly code: status;
  readonly message: string;
  readonly response: Uint8Array | undefined;
  readonly reason: string | undefined;
  readonly facts: Readonly<Record<string, string>>;
  readonly field: string | undefined;
  readonly retryMs: number | undefined;
  readonly trailers: Metadata;
};

/** A plain gRPC client that sends bytes as they are. */
export class Caller {
  readonly client: Client;

  constructor(address: string, channel: ChannelCredentials) {
    this.client = new Client(address, channel, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.ssl_target_name_override': 'localhost',
    });
  }

  call(
    path: string,
    request: Uint8Array,
    options: { readonly metadata?: Metadata; readonly timeoutMs?: number } = {},
  ): Promise<Seen> {
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => new Uint8Array(bytes),
        request,
        options.metadata ?? new Metadata(),
        { deadline: Date.now() + (options.timeoutMs ?? SOON_MS) },
        (error, response) => resolve(seen(error, response)),
      );
    });
  }

  close(): void {
    this.client.close();
  }
}

export function seen(error: ServiceError | null, response?: Uint8Array): Seen {
  const trailers = error?.metadata ?? new Metadata();
  const [bytes] = trailers.get('grpc-status-details-bin');
  const details = bytes === undefined ? undefined : decode(Status, new Uint8Array(bytes as Buffer));
  const read = <T>(name: string, type: Parameters<typeof decode<T>>[0]): T | undefined => {
    const any = details?.details.find(({ typeUrl }) => typeUrl.endsWith(`.${name}`));
    return any && decode(type, any.value);
  };
  const info = read<ErrorInfo>('ErrorInfo', ErrorInfo);
  const delay = read<RetryInfo>('RetryInfo', RetryInfo)?.retryDelay;
  return {
    code: error?.code ?? status.OK,
    message: error?.details ?? '',
    response,
    reason: info?.reason,
    facts: Object.fromEntries(info?.metadata ?? []),
    field: read<BadRequest>('BadRequest', BadRequest)?.fieldViolations[0]?.field,
    retryMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6,
    trailers,
  };
}

export function channelFor(
  tls: TlsFiles,
  limits: { readonly minVersion?: 'TLSv1.2'; readonly maxVersion?: 'TLSv1.2' } = {},
): ChannelCredentials {
  return credentials.createFromSecureContext(createSecureContext({ ...tls, ...limits }), {
    checkServerIdentity: () => undefined,
  });
}

/** A public server on loopback with a fake backend, and clients of any role. */
export class Fixture {
  readonly authorities: Authorities;
  readonly genesis: Genesis;
  readonly backend: FakeBackend;
  readonly logger = new MemoryLogger();
  readonly server: ReturnType<typeof createPublicServer>;
  readonly address: string;
  readonly #callers = new Map<string, Caller>();

  private constructor(parts: {
    authorities: Authorities;
    genesis: Genesis;
    backend: FakeBackend;
    server: ReturnType<typeof createPublicServer>;
    address: string;
    logger: MemoryLogger;
  }) {
    this.authorities = parts.authorities;
    this.genesis = parts.genesis;
    this.backend = parts.backend;
    this.server = parts.server;
    this.address = parts.address;
    this.logger = parts.logger;
  }

  static async open(
    options: {
      readonly unsigned?: boolean;
      readonly attached?: boolean;
      readonly bounds?: PublicServerBounds;
    } = {},
  ): Promise<Fixture> {
    const both = await authorities();
    const genesis = genesisFor(both, options);
    const backend = new FakeBackend(genesis);
    const logger = new MemoryLogger();
    const server = createPublicServer({
      listen: '127.0.0.1:0',
      tls: await tlsFor(both, 'tee', 'node-1'),
      genesis,
      logger,
      softwareVersion: '0.1.0',
      ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
      ...(options.attached === false ? {} : { backend }),
    });
    const address = await server.listen();
    return new Fixture({ authorities: both, genesis, backend, server, address, logger });
  }

  async as(role: Role, name: string = role): Promise<Caller> {
    const id = `${role}/${name}`;
    const known = this.#callers.get(id);
    if (known !== undefined) return known;
    const caller = new Caller(this.address, channelFor(await tlsFor(this.authorities, role, name)));
    this.#callers.set(id, caller);
    return caller;
  }

  async close(): Promise<void> {
    for (const caller of this.#callers.values()) caller.close();
    await this.server.stop(0);
  }
}

/** Resolves when `claim` holds; fails by the clock. Polls: what it waits for has no event of its own. */
export async function until(claim: () => boolean, ms = SOON_MS): Promise<void> {
  const end = Date.now() + ms;
  while (!claim()) {
    if (Date.now() > end) throw new Error('what the test waits for did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function keyRecord(keyId: string, changes: Partial<ActiveKey> = {}): ActiveKey {
  return keyWith({
    keyId,
    algorithm: 1,
    threshold: 2,
    version: 1,
    participants: NODES.map((name) => ({ nodeId: name, identityKey: utf8(name) })),
    publicKey: new Uint8Array(32).fill(7),
    createTimeMs: 1_700_000_000_123n,
    owner: 'spiffe://quorate/app/app',
    ...changes,
  });
}

/** Of a sign task that is done. */
export function signatureResult(value: SignatureResult): Pick<TaskRecord, 'kind' | 'outcome'> {
  return { kind: 'sign', outcome: { $case: 'result', value: encode(SignatureResult, value) } };
}

/** Of a generate-key task that is done. */
export function generatedKeyResult(
  value: GeneratedKeyResult,
): Pick<TaskRecord, 'kind' | 'outcome'> {
  const bytes = encode(GeneratedKeyResult, value);
  return { kind: 'generate-key', outcome: { $case: 'result', value: bytes } };
}

export function taskRecord(taskId: string, changes: Partial<TaskRecord> = {}): TaskRecord {
  return {
    ...TaskRecord.fromPartial({
      taskId,
      kind: 'sign',
      keyId: 'demo',
      requestId: 'request-1',
      requester: 'spiffe://quorate/app/app',
      createTimeMs: 1_700_000_000_000n,
      expireTimeMs: 1_700_000_030_000n,
    }),
    ...changes,
  };
}
