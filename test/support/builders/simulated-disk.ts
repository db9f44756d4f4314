import type { DiskTiming } from '../../simulation/disk.js';

/** A disk that takes its time, and a process that is never paused. */
export const PROMPT_DISK: DiskTiming = {
  latencyMs: () => 2,
  durableAt: () => 0.5,
  fate: () => 'good',
  onDisk: (_, run) => void setImmediate(run),
  inProcess: (_, run) => void setImmediate(() => setImmediate(run)),
};
