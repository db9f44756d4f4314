import { LIMITS } from '../raft/index.js';
import type { ReplicaConfig } from './replica.js';

/**
 * The limits of a log that grows by so many bytes between two checkpoints. As many are kept on disk, so that a node which was
 * away for less than that needs no snapshot; and no more than that in memory.
 */
export function logLimits(bytes: number): Pick<ReplicaConfig, 'raftLimits' | 'checkpoints'> {
  return {
    raftLimits: {
      logKeptBytesMax: bytes,
      logMemoryBytesMax: Math.min(LIMITS.logMemoryBytesMax, bytes),
    },
    checkpoints: { logBytes: bytes },
  };
}
