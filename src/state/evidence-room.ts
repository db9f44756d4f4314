import { EVIDENCE_BYTES_MAX, LARGE_EVIDENCE_LEVEL, SMALL_EVIDENCE_BYTES_MAX } from './limits.js';
import { readLevel } from './records.js';
import type { View } from './view.js';

/** The bytes of all evidence that one entry may carry, by the level of the state that it is applied to. */
export function evidenceBytesMax(view: View): number {
  return readLevel(view) >= LARGE_EVIDENCE_LEVEL ? EVIDENCE_BYTES_MAX : SMALL_EVIDENCE_BYTES_MAX;
}
