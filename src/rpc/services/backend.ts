import type { Boot, LogIndex, Millis, NodeId, SessionId, Term } from '../../common/index.js';
import type { Queries } from '../../state/index.js';
import type { Authorization, TaskRecord } from '../../wire/index.js';
import type { Channel } from '../../ports/index.js';

/** What the public services need of a node. The replica is one. */
export interface Backend {
  /**
   * Has a request done. Resolves with its task, done or failed, as applied here; a generated key's certificate is
   * complete then.
   *
   * @throws ClusterError for refusals, without a quorum, and for the signal's end.
   */
  submit(call: Submission): Promise<TaskRecord>;
  /** The state as of now or later: after a ReadIndex. */
  read(signal: AbortSignal): Promise<Queries>;
  /** Who is proved to have lied in a task: judged here, each. */
  culprits(task: TaskRecord): readonly ProvenCulprit[];
  /** What this node has applied, however old. */
  local(): Queries;
  status(): BackendStatus;
}

export type ProvenCulprit = {
  readonly culprit: {
    readonly nodeId: string;
    readonly reason: string;
    readonly sessionId: SessionId;
  };
  /** An encoded `Evidence`. */
  readonly evidence: Uint8Array;
};

export type Submission = {
  /** Full name, for example /quorate.v1.SigningService/Sign. */
  readonly method: string;
  /** As received. */
  readonly request: Uint8Array;
  /** SPIFFE id of the TLS certificate. */
  readonly requester: string;
  readonly expiresInMs: Millis;
  /** The requester's own signature; it alone says then who asks and until when. */
  readonly authorization: Authorization | undefined;
  readonly signal: AbortSignal;
};

export type BackendStatus = {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly leader: NodeId | undefined;
  readonly term: Term;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly caughtUp: boolean;
  readonly connected: readonly NodeId[];
  /** The state machine's clock. */
  readonly timeMs: Millis;
};

/** What the peer streams need of a node. The replica is one. */
export interface PeerListener {
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void;
  /** Messages can flow to `peer`, whose process is the one called `boot`. The newest boot counts. */
  connected(peer: NodeId, boot: Boot): void;
  disconnected(peer: NodeId): void;
}
