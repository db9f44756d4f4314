import type { Millis } from '../../common/index.js';

/** Bounds of what a node asks a MongoDB server for. */
export type MongoLimits = {
  /** Until a server is found that takes writes. */
  readonly selectMs: Millis;
  /** For a connection with its handshake; and for an answer on one, after which it is given up. */
  readonly connectMs: Millis;
  readonly answerMs: Millis;
  /** The server itself gives up reads and writes of one document after this, and waiting for a majority. */
  readonly operationMs: Millis;
  /** The same for a page of a list. */
  readonly listMs: Millis;
  /** Connections; further operations wait for one, as long as this. */
  readonly poolMax: number;
  readonly poolWaitMs: Millis;
  /** Between two looks at a server that answers. One that does not is looked at twice a second while somebody waits. */
  readonly heartbeatMs: Millis;
};

export const MONGO_LIMITS: MongoLimits = {
  selectMs: 5_000,
  connectMs: 5_000,
  answerMs: 15_000,
  operationMs: 5_000,
  listMs: 12_000,
  poolMax: 8,
  poolWaitMs: 5_000,
  heartbeatMs: 5_000,
};

/** A sealed share with its checksum. The largest are messages of peers with proofs, 256 KiB. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** How often a share is tried to be put while another writer puts and deletes one under the same name. */
export const PUT_TRIES = 3;

/** How often a server is looked for at the start, `selectMs` each. */
export const START_TRIES = 4;
