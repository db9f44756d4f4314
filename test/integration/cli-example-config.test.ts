import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Client } from '@grpc/grpc-js';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../../src/node/index.js';
import { channelCredentials } from '../../src/rpc/index.js';
import { quorate, QuorateProcess } from './cli-process.js';

jest.setTimeout(120_000);

const EXAMPLE = fileURLToPath(new URL('../../../deploy/node.example.yaml', import.meta.url));
/** The example's own ports may be taken on this machine. */
const ANY_PORTS = { QUORATE_CLIENT_LISTEN: '127.0.0.1:0', QUORATE_PEER_LISTEN: '0.0.0.0:0' };

let folder = '';
let node: QuorateProcess;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-example-'));
  const hosts = [1, 2, 3].flatMap((n) => ['--host', `node-${n}=node-${n}.example.org`]);
  await quorate(folder, ['certs', 'init', '--unsigned', ...hosts]);
  copyFileSync(EXAMPLE, join(folder, 'cluster', 'node-1', 'node.yaml'));
  node = new QuorateProcess(folder, ['node', '--config', 'cluster/node-1/node.yaml'], ANY_PORTS);
});
afterAll(async () => {
  node.child.kill('SIGKILL');
  await node.finished;
  rmSync(folder, { recursive: true });
});

test('the example configuration shows every setting', () => {
  const example = readFileSync(EXAMPLE, 'utf8');
  for (const { path } of SETTINGS) {
    const words = path.split('.').map((word) => `\\b${word}:`);
    expect(example).toMatch(new RegExp(words.join('[^]*')));
  }
});

test('a node starts with the example configuration and the files of certs init', async () => {
  const line = await node.printed('err', /.*The node listens.*\n/);
  const listening = JSON.parse(line);
  const cluster = readFileSync(join(folder, 'cluster', 'cluster.json'), 'utf8');
  expect(listening).toMatchObject({ level: 'info', node: 'node-1' });
  expect(listening.cluster).toMatch(/^[0-9a-f]{32}$/);
  expect(cluster).toContain('"node-1"');

  // Two of three nodes are missing: it answers, and says that it does not serve.
  const answer = await health(listening.client);
  expect([...answer]).toEqual([0x08, 0x02]);
});

test('a call to a node without a majority ends as unavailable within its time', async () => {
  const listening = JSON.parse(await node.printed('err', /.*The node listens.*\n/));
  const flags = ['--client-file', 'cluster/operator/client.json', '--endpoint', listening.client];
  const ran = await quorate(folder, ['keys', 'list', ...flags, '--timeout', '2s']);
  expect(ran.status).toBe(5);
});

test('a node that listens at every address of its machine tells none as its own', async () => {
  const listening = JSON.parse(await node.printed('err', /.*The node listens.*\n/));
  expect(listening.peer).toMatch(/^0\.0\.0\.0:\d+$/);
  const flags = ['--client-file', 'cluster/operator/client.json', '--endpoint', listening.client];
  const { out } = await quorate(folder, ['cluster', 'status', '--json', ...flags]);
  const { members } = JSON.parse(out) as { members: { node_id: string; address: string }[] };
  expect(members.find(({ node_id: id }) => id === 'node-1')?.address).toBe('');
  expect(members.filter(({ address }) => address !== '')).toHaveLength(2);
});

test('SIGTERM stops a node without an error', async () => {
  node.child.kill('SIGTERM');
  const { status, err } = await node.finished;
  expect(err).toMatch(/The node has stopped/);
  expect(status).toBe(0);
});

function isNode1(server: { readonly spiffeId: string } | undefined): boolean {
  return server?.spiffeId === 'spiffe://quorate/tee/node-1';
}

/** One of the operator's files. */
function operators(name: string): string {
  return readFileSync(join(folder, 'cluster', 'operator', name), 'utf8');
}

/** The bytes of a HealthCheckResponse: field 1 is the status, 2 is NOT_SERVING. */
function health(address: string): Promise<Uint8Array> {
  const tls = { ca: operators('ca.pem'), cert: operators('cert.pem'), key: operators('key.pem') };
  const client = new Client(address, channelCredentials(tls, isNode1), {
    'grpc.ssl_target_name_override': 'quorate',
  });
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      () => Buffer.alloc(0),
      (bytes) => bytes,
      undefined,
      (error, bytes) => {
        client.close();
        if (error === null && bytes !== undefined) resolve(bytes);
        else reject(error ?? new Error('no answer'));
      },
    );
  });
}
