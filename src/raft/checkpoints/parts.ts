import type { Row, Signer, SnapshotFiles, StateReading, Verify } from '../../ports/index.js';
import type { Entry } from '../../ports/index.js';
import type { CheckpointLimits } from './limits.js';
import type { Electorate } from './mark.js';

/** The replicated state, as checkpoints see it. */
export type CheckpointState = {
  /** The payload of a command that asks for a checkpoint. */
  readonly command: Uint8Array;
  /** Claims that `entry`, which has just been applied, asks for one. */
  isAsked(entry: Entry): boolean;
  /** The state as it is after the last entry that was applied. */
  reading(): StateReading;
  electorate(): Electorate;
  /** The threshold of the key that a row is; 0 for any other row. Never throws. */
  thresholdOf(row: Row): number;
};

export type CheckpointParts = {
  readonly signer: Signer;
  readonly verify: Verify['identity'];
  readonly files: SnapshotFiles;
  readonly state: CheckpointState;
  readonly limits?: Partial<CheckpointLimits> | undefined;
  /** A snapshot is in the store, durably, and the driver has stopped: what runs is to end, and to start from the store. */
  readonly onInstalled: () => void;
};
