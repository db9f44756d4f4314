/**
 * A process that installs a snapshot into a store, row by row as a node does, and prints `staging`, one line for each part,
 * and `installed`. Run by `snapshot-kill.slow.ts`, which kills it.
 */
import { writeSync } from 'node:fs';
import { utf8 } from '../../src/common/index.js';
import { openLmdbConsensusStore } from '../../src/store/lmdb/consensus-store.js';
import { FRONT, INSTALLED_STATE, NEW_ROWS, PARTS } from './snapshot-states.js';

const [, , path = ''] = process.argv;
const consensus = await openLmdbConsensusStore(path);
await consensus.load();
const length = NEW_ROWS.length / PARTS;
for (let part = 0; part < PARTS; part++) {
  writeSync(1, utf8(`part ${part}\n`));
  await consensus.stage(NEW_ROWS.slice(part * length, (part + 1) * length), part === 0);
}
writeSync(1, utf8('installing\n'));
await consensus.persist({ ...INSTALLED_STATE, entries: [], writes: [], installed: FRONT });
writeSync(1, utf8('installed\n'));
// Until it is killed.
setInterval(() => undefined, 1_000);
