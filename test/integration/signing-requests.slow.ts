import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { QuorateClient } from '../../src/client/index.js';
import { fromHex, utf8 } from '../../src/common/index.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { findPython } from '../support/wire/python.js';

/** The programs of `docs/signing-requests.md`, exactly as they stand there, against a cluster that takes no others. */
jest.setTimeout(240_000);

const page = readFileSync('docs/signing-requests.md', 'utf8');
const python = findPython();
const go = findGo();

let cluster: TestCluster;
let folder: string;
let client: QuorateClient;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, unsigned: false });
  folder = mkdtempSync(join(tmpdir(), 'quorate-page-'));
  const { ca, cert, key } = await cluster.credentials('app', { name: 'page' });
  const endpoints = cluster.nodes.map((node) => cluster.network.door(node).address);
  const clusterFile = cluster.clusterFile();
  client = QuorateClient.connect({ endpoints, ca, cert, key, clusterFile });
  const files = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ endpoints, ...files }));
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), clusterFile);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('node_modules/@grpc'), join(folder, 'node_modules', '@grpc'));
  symlinkSync(resolve('node_modules/@types'), join(folder, 'node_modules', '@types'));
  for (const scope of ['@bufbuild', '@noble', '@opentelemetry'])
    symlinkSync(resolve('node_modules', scope), join(folder, 'node_modules', scope));
  unpackClient(join(folder, 'node_modules', '@quorate', 'client'));
  const buf = spawnSync(resolve('node_modules/.bin/buf'), [
    'build',
    'proto',
    '-o',
    join(folder, 'quorate.binpb'),
  ]);
  if (buf.status !== 0) throw new Error(buf.stderr.toString());
});
afterAll(async () => {
  client.close();
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
  if (go !== undefined) rmSync(go.module, { recursive: true });
});

/** Puts the client's package there, as its tarball has it. */
function unpackClient(place: string): void {
  const packed = spawnSync(process.execPath, ['.config/pack-client.mjs', folder]);
  if (packed.status !== 0) throw new Error(packed.stderr.toString());
  mkdirSync(place, { recursive: true });
  const tarball = packed.stdout.toString().trim();
  const unpacked = spawnSync('tar', ['xzf', tarball, '-C', place, '--strip-components', '1']);
  if (unpacked.status !== 0) throw new Error(unpacked.stderr.toString());
}

/** The one program of the page in this language. */
function program(language: string): string {
  const [found, more] = page.split(`\n\`\`\`${language}\n`).slice(1);
  if (found === undefined || more !== undefined) throw new Error(`programs in ${language}`);
  return found.slice(0, found.indexOf('\n```\n') + 1);
}

/** Runs a program with a client file, a key id and a message, and gives the lines that it prints. */
async function run(command: string, args: readonly string[], keyId: string): Promise<string[]> {
  const child = spawn(command, [...args, 'client.json', keyId, 'hello'], {
    cwd: folder,
    timeout: 120_000,
    // Debian's gRPC looks at proxies, and at its own taste in ciphers; the cluster is on this machine.
    env: { ...process.env, no_proxy: '127.0.0.1' },
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (printed.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (printed.stderr += data.toString()));
  const status = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${printed.stderr}`);
  return printed.stdout.trim().split('\n');
}

/** The key is this requester's own, by the certificate that every node helped to make; the signature is one. */
async function expectSigned(
  [publicKey = '', signature = '']: readonly string[],
  keyId: string,
): Promise<void> {
  const { key, verdict, because } = await client.getKey(keyId);
  expect([verdict, because]).toEqual([
    'active',
    expect.stringContaining('spiffe://quorate/app/page'),
  ]);
  expect(fromHex(publicKey)).toEqual(new Uint8Array(key.publicKey));
  const bytes = fromHex(signature) ?? new Uint8Array(0);
  expect(opensslVerifies(key.publicKey, utf8('hello'), bytes)).toBe(true);
}

test('the library’s documented program compiles, makes a key and signs', async () => {
  writeFileSync(join(folder, 'library.mts'), program('ts'));
  const options = ['--strict', '--skipLibCheck', '--types', 'node', '--ignoreConfig'];
  const compiler = [
    resolve('node_modules/typescript/bin/tsc'),
    'library.mts',
    '--module',
    'nodenext',
  ];
  const compiled = spawnSync(process.execPath, [...compiler, ...options], { cwd: folder });
  expect(compiled.stdout.toString()).toBe('');
  await expectSigned(await run(process.execPath, ['library.mjs'], 'library'), 'library');
});

test.each([
  ['ahead', 1_200_000],
  ['behind', -1_200_000],
])(
  'the library’s documented program makes a key and signs on a machine whose clock is far %s',
  async (word, ms) => {
    // The library is believed to have a clock of its own nowhere else; TLS looks at the machine's.
    const wrong = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${ms};`;
    const args = ['--import', wrong, 'library.mjs'];
    const lines = await run(process.execPath, args, `clock-${word}`);
    expect(lines).toHaveLength(2);
    await expectSigned(lines, `clock-${word}`);
  },
);

test('the documented program with grpc-js alone makes a key and signs', async () => {
  writeFileSync(join(folder, 'by-hand.mjs'), program('js'));
  const lines = await run(process.execPath, ['by-hand.mjs'], 'by-hand');
  expect(lines).toHaveLength(2);
  await expectSigned(lines, 'by-hand');
});

(python === undefined ? test.skip : test)('Python makes a key and signs', async () => {
  writeFileSync(join(folder, 'sign.py'), program('python'));
  await expectSigned(await run(python ?? '', ['sign.py'], 'python'), 'python');
});

(go === undefined ? test.skip : test)('Go makes a key and signs', async () => {
  writeFileSync(join(go?.module ?? '', 'main.go'), program('go'));
  const built = spawnSync('go', ['build', '-o', join(folder, 'sign'), '.'], { cwd: go?.module });
  if (built.status !== 0) throw new Error(built.stderr.toString());
  await expectSigned(await run(join(folder, 'sign'), [], 'go'), 'go');
});

test('the documented request without its signature is refused', async () => {
  const signed = program('js');
  const unsigned = signed.replace(/metadata.set\('quorate-signature-bin'.*\n/, '');
  expect(unsigned).not.toBe(signed);
  writeFileSync(join(folder, 'unsigned.mjs'), unsigned);
  await expect(run(process.execPath, ['unsigned.mjs'], 'unsigned')).rejects.toThrow(
    /A signed request needs quorate-signature-bin, too/,
  );
});

/** A module with what the Go program needs, fetched into Go's own cache; `undefined` when it cannot be had. */
function findGo(): { readonly module: string } | undefined {
  const module = mkdtempSync(join(tmpdir(), 'quorate-go-'));
  for (const file of ['go.mod', 'go.sum'])
    copyFileSync(join('test/support/wire/go', file), join(module, file));
  const ready = spawnSync('go', ['mod', 'download'], { cwd: module, timeout: 60_000 });
  if (ready.status === 0) return { module };
  rmSync(module, { recursive: true });
  process.stderr.write('SKIPPED: no Go, or its modules cannot be fetched\n');
  return undefined;
}
