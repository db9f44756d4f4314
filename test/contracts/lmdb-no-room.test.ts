import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/builders/stores.js';
import { whyNoDisks } from '../support/builders/small-disk.js';

const WRITER = fileURLToPath(new URL('./lmdb-no-room.js', import.meta.url));

test('a batch that finds no room changes nothing, and the same batch is written when there is some', async () => {
  const { path, remove } = await temporaryDirectory();
  const skipped = whyNoDisks(path);
  if (skipped !== undefined) {
    process.stderr.write(`skipped: ${skipped}\n`);
    return remove();
  }
  const { stdout } = await promisify(execFile)(process.execPath, [WRITER, join(path, 'disk')]);

  const said = JSON.parse(stdout) as Record<string, unknown>;
  expect(said).toEqual({
    tries: 18,
    reasons: Array.from({ length: 18 }, () => 'DISK_FULL'),
    shareKinds: Array.from({ length: 6 }, () => 'unavailable'),
    applied: 7,
    entries: 7,
    values: 24,
  });
  await remove();
}, 60_000);
