import type { Cluster } from './cluster.js';
import type { Process } from './process.js';

/** What clients do to a cluster, and what they must be able to do once nothing is broken any more. */
export interface Workload<P extends Process> {
  /** Begins to send requests. */
  start(cluster: Cluster<P>): void;
  /** Sends no new requests. What is under way goes on. */
  stop(): void;
  /** Whether all that was begun has ended, as far as clients and disks can see. */
  settled(): boolean;
  /** Asks, of the mended cluster, for the last things; `settled` then waits for them too. */
  conclude(): void;
  /** When all has settled: every node must know every answer that a client ever got. */
  audit(): void;
  /** Why it has not settled, for people. */
  describe(): string;
}
