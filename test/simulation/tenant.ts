import type { ClusterId, NodeId } from '../../src/common/index.js';
import type { Schemes, Verifiers } from '../../src/algorithms/index.js';
import type { Gg20Tables } from '../../src/gg20/index.js';
import type { ReplicaConfig } from '../../src/node/replica.js';
import type { Genesis } from '../../src/identity/index.js';
import type { Compute, Primes, Signer } from '../../src/ports/index.js';
import type { Request } from '../../src/wire/index.js';
import type { ReadShare } from './checkers/session-shares.js';
import type { FurtherRequests } from './clients.js';
import type { LiesOfLives } from './malicious/life-lies.js';
import type { LifePorts } from './process.js';
import type { KeyRequests } from './requests.js';

/** What nodes compute with, by the names of algorithms and parameter sets. */
export type Tables = {
  readonly schemes: Schemes;
  readonly verifiers: Verifiers;
  readonly gg20: Gg20Tables;
};

/**
 * What a test adds to whole nodes: kinds of task, requests of their clients, other tables to compute with. Whatever it leaves out is
 * as for nodes without it. The malicious node lies in what the tenant makes it lie in, and in nothing else, unless it is to lie in all.
 */
export type Tenant = {
  /** The kinds of task that a node knows. */
  kinds?(node: NodeId): NonNullable<ReplicaConfig['kinds']>;
  /** The tables that replace the usual ones: those of a node, or of a checker. */
  tables?(usual: Tables, node?: NodeId): Tables;
  /** The doors of one life of a node, instead of these. */
  doors?(self: Signer, ports: LifePorts, genesis: Genesis): LifePorts;
  primes?(node: NodeId, ports: LifePorts): Primes;
  compute?(node: NodeId, ports: LifePorts, usual: Compute): Compute;
  /** Requests of each further kind. */
  readonly requests?: readonly FurtherRequests[];
  /** The malicious node lies as without a tenant, about the log and in every session, and about the lives of keys besides. */
  readonly liesInAll?: LiesOfLives;
  /** The id of a request of such a kind; `undefined` for any other. */
  requestIdOf?(method: string, request: Uint8Array): string | undefined;
  /** In PEM: who certifies those who sign their requests themselves. */
  readonly requesterCa?: string;
  /** The SPIFFE id of the requester that has truly signed a request. */
  signerOf?(clusterId: ClusterId, request: Request): string | undefined;
  /** Presignatures that nodes keep of each GG20 key, made ahead. */
  readonly presignatures?: number | undefined;
  /** How keys and signatures are asked for. */
  readonly keys?: KeyRequests;
  /** The phase with faults lasts so much longer. */
  readonly lasts?: number;
  /** Reads a signature share that was made in a session. */
  readonly readShare?: ReadShare;
};
