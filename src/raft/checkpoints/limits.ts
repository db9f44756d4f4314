import type { Millis, Rate } from '../../common/index.js';

/** The feature level from which on voters sign their state at checkpoints, and send it to one that lacks the log. */
export const CHECKPOINT_LEVEL = 3;

export type CheckpointLimits = {
  /**
   * A checkpoint is due when so much was added to the log since the last one, by `entryBytes`, or as much as the state is
   * long, whichever is more.
   */
  readonly logBytes: number;
  /** A voter writes its state down no more often than this, whatever a leader asks for. */
  readonly apartMs: Millis;
};

export const CHECKPOINT_LIMITS: CheckpointLimits = { logBytes: 64 * 1024 * 1024, apartMs: 10_000 };

/** The state is hashed, written, sent and taken in chunks of this length; the last one is shorter. */
export const CHUNK_BYTES = 240 * 1024;
/** The longest state that is sent or taken. */
export const STATE_BYTES_MAX = 2 ** 36;
/** The longest key and value of one row. */
export const KEY_BYTES_MAX = 1978;
export const VALUE_BYTES_MAX = 16 * 1024 * 1024;

/** From one chunk of the own state to the next: so the loop is held for a millisecond or two at a time, and free in between. */
export const CHUNK_PAUSE_MS: Millis = 4;
/** Rows looked at for thresholds in one go. */
export const ROWS_AT_ONCE = 512;

/** Signatures of one voter that are looked at. An honest one says no more. */
export const SIGNATURE_RATE: Rate = { perSecond: 2, burst: 8 };
/** How often a voter repeats its signature while it has no certificate, and answers one that lacks it. */
export const SIGN_AGAIN_MS: Millis = 2_000;

/** How often a leader offers its snapshot to a voter that lacks the log, and looks whether a transfer is under way. */
export const OFFER_MS: Millis = 500;
/** Offers of one voter whose certificate is verified. */
export const OFFER_RATE: Rate = { perSecond: 2, burst: 8 };
/** Chunks that one voter is sent: 30 MB a second. */
export const CHUNK_RATE: Rate = { perSecond: 128, burst: 16 };
/** A chunk that was asked for and has not come is asked for again. */
export const ASK_AGAIN_MS: Millis = 1_000;
/** A sender that has sent nothing of use for so long is given up. */
export const SENDER_SILENT_MS: Millis = 10_000;
