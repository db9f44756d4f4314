import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issueCertificate } from '../../src/pki/index.js';
import { eventually, isAlive, MAIN, quorate, QuorateProcess } from './cli-process.js';

jest.setTimeout(120_000);

const PAGE = fileURLToPath(new URL('../../../docs/checking-signatures.md', import.meta.url));

/** The line of `quorate dev --json`. */
type Ready = {
  readonly endpoints: string[];
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly data: string;
  readonly pids: Record<string, number>;
};

let folder = '';
let dev: QuorateProcess;
let ready: Ready;

async function startDev(): Promise<void> {
  // What is set for one node must not reach the nodes of a development cluster.
  dev = new QuorateProcess(folder, ['dev', '--json'], { QUORATE_NODE_ID: 'somebody' });
  ready = JSON.parse(await dev.printed('out', /.*\n/)) as Ready;
}

/** Runs a command against the cluster in `folder`, as a person there would. */
const run = (...argv: string[]) => quorate(folder, argv);
const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).out);

/** A file that `quorate dev` made. */
const made = (name: string) => readFileSync(join(ready.data, name), 'utf8');

async function isReachable(node: string): Promise<boolean> {
  const { members } = await json('cluster', 'status');
  return members.find((member: { node_id: string }) => member.node_id === node).reachable;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-dev-'));
  await startDev();
});
afterAll(async () => {
  dev.child.kill('SIGINT');
  await dev.finished;
  rmSync(folder, { recursive: true });
});

test('quorate dev --json prints the cluster’s place, with an operator’s certificate', async () => {
  const data = join(folder, '.quorate', 'dev');
  expect(ready).toEqual({
    endpoints: [1, 2, 3].map(() => expect.stringMatching(/^127\.0\.0\.1:\d+$/)),
    ca: join(data, 'operator', 'ca.pem'),
    cert: join(data, 'operator', 'cert.pem'),
    key: join(data, 'operator', 'key.pem'),
    cluster_file: join(data, 'operator', 'cluster.json'),
    client_file: join(data, 'operator', 'client.json'),
    data,
    pids: {
      'node-1': expect.any(Number),
      'node-2': expect.any(Number),
      'node-3': expect.any(Number),
    },
  });
  const [endpoint = ''] = ready.endpoints;
  const { ca, cert, key } = ready;
  const flags = ['--endpoint', endpoint, '--ca', ca, '--cert', cert, '--key', key];
  const cluster = await json('cluster', 'status', ...flags);
  expect(cluster.leader_id).toMatch(/^node-[123]$/);
  expect(cluster.members).toHaveLength(3);
});

test('the command line generates a key and signs, and OpenSSL verifies the signature', async () => {
  const key = await json('keys', 'generate', 'walk', '--label', 'team=shop');
  expect(key).toMatchObject({ key_id: 'walk', threshold: 2, state: 'ACTIVE', verdict: 'active' });

  const signed = await json('sign', 'walk', '--message', 'hello');

  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const der = Buffer.concat([prefix, Buffer.from(key.public_key, 'hex')]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signature = Buffer.from(signed.signature, 'hex');
  expect(verify(undefined, Buffer.from('hello'), publicKey, signature)).toBe(true);
  expect(verify(undefined, Buffer.from('hullo'), publicKey, signature)).toBe(false);
  expect(signed.signers).toHaveLength(2);
  // The outcome is recorded behind the answer.
  const task = () => json('tasks', 'get', signed.task_id);
  await eventually(async () => (await task())['state'] === 'DONE');
  expect(await task()).toMatchObject({ kind: 'SIGN', key_id: 'walk' });
});

test('sign prints the signature as one word, and verify takes it', async () => {
  await run('keys', 'generate', 'word');
  writeFileSync(join(folder, 'letter'), 'dear cluster');
  const { out, err } = await run('sign', 'word', '--file', 'letter');
  expect(out).toMatch(/^[0-9a-f]{128}$/);
  expect(err).toBe('');
  expect(await run('verify', 'word', '-s', out, '-m', 'dear cluster')).toMatchObject({
    status: 0,
    out: 'valid',
  });
  expect(await run('verify', 'word', '-s', out, '-m', 'dear custard')).toMatchObject({
    status: 8,
    out: 'invalid',
  });
});

test('the page about checking signatures does with OpenSSL what it says', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
  const commands = `set -eu\nquorate() { "$NODE" "$MAIN" "$@"; }\n${blocks.join('\n')}`;
  const environment = { PATH: process.env['PATH'], NODE: process.execPath, MAIN };
  const shell = { cwd: folder, env: environment, encoding: 'utf8' } as const;

  const { status, stdout } = spawnSync('sh', ['-c', commands], shell);

  expect(stdout.match(/Signature Verified Successfully/g)).toHaveLength(2);
  expect(stdout).toMatch(/^valid$/m);
  expect(status).toBe(0);
  const forged = ['pkeyutl', '-verify', '-pubin', '-inkey', 'letters.pem', '-rawin'];
  const other = spawnSync(
    'openssl',
    [...forged, '-in', 'letters.pem', '-sigfile', 'letter.sig'],
    shell,
  );
  expect(other.status).not.toBe(0);
});

