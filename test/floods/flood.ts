import type { Role } from '../../src/identity/index.js';
import type { TlsFiles } from '../../src/rpc/index.js';

/** The node that a flood is sent to, and how long. */
export type Target = {
  readonly address: string;
  readonly tls: TlsFiles;
  readonly ms: number;
  /** A key that the sender may sign with. */
  readonly keyId: string;
  readonly clusterId: string;
  /** The configuration of the member that sends the flood, where one does. */
  readonly memberFile?: string;
};

/** What a flood did and what it met. */
export type FloodCounts = {
  connections: number;
  /** Of those, how many the node closed. */
  closed: number;
  bytes: number;
  /** Streams or calls that were begun. */
  streams: number;
  /** Calls that were answered with OK, and with RESOURCE_EXHAUSTED. */
  answered: number;
  refused: number;
};

/** One kind of flood. */
export type Flood = {
  /** The role of the sender's certificate. */
  readonly as: Role;
  /** Its calls are honest work, only too much of it: it opens tasks, and the node keeps what they leave. */
  readonly isWork?: boolean;
  /** A member sends it: the last node, whose own process does not run meanwhile. */
  readonly byMember?: boolean;
  run(target: Target, counts: FloodCounts): Promise<void>;
};

/** Runs `work` again and again, so many at a time, until the time is over. */
export async function repeatedly(
  target: Target,
  atOnce: number,
  work: () => Promise<void>,
): Promise<void> {
  const end = performance.now() + target.ms;
  const one = async (): Promise<void> => {
    while (performance.now() < end) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
