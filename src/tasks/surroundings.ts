import type { Boot, LogIndex, Millis, NodeId, PartyIndex, Term } from '../common/index.js';
import { ClusterError, fromHex } from '../common/index.js';
import type { Suite } from '../frost/index.js';
import type { KeyManager } from '../keys/index.js';
import type { Clock, Compute, Entry, Logger, Random, Signer } from '../ports/index.js';
import type { Rules, View } from '../state/index.js';
import type { Algorithm, SessionMessage } from '../wire/index.js';

/** Consensus, as far as tasks use it. */
export type Consensus = {
  propose(payload: Uint8Array): 'proposed' | 'not-leader' | 'overloaded';
  /** An entry of this node's log. */
  entry(index: LogIndex): Entry | undefined;
  status(): {
    readonly role: 'follower' | 'precandidate' | 'candidate' | 'leader';
    readonly term: Term;
    readonly leader: NodeId | undefined;
    /** An entry of the current term is applied here. Nothing is done for the state before that. */
    readonly caughtUp: boolean;
    /**
     * Caught up, and all that was known to be committed when the last entry was applied is applied too: what is open
     * here is open. Nobody contributes to a session before that.
     */
    readonly current: boolean;
  };
};

/** What the parts of the task manager stand on. */
export type Surroundings = {
  readonly self: NodeId;
  readonly boot: Boot;
  readonly rules: Rules;
  readonly suiteOf: (algorithm: Algorithm) => Suite | undefined;
  readonly clock: Clock;
  readonly compute: Compute;
  readonly random: Random;
  readonly signer: Signer;
  readonly logger: Logger;
  readonly keys: KeyManager;
  readonly view: View;
  readonly consensus: Consensus;
  readonly connections: Connections;
  /** The state machine's clock, as applied here. */
  readonly stateTimeMs: () => Millis;
  /** To another node, or to this one. Never throws, never waits. */
  readonly send: (to: NodeId, message: SessionMessage) => void;
  /** The same to every voter, this node included. */
  readonly broadcast: (message: SessionMessage) => void;
};

/** Who can be reached now, and in which run of its process; this node always. */
export class Connections {
  readonly #boots = new Map<NodeId, Boot>();
  readonly #self: NodeId;

  constructor(self: NodeId, boot: Boot) {
    this.#self = self;
    this.#boots.set(self, boot);
  }

  connected(peer: NodeId, boot: Boot): void {
    if (peer !== this.#self) this.#boots.set(peer, boot);
  }

  disconnected(peer: NodeId): void {
    if (peer !== this.#self) this.#boots.delete(peer);
  }

  has(node: NodeId): boolean {
    return this.#boots.has(node);
  }

  /** 16 bytes, or `undefined` while the node cannot be reached. */
  bootOf(node: NodeId): Uint8Array | undefined {
    const boot = this.#boots.get(node);
    return boot === undefined ? undefined : fromHex(boot);
  }

  peers(): readonly NodeId[] {
    return [...this.#boots.keys()].filter((node) => node !== this.#self);
  }
}

/** Position of a node among a key's participants, from 1; 0 for a stranger. */
export function indexOf(
  participants: readonly { readonly nodeId: string }[],
  node: string,
): PartyIndex {
  return participants.findIndex(({ nodeId }) => nodeId === node) + 1;
}

/** Claims that a computation ended only because its node stops: nothing that anybody has to look at. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'cancelled';
}
