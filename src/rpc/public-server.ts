import type { ApiContext, Backend, NodeFacts } from '../api/index.js';
import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import type { Logger, Meter } from '../ports/index.js';
import {
  ClusterServiceService,
  KeyServiceService,
  SigningServiceService,
  TaskServiceService,
} from '../wire/services.js';
import type { FrontLimits } from './front/front.js';
import { Health } from './services/health.js';
import {
  CLIENT_MESSAGE_BYTES_MAX,
  CONCURRENT_STREAMS_MAX,
  CONNECTION_AGE_GRACE_MS,
  CONNECTION_AGE_MS_MAX,
  CONNECTION_IDLE_MS_MAX,
  CONNECTIONS_PER_ADDRESS_MAX,
  KEEPALIVE_INTERVAL_MS,
  KEEPALIVE_TIMEOUT_MS,
} from './limits.js';
import { Listener } from './listener.js';
import { Pace } from './pace.js';
import type { PaceLimits } from './pace.js';
import { Reflection } from './services/reflection.js';
import { http2Bounds, serverCredentials } from './tls.js';
import type { TlsFiles } from './tls.js';
import type { RevokedCertificates } from './revoked.js';
import { methodsOf } from './methods.js';
import { OpenStreams } from './open-streams.js';
import { CallTurns } from './call-turns.js';
import { rawService } from './unary.js';

export type PublicServerParts = {
  /** `host:port`; port 0 lets the kernel pick. */
  readonly listen: string;
  readonly tls: TlsFiles;
  readonly genesis: Genesis;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
  /** May come later, by `attach`. */
  readonly backend?: Backend;
  readonly softwareVersion?: string;
  readonly revoked?: RevokedCertificates | undefined;
  /** None by default, for tests. */
  readonly node?: NodeFacts;
  /** Other bounds than those of `limits.ts`, for tests. */
  readonly bounds?: PublicServerBounds;
};

export type PublicServerBounds = {
  readonly front?: Partial<FrontLimits>;
  readonly pace?: Partial<PaceLimits>;
  readonly arrivalMs?: Millis;
  readonly idleMs?: Millis;
  readonly slowReaderMs?: Millis;
};

/** The port for clients. */
export interface PublicServer {
  /** @returns The address in use. Calls are answered UNAVAILABLE until there is a backend. */
  listen(): Promise<string>;
  attach(backend: Backend): void;
  /** New connections are shown this certificate; those that are open go on, for an hour at most. */
  renew(tls: TlsFiles): void;
  /** Tells load balancers and watchers to go elsewhere; calls are still answered. */
  drain(): void;
  /** As the health service says it: a leader is known, an entry of its term is applied here, the disk has room, and nothing drains. */
  isServing(): boolean;
  /** Connections that are open now. */
  connectionCount(): number;
  /** Lets calls in flight end within `graceMs`, then cuts them. */
  stop(graceMs?: Millis): Promise<void>;
}

/** Makes the port for clients. It does not listen yet. */
export function createPublicServer(parts: PublicServerParts): PublicServer {
  let attached = parts.backend;
  let draining = false;
  const context: ApiContext = {
    backend: () => attached ?? starting(),
    genesis: parts.genesis,
    softwareVersion: parts.softwareVersion ?? '',
    node: parts.node ?? NO_FACTS,
  };
  const credentials = serverCredentials(parts.tls, http2Bounds(CONCURRENT_STREAMS_MAX));
  parts.revoked?.onMore(() => credentials.forgetSessions());
  const listener = new Listener({
    listen: parts.listen,
    credentials,
    revoked: parts.revoked,
    options: {
      'grpc.max_receive_message_length': CLIENT_MESSAGE_BYTES_MAX,
      'grpc.max_connection_idle_ms': parts.bounds?.idleMs ?? CONNECTION_IDLE_MS_MAX,
      'grpc.max_connection_age_ms': CONNECTION_AGE_MS_MAX,
      'grpc.max_connection_age_grace_ms': CONNECTION_AGE_GRACE_MS,
      'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    },
    front: {
      connectionsPerAddressMax: CONNECTIONS_PER_ADDRESS_MAX,
      floods: 'cut',
      ...parts.bounds?.front,
    },
    pace: new Pace(parts.bounds?.pace),
    arrivalMs: parts.bounds?.arrivalMs,
    logger: parts.logger,
  });
  const streams = new OpenStreams();
  const carrier = {
    context,
    logger: parts.logger,
    meter: parts.meter,
    turns: new CallTurns(),
    streams,
    slowReaderMs: parts.bounds?.slowReaderMs,
  };
  for (const service of Object.values(SERVICES))
    listener.addService(rawService(service), methodsOf(service, carrier));
  const isServing = (): boolean => {
    const status = attached?.status();
    if (draining || status?.leader === undefined) return false;
    return status.caughtUp && status.room === 'enough' && status.audit?.isBehind !== true;
  };
  const health = new Health(Object.keys(SERVICES), isServing);
  health.addTo(listener);
  new Reflection().addTo(listener);

  return {
    listen: () => listener.listen(),
    attach: (backend) => {
      attached = backend;
      health.refresh();
    },
    renew: (tls) => credentials.renew(tls),
    drain: () => {
      draining = true;
      health.refresh();
      streams.stop();
    },
    isServing,
    connectionCount: () => listener.connectionCount,
    stop: async (graceMs) => {
      draining = true;
      health.refresh();
      health.stop();
      streams.stop();
      await listener.stop(graceMs);
    },
  };
}

const SERVICES = {
  'quorate.v1.KeyService': KeyServiceService,
  'quorate.v1.SigningService': SigningServiceService,
  'quorate.v1.TaskService': TaskServiceService,
  'quorate.v1.ClusterService': ClusterServiceService,
};

const NO_FACTS: NodeFacts = {
  nowMs: () => Date.now(),
  addressOf: () => undefined,
  certificateEndMs: () => undefined,
  certifiedBy: () => undefined,
  curveBackends: {},
};

function starting(): never {
  throw new ClusterError('no-quorum', 'The node is starting', { reason: 'NODE_STARTING' });
}
