import { nodeId, u64be, utf8 } from '../../src/common/index.js';
import type { LogFront, Row } from '../../src/ports/index.js';

/* The two states between which a killed process must have chosen: `snapshot-kill.slow.ts`. */

export const OLD_ENTRIES = 40;
/** The snapshot is that of an entry far behind the log. */
export const NEW_INDEX = 90_000;
const ROWS = 3_000;
const VALUE_BYTES = 700;
/** In so many transactions the rows are put beside the state in use. */
export const PARTS = 12;

function rows(count: number, fill: number): Row[] {
  const value = new Uint8Array(VALUE_BYTES).fill(fill);
  return Array.from({ length: count }, (_, at) => [u64be(at), value]);
}

/** Fewer rows than the new state, other values under the same keys, and one key that only the old one has; in order of keys. */
export const OLD_ROWS: readonly Row[] = [...rows(ROWS / 3, 1), [utf8('old alone'), utf8('here')]];
export const NEW_ROWS: readonly Row[] = rows(ROWS, 2);

export const FRONT: LogFront = {
  before: {
    index: NEW_INDEX,
    term: 7,
    timeMs: 1_700_000_000_000,
    hash: new Uint8Array(32).fill(9),
  },
  genesisHash: new Uint8Array(32).fill(3),
};

/** Term and vote that were given before the snapshot, and are written with it. */
export const INSTALLED_STATE = {
  hardState: { term: 8, votedFor: nodeId('node-2') },
  applied: NEW_INDEX,
};