test('the command line generates a Taproot key, and signs with keys derived from it', async () => {
  const key = await json('keys', 'generate', 'purse', '--algorithm', 'FROST_SECP256K1_TAPROOT');
  expect(key).toMatchObject({ algorithm: 'FROST_SECP256K1_TAPROOT', verdict: 'active' });
  const { derived_public_key: derived } = await json('keys', 'get', 'purse', '--path', 'm/0/5');
  expect(derived).toMatch(/^[0-9a-f]{64}$/);
  expect((await run('keys', 'get', 'purse', '--path', '0/5')).out).toContain(derived);

  const signed = await json('sign', 'purse', '--path', '0/5', '-m', 'pay');

  expect(signed).toMatchObject({ public_key: derived, derivation_path: [0, 5] });
  const check = (...flags: string[]) =>
    run('verify', '-s', signed.signature, '-m', 'pay', ...flags);
  expect((await check('purse', '--path', '0/5')).out).toBe('valid');
  expect((await check('purse', '--path', '0/6')).out).toBe('invalid');
  expect((await check('purse')).out).toBe('invalid');
  const named = ['--public-key', derived, '--algorithm', 'FROST_SECP256K1_TAPROOT'];
  expect((await check(...named)).out).toBe('valid');
});

test('keys list and tasks list show the keys and tasks of the cluster', async () => {
  await run('keys', 'generate', 'listed');
  const { keys } = await json('keys', 'list');
  expect(keys.map((key: { key_id: string }) => key.key_id)).toContain('listed');
  const { tasks } = await json('tasks', 'list');
  expect(tasks.map((task: { key_id: string }) => task.key_id)).toContain('listed');
  const isCertified = /\ncertificate +active: all participants/;
  await eventually(async () => isCertified.test((await run('keys', 'get', 'listed')).out));
});

describe('exit statuses of the command line', () => {
  test('generating the same key again exits with 6', async () => {
    await run('keys', 'generate', 'twice');
    expect(await run('keys', 'generate', 'twice')).toMatchObject({ status: 6, out: '' });
  });

  test('a threshold above the participants exits with 2', async () => {
    expect((await run('keys', 'generate', 'high', '-t', '4')).status).toBe(2);
  });

  test('an unknown key or task exits with 3', async () => {
    expect((await run('keys', 'get', 'nobody')).status).toBe(3);
    expect((await run('sign', 'nobody', '-m', 'x')).status).toBe(3);
    expect((await run('tasks', 'get', 'a'.repeat(26))).status).toBe(3);
  });

  test('a certificate without the role for a call exits with 4', async () => {
    const authority = { certificate: made('ca.pem'), privateKey: made('ca-key.pem') };
    const auditor = { role: 'auditor' as const, name: 'ann', dns: [], ips: [], days: 1 };
    const issued = await issueCertificate(authority, auditor);
    writeFileSync(join(folder, 'auditor.pem'), issued.certificate);
    writeFileSync(join(folder, 'auditor-key.pem'), issued.privateKey, { mode: 0o600 });
    const flags = ['--cert', 'auditor.pem', '--key', 'auditor-key.pem'];
    expect((await run('cluster', 'status', ...flags)).status).toBe(0);
    expect((await run('keys', 'generate', 'audited', ...flags)).status).toBe(4);
  });

  test('a cluster that does not answer exits with 5', async () => {
    const gone = await run('cluster', 'status', '--endpoint', '127.0.0.1:1', '--timeout', '1s');
    expect(gone.status).toBe(5);
    expect(gone.err).toMatch(/Is the cluster running\?/);
  });
});

