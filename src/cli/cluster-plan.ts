import type { NodeId } from '../common/index.js';
import type { Limits, MemberRequest } from '../identity/index.js';
import type { KeyVariable } from './node-keys.js';

/** A node as it begins: its names for TLS, and where it listens. */
export type NodePlan = {
  readonly id: NodeId;
  /** DNS names and IP addresses; the others and clients dial the first. */
  readonly hosts: readonly string[];
  /** `host:port`. */
  readonly clientListen: string;
  readonly peerListen: string;
  /** Where its node key is, if not in a file of its folder. */
  readonly nodeKey?: KeyVariable;
  /** A database for its key shares, if they are not in its data directory. The string goes into a file of its own. */
  readonly mongodb?: { readonly uri: string; readonly database: string };
  /** The public half of a node that made its own keys; without it, all its keys are made here. */
  readonly member?: MemberRequest;
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
  /** Those of `certs init` unless given. */
  readonly limits?: Limits;
  /** Whether operators sign with every key; they do not unless given. */
  readonly operatorsSign?: boolean;
  /** One authority for nodes and requesters alike: for development only. */
  readonly oneAuthority?: true;
  /** PEM of the authorities that the owner has already, whose private keys are elsewhere. They are made unless given. */
  readonly peerCa?: string;
  readonly requesterCa?: string;
};
