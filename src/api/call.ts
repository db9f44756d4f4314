import type { Millis, NodeId } from '../common/index.js';
import type { Genesis, Identity, RevocationName } from '../identity/index.js';
import type { Backend } from './backend.js';
import type { Measure } from './measure.js';

/** The context that the operations share. */
export type ApiContext = {
  /** @throws ClusterError `no-quorum` while the node starts. */
  backend(): Backend;
  readonly genesis: Genesis;
  readonly softwareVersion: string;
  readonly node: NodeFacts;
};

/** The knowledge of a node about itself and its peers beside the replicated state. */
export type NodeFacts = {
  /** This machine's clock. */
  nowMs(): Millis;
  /** Where this node dials a member, `host:port`; of itself, where it listens, unless that is no address to dial. */
  addressOf(member: NodeId): string | undefined;
  /** The end of a member's certificate, if this node has seen it. */
  certificateEndMs(member: NodeId): Millis | undefined;
  /** The member that shows certificates which are revoked under this name, or was issued by them, as far as this node has seen. */
  certifiedBy(name: RevocationName): NodeId | undefined;
  /** The libraries that this node computes curves with, by curve. */
  readonly curveBackends: Readonly<Record<string, string>>;
};

/** One call of an operation, over any transport. */
export type Call = {
  /** The operation's name, for example /quorate.v1.SigningService/Sign. */
  readonly method: string;
  /** The request as received: what is hashed and logged, and has exactly one spelling. */
  readonly bytes: Uint8Array;
  /** The caller by its TLS certificate. */
  readonly caller: Identity;
  readonly metadata: CallMetadata;
  readonly time: CallTime;
  /** Of what the operation does after it has waited; its first step and its answer are measured without it. */
  readonly measure: Measure;
};

/** The metadata that the client sent beside the request. */
export interface CallMetadata {
  /** All values of a key: texts, and bytes for a key that ends in -bin. */
  get(key: string): readonly (string | Uint8Array)[];
}

/** The time that a call has. */
export interface CallTime {
  readonly totalMs: Millis;
  /** Aborted, with a ClusterError as reason, at the deadline, when the client cancels, and after the answer. */
  readonly signal: AbortSignal;
  remainingMs(): Millis;
  /** Runs `run` once, `delayMs` from now, unless the call has ended by then. */
  after(delayMs: Millis, run: () => void): void;
}
