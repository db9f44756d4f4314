import type { Clock, SnapshotFiles, StateReading } from '../../ports/index.js';
import { CHUNK_PAUSE_MS, ROWS_AT_ONCE, STATE_BYTES_MAX } from './limits.js';
import type { CheckpointState } from './parts.js';
import { ChunkCutter, StateDigest } from './state-stream.js';

/** Lets the loop turn, for so long. */
export function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.after(CHUNK_PAUSE_MS, resolve));
}

export type Written = {
  readonly bytes: number;
  readonly chain: Uint8Array;
  /** Of all keys in it; 0 if there is none. */
  readonly highestThreshold: number;
};

/**
 * Writes a state into a file, chunk by chunk, and hashes it on the way. The reading is closed in any case.
 *
 * @returns `undefined` when it was stopped, or the state is longer than can be sent; then there is no file.
 */
export async function writeState(
  { state, files, clock }: { state: CheckpointState; files: SnapshotFiles; clock: Clock },
  reading: StateReading,
  name: string,
  isStopped: () => boolean,
): Promise<Written | undefined> {
  try {
    const digest = new StateDigest();
    let highest = 0;
    const cutter = new ChunkCutter(reading, (row) => {
      highest = Math.max(highest, state.thresholdOf(row));
    });
    const file = await files.create(name);
    try {
      for (let chunk = cutter.next(); chunk !== undefined; chunk = cutter.next()) {
        digest.add(chunk);
        await file.append(chunk);
        await pause(clock);
        if (!isStopped() && digest.bytes <= STATE_BYTES_MAX) continue;
        await file.discard();
        return undefined;
      }
      await file.finish();
    } catch (error) {
      await file.discard();
      throw error;
    }
    return { bytes: digest.bytes, chain: digest.chain, highestThreshold: highest };
  } finally {
    reading.close();
  }
}

/** The highest threshold of any key in a state, a few rows at a time. The reading is closed in any case. */
export async function highestThreshold(
  { state, clock }: { state: CheckpointState; clock: Clock },
  reading: StateReading,
): Promise<number> {
  try {
    let highest = 0;
    let after: Uint8Array | undefined;
    for (;;) {
      let count = 0;
      for (const row of reading.rows(after)) {
        highest = Math.max(highest, state.thresholdOf(row));
        [after] = row;
        count += 1;
        if (count === ROWS_AT_ONCE) break;
      }
      if (count < ROWS_AT_ONCE) return highest;
      await pause(clock);
    }
  } finally {
    reading.close();
  }
}
