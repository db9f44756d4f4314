import fs, { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbShareStore } from '../../src/store/lmdb/share-store.js';

/*
 * Loaded before a program by `node --import`: ends its process as a power cut would at one of the moments around the steps by which a node
 * key changes. QUORATE_TEST_KILL_AT is the moment's number in this process, from 1; its name goes to the file QUORATE_TEST_KILL_LOG.
 */

const at = Number(process.env['QUORATE_TEST_KILL_AT']);
const log = process.env['QUORATE_TEST_KILL_LOG'] ?? '';
let passed = 0;

function moment(name: string): void {
  passed += 1;
  if (passed !== at) return;
  appendFileSync(log, `${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** The identity file, or the file of the change beside it. */
const isIdentity = (path: unknown): boolean => /\bidentity\b[^/]*$/.test(String(path));

const { renameSync, rmSync: removeSync } = fs;
fs.renameSync = (from, to) => {
  if (!isIdentity(to)) return renameSync(from, to);
  moment('before a file takes its place');
  renameSync(from, to);
  moment('after a file took its place');
};
fs.rmSync = (path, options) => {
  removeSync(path, options);
  if (String(path).endsWith('identity.key.next')) moment('after the file of the change is gone');
};
syncBuiltinESMExports();

/** A store of its own leads to the class of them all. */
const folder = mkdtempSync(join(tmpdir(), 'quorate-kill-'));
const store = await openLmdbShareStore(folder);
const stores = Object.getPrototypeOf(store) as typeof store;
type Replace = (this: typeof store, ...args: Parameters<typeof store.replace>) => Promise<boolean>;
const replace = Object.getOwnPropertyDescriptor(stores, 'replace')?.value as Replace;
stores.replace = async function (...args) {
  const isReplaced = await replace.apply(this, args);
  moment('after a record is replaced');
  return isReplaced;
};
await store.close();
rmSync(folder, { recursive: true });