test('a node of a development cluster changes its node key by one command, and runs on', async () => {
  const pid = ready.pids['node-2'] ?? 0;
  const config = join(ready.data, 'node-2', 'node.yaml');
  const flags = ['--config', config, '--pid', String(pid), '--wait', '60'];
  const { status, out } = await run('node-key', 'rotate', ...flags);
  expect([status, out]).toEqual([0, expect.stringMatching(/The node key in .* is the new one/)]);
  expect(isAlive(pid)).toBe(true);
});

test('quorate dev reports a node that dies, with the command that restarts it', async () => {
  process.kill(ready.pids['node-3'] ?? 0, 'SIGKILL');
  await dev.printed('err', /node-3 \(process \d+\) ended: signal SIGKILL/);
  const command = await dev.printed('err', /node --config \S*node-3\S*/);
  await eventually(async () => !(await isReachable('node-3')));
  expect((await run('keys', 'get', 'walk')).status).toBe(0);

  const again = new QuorateProcess(folder, command.split(' '));
  await eventually(() => isReachable('node-3'));
  again.child.kill('SIGTERM');
  expect((await again.finished).status).toBe(0);
});

test('Ctrl-C stops quorate dev without an error; the same folder has the same keys and ports again', async () => {
  const before = { ...ready, key: (await json('keys', 'get', 'walk')).public_key };
  dev.child.kill('SIGINT');
  // npm sends it once more: that is the same Ctrl-C.
  dev.child.kill('SIGINT');
  const ended = await dev.finished;
  expect(ended.status).toBe(0);
  expect(ended.out.split('\n')).toHaveLength(1);
  expect(Object.values(before.pids).some(isAlive)).toBe(false);
  expect((await run('keys', 'list', '--timeout', '1s')).status).toBe(5);

  await startDev();
  expect(ready.endpoints).toEqual(before.endpoints);
  expect((await json('keys', 'get', 'walk')).public_key).toBe(before.key);
  expect((await run('sign', 'walk', '-m', 'again')).status).toBe(0);
});

test('a second cluster in the same folder is refused, and the first goes on', async () => {
  const second = await run('dev', '--json');
  expect(second.status).toBe(1);
  expect(JSON.parse(second.out)).toMatchObject({
    error: { message: expect.stringMatching(/Another process uses the data directory/) },
  });
  expect((await run('cluster', 'status')).status).toBe(0);
});

test('nodes end with the process that started them, even when it is killed', async () => {
  dev.child.kill('SIGKILL');
  await dev.finished;
  const pids = Object.values(ready.pids);
  await eventually(() => !pids.some(isAlive));
  await startDev();
  expect(pids.some(isAlive)).toBe(false);
});

test('the demonstration shows key, signature and check, and leaves nothing running', async () => {
  const { status, out, err } = await run('dev', '--data', 'other', '--exit');
  expect(out).toMatch(/1\. A key, born in 3 shares/);
  expect(out).toMatch(/2\. A signature, made together by node-\d and node-\d/);
  expect(out).toMatch(/3\. Checked by OpenSSL/);
  expect(out).toMatch(/^ {5}valid$/m);
  expect(out).toMatch(/cluster status --client-file other\/operator\/client.json/);
  expect(out).toMatch(/Go on with node \S+ dev --data other, and in another terminal:/);
  expect(err).toMatch(/Stopping the nodes/);
  expect(status).toBe(0);
  for (const [, pid] of out.matchAll(/^ {5}node-\d +\S+ +(\d+)/gm)) {
    expect(isAlive(Number(pid))).toBe(false);
  }

  const again = await run('dev', '--data', 'other', '--exit');
  expect(again.out).toMatch(/1\. The key "demo" is there already/);
  expect(again.status).toBe(0);
});
