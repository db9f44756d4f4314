import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

/** The client's package as an application gets it: from its tarball, in a folder of its own, against whole nodes. */
jest.setTimeout(120_000);

/** The program of the package's README, with a call more. */
const PROGRAM = `
import { QuorateClient, QuorateError, verifySignature } from '@quorate/client';
import type { JudgedKey } from '@quorate/client';

const client = QuorateClient.fromClientFile(process.argv[2]);
const { key, verdict }: JudgedKey = await client.generateKey({ keyId: 'treasury' });
const message = new TextEncoder().encode('pay the rent');
const { signature } = await client.sign({ keyId: 'treasury', message });
const refused = await client.getKey('another').catch((error: unknown) => error);
client.close();
console.log(
  JSON.stringify({
    verdict,
    valid: verifySignature(key, message, signature),
    refused: refused instanceof QuorateError ? refused.reason : String(refused),
  }),
);
`;

/** BIP-340, test vector 1: public key, message, signature. */
const TAPROOT = [
  'dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659',
  '243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89',
  '6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a',
];

let folder: string;
let cluster: TestCluster;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-package-'));
  const made = execFileSync(process.execPath, ['.config/pack-client.mjs', folder]);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  // What it depends on is there already, so nothing is asked of a registry.
  const there = ['@bufbuild/protobuf', '@noble/curves', '@noble/hashes', '@opentelemetry/api'];
  const packages = there.map((name) => `file:${resolve('node_modules', name)}`);
  const flags = ['--ignore-scripts', '--offline', '--install-links', '--no-audit', '--no-fund'];
  const tarball = made.toString().trim();
  execFileSync('npm', ['install', ...flags, ...packages, tarball], { cwd: folder, stdio: 'pipe' });
  writeFileSync(join(folder, 'app.ts'), PROGRAM);

  cluster = await startCluster({ nodes: 3, unsigned: false });
  const { ca, cert, key } = await cluster.credentials('app', { name: 'shop' });
  const endpoints = cluster.nodes.map((node) => cluster.network.door(node).address);
  const files = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const at = (file: string) => join(folder, 'client', file);
  mkdirSync(join(folder, 'client'));
  writeFileSync(at('client.json'), JSON.stringify({ endpoints, ...files }));
  writeFileSync(at(files.ca), ca);
  writeFileSync(at(files.cert), cert);
  writeFileSync(at(files.key), key, { mode: 0o600 });
  writeFileSync(at(files.cluster_file), cluster.clusterFile());
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Compiles the program, libraries' types included. @throws With what the compiler says. */
function compile(...flags: readonly string[]): void {
  const types = ['--types', 'node', '--typeRoots', resolve('node_modules/@types')];
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
  const argv = ['app.ts', '--ignoreConfig', '--target', 'es2022', ...strict, ...types, ...flags];
  const compiler = resolve('node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [compiler, ...argv], { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    throw new Error(String((error as { stdout?: Buffer }).stdout), { cause: error });
  }
}

describe('the package for clients', () => {
  test('the package holds what a client needs, and depends on nothing else', () => {
    const own = join(folder, 'node_modules', '@quorate', 'client');
    const { name, dependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(own, 'package.json'), 'utf8'),
    ) as {
      readonly name: string;
      readonly dependencies: object;
      readonly peerDependenciesMeta: object;
    };
    expect(name).toBe('@quorate/client');
    expect(Object.keys(dependencies)).toEqual([
      '@bufbuild/protobuf',
      '@noble/curves',
      '@noble/hashes',
      '@opentelemetry/api',
    ]);
    expect(peerDependenciesMeta).toEqual({
      secp256k1: { optional: true },
      'tiny-secp256k1': { optional: true },
    });
    expect(readdirSync(own).sort()).toEqual(['LICENSE', 'README.md', 'lib', 'package.json']);
    // No room of servers, nor of the machine under them.
    const rooms = ['api', 'blame', 'cli', 'keys', 'node', 'pki', 'raft', 'store', 'tasks'];
    const there = readdirSync(join(own, 'lib'));
    expect(rooms.filter((room) => there.includes(room))).toEqual([]);
    expect(readdirSync(join(folder, 'node_modules')).filter((each) => each[0] !== '.')).toEqual([
      '@bufbuild',
      '@noble',
      '@opentelemetry',
      '@quorate',
    ]);
  });

  test.each([
    ['nodenext', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('its types pass the strictest compiler with the resolution of %s', (_, flags) => {
    expect(() => compile('--noEmit', ...flags)).not.toThrow();
  });

  test('libsecp256k1 verifies where it is installed beside the package, and need not be', () => {
    const program = `
      import { createRequire } from 'node:module';
      import { verifySignature } from '@quorate/client';
      const [publicKey, message, signature] = ${JSON.stringify(TAPROOT)}.map((hex) => Buffer.from(hex, 'hex'));
      const key = { algorithm: 3, publicKey };
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      const verdicts = [verifySignature(key, message, signature), verifySignature(key, publicKey, signature)];
      const files = Object.keys(createRequire(import.meta.url).cache).filter((file) => !loaded.includes(file));
      console.log(JSON.stringify({ verdicts, by: files.some((file) => file.includes('tiny-secp256k1')) }));
    `;
    writeFileSync(join(folder, 'verify.mjs'), program);
    const run = () =>
      JSON.parse(
        execFileSync(process.execPath, ['verify.mjs'], { cwd: folder, encoding: 'utf8' }),
      ) as unknown;
    expect(run()).toEqual({ verdicts: [true, false], by: false });

    const beside = ['tiny-secp256k1', 'uint8array-tools'];
    for (const name of beside)
      cpSync(resolve('node_modules', name), join(folder, 'node_modules', name), {
        recursive: true,
      });
    expect(run()).toEqual({ verdicts: [true, false], by: true });
    for (const name of beside) rmSync(join(folder, 'node_modules', name), { recursive: true });
  });

  test('a program with it makes a key, signs, and ends by itself', async () => {
    compile('--module', 'nodenext', '--moduleResolution', 'nodenext');
    const child = spawn(process.execPath, ['app.js', 'client/client.json'], { cwd: folder });
    const said = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
    await once(child, 'close');

    expect(said.err).toBe('');
    expect(JSON.parse(said.out)).toEqual({
      verdict: 'active',
      valid: true,
      refused: 'KEY_FORBIDDEN',
    });
  });
});
