import { nodeId, type NodeId } from '../../../src/common/index.js';
import type { Entry, EntryKind, Persist } from '../../../src/ports/index.js';
import type { Facts, Report } from '../../simulation/checkers/facts.js';
import { chainHash } from '../../simulation/checkers/log-matching.js';
import { ConsensusDisk } from '../../simulation/disk.js';
import type { Status } from '../../simulation/process.js';

export const [A, B, C] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')] as const;

/** Three disks, statuses and clocks that a test sets by hand, and what the checkers said. */
export class Scene implements Facts {
  readonly nodes = [A, B, C];
  readonly disks = new Map<NodeId, ConsensusDisk>(
    this.nodes.map((id) => [id, new ConsensusDisk()]),
  );
  readonly statuses = new Map<NodeId, Status>();
  clockMs = 1_000;
  readonly said: string[] = [];

  readonly report: Report = (checker) => void this.said.push(checker);

  disk(node: NodeId): ConsensusDisk {
    const disk = this.disks.get(node);
    if (disk === undefined) throw new Error(`no disk ${node}`);
    return disk;
  }

  status(node: NodeId): Status | undefined {
    return this.statuses.get(node);
  }

  clock(): number {
    return this.clockMs;
  }

  /** Makes `batch` durable on `node`. */
  write(node: NodeId, batch: Partial<Persist>): Persist {
    const whole = { entries: [], writes: [], applied: this.disk(node).applied, ...batch };
    this.disk(node).commit(whole);
    return whole;
  }
}

/** A log whose entries have these terms; equal arguments make equal logs. */
export function logOf(
  terms: readonly number[],
  payload: (index: number) => Uint8Array = () => Uint8Array.of(7),
  kind: EntryKind = 'command',
): Entry[] {
  const log: Entry[] = [];
  for (const [at, term] of terms.entries()) {
    const index = at + 1;
    const fields = { index, term, kind, timeMs: 5, payload: payload(index) };
    const previous = log.at(-1)?.hash ?? new Uint8Array(32);
    log.push({ ...fields, hash: chainHash(previous, fields) });
  }
  return log;
}

export function status(term: number, commit: number, leader?: NodeId, applied = 0): Status {
  return { term, commit, applied, leader };
}
