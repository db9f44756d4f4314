import { afterAll, beforeAll, jest, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../src/identity/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { findPython } from '../support/wire/python.js';

/** The Python client, as its package holds it, against whole nodes that take signed requests alone. */
jest.setTimeout(120_000);

const python = findPython();

let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  if (python === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'quorate-python-'));
  const staged = spawnSync(process.execPath, [
    '.config/pack-python.mjs',
    '--stage',
    join(folder, 'package'),
  ]);
  if (staged.status !== 0) throw new Error(staged.stderr.toString());
  cluster = await startCluster({ nodes: 3, unsigned: false });
  await writeClient('payments');
  await writeClient('other');
  await writeClient('operator', 'operator');
});
afterAll(async () => {
  if (python === undefined) return;
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function writeClient(name: string, role: Role = 'app'): Promise<void> {
  const { ca, cert, key } = await cluster.credentials(role, { name });
  const endpoints = cluster.nodes.map((node) => cluster.network.door(node).address);
  const files = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const at = (file: string) => join(folder, name, file);
  mkdirSync(join(folder, name));
  writeFileSync(at('client.json'), JSON.stringify({ format: 1, endpoints, ...files }));
  writeFileSync(at(files.ca), ca);
  writeFileSync(at(files.cert), cert);
  writeFileSync(at(files.key), key, { mode: 0o600 });
  writeFileSync(at(files.cluster_file), cluster.clusterFile());
}

(python === undefined ? test.skip : test)(
  'the tests of the Python client pass against whole nodes',
  async () => {
    const child = spawn(python ?? '', ['-m', 'unittest', 'tests.test_client', 'tests.test_ecdsa'], {
      cwd: join(folder, 'package'),
      timeout: 110_000,
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: '1',
        QUORATE_CLIENT_FILE: join(folder, 'payments', 'client.json'),
        QUORATE_OTHER_FILE: join(folder, 'other', 'client.json'),
        QUORATE_OPERATOR_FILE: join(folder, 'operator', 'client.json'),
        // Debian's gRPC may look at proxies; the client must not.
        https_proxy: 'http://127.0.0.1:9',
      },
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const status = await new Promise((done, fail) => child.once('error', fail).once('close', done));
    if (status !== 0 || !/Ran 21 tests[^]*OK/.test(said)) throw new Error(said);
  },
);
