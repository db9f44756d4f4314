import type { LogIndex } from '../common/index.js';

/** How long a node's log is. Bytes are payloads, and what an entry takes besides, by `entryBytes`. */
export type LogSizes = {
  /** The last entry that was removed; 0 when all are there. */
  readonly front: LogIndex;
  readonly last: LogIndex;
  /** In memory and on disk. */
  readonly bytes: number;
  readonly memoryBytes: number;
  /** Where this node takes checkpoints. */
  readonly checkpoint: CheckpointSizes | undefined;
};

export type CheckpointSizes = {
  /** Of the newest one with a certificate that this node has the state of; 0 if there is none. */
  readonly index: LogIndex;
  /** The length of that state. */
  readonly stateBytes: number;
  /** Of the log, since the last time that one was asked for. */
  readonly bytesSince: number;
  /** At so many bytes the next one is due. */
  readonly dueBytes: number;
};
