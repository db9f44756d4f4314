import type { Row } from '../ports/index.js';
import { KeyRecord } from '../wire/index.js';
import { encodeCommand } from './command.js';
import { ADDRESS } from './records.js';

/** The payload of the entry that asks for a checkpoint. */
export const CHECKPOINT_COMMAND: Uint8Array = encodeCommand({ $case: 'checkpoint', value: {} });

const decoder = new TextDecoder();

/** The threshold of the key that a row of the state is; 0 for any other row. */
export function thresholdInRow([key, value]: Row): number {
  const isKey = decoder.decode(key.subarray(0, ADDRESS.keys.length)) === ADDRESS.keys;
  return isKey ? (KeyRecord.decode(value).active?.sharing?.threshold ?? 0) : 0;
}
