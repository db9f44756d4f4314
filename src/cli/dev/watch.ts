import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Millis } from '../../common/index.js';
import type { NodeCounts } from '../../node/index.js';

/** The measurements of a process since it was last asked. */
export type Watched = NodeCounts & {
  /** How much later than due its event loop came to things: half of the time, at most one time in a hundred, ever. */
  readonly delayP50Ms: Millis;
  readonly delayP99Ms: Millis;
  readonly delayMaxMs: Millis;
  /** Processor time of all its threads. */
  readonly cpuMs: Millis;
  /** Memory of its objects now, with the garbage that is not collected yet. */
  readonly heapBytes: number;
};

/** The monitor looks this often. What it records is the time between two looks. */
const LOOK_MS = 5;

/**
 * Begins to measure this process, and the node in it by the totals that `counts` gives. Each call of what comes back ends a measurement, and begins the next.
 */
export function watchSelf(counts: () => NodeCounts): () => Watched {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  delays.enable();
  let before = process.cpuUsage();
  let counted = counts();
  return () => {
    const late = (percentile: number): Millis =>
      delays.count === 0 ? 0 : Math.max(0, delays.percentile(percentile) / 1e6 - LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    const total = counts();
    const watched = {
      delayP50Ms: late(50),
      delayP99Ms: late(99),
      delayMaxMs: late(100),
      cpuMs: (user + system) / 1000,
      heapBytes: process.memoryUsage().heapUsed,
      messages: total.messages - counted.messages,
      frames: total.frames - counted.frames,
      bytes: total.bytes - counted.bytes,
      writes: total.writes - counted.writes,
    };
    before = process.cpuUsage();
    counted = total;
    delays.reset();
    return watched;
  };
}
