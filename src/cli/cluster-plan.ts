import type { NodeId } from '../common/index.js';
import type { KeyVariable } from './node-keys.js';

/** A node as it begins: its names for TLS, and where it listens. */
export type NodePlan = {
  readonly id: NodeId;
  /** DNS names and IP addresses; the others and clients dial the first. */
  readonly hosts: readonly string[];
  /** `host:port`. */
  readonly clientListen: string;
  readonly peerListen: string;
  /** Where its node key is, if not in a new file of its folder. */
  readonly nodeKey?: KeyVariable;
};

/** The options of `quorate certs init`. */
export type ClusterPlan = {
  readonly folder: string;
  readonly nodes: readonly NodePlan[];
  /** The name in the operator's certificate. */
  readonly operator: string;
  /** How long the certificates of nodes and operator are good. */
  readonly days: number;
  readonly unsigned: boolean;
  /** One authority for nodes and requesters alike: for development only. */
  readonly oneAuthority?: true;
};
