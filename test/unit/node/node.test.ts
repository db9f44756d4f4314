import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId } from '../../../src/common/index.js';
import { createCluster } from '../../../src/cli/create-cluster.js';
import { Node, readConfig } from '../../../src/node/index.js';
import type { NodeConfig } from '../../../src/node/index.js';
import { createNodeKey, issueCertificate } from '../../../src/ops/index.js';
import type { Logger } from '../../../src/ports/index.js';

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alarm: () => undefined,
};

let made = '';
let folder = '';
beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'quorate-node-'));
  for (const name of ['one', 'other']) {
    await createCluster({
      folder: join(made, name),
      nodes: ['node-1', 'node-2'].map((id) => ({
        id: nodeId(id),
        hosts: ['127.0.0.1'],
        clientListen: '127.0.0.1:0',
        peerListen: '127.0.0.1:0',
      })),
      operator: 'operator',
      days: 1,
      unsigned: true,
    });
  }
});
afterAll(() => rmSync(made, { recursive: true }));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The configuration of node-1 in a fresh copy of its folder. */
function configured(changes: Readonly<Record<string, string>> = {}): NodeConfig {
  folder = mkdtempSync(join(tmpdir(), 'quorate-node-'));
  cpSync(join(made, 'one', 'node-1'), folder, { recursive: true });
  const file = join(folder, 'node.yaml');
  return readConfig({ file, flags: changes, workingFolder: made });
}

/** Starts a node alone and stops it when its data directory is claimed. */
async function runOnce(config: NodeConfig): Promise<void> {
  await using node = await Node.open(config, quiet);
  await node.listen();
  await node.start(new Map());
  const deadline = Date.now() + 10_000;
  while (!existsSync(join(folder, 'data', 'node.json'))) {
    if (Date.now() > deadline) throw new Error('the directory was not claimed');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function complaint(config: NodeConfig): Promise<string> {
  try {
    await using node = await Node.open(config, quiet);
    await node.listen();
    return 'nothing was thrown';
  } catch (error) {
    return String(error).replaceAll(folder, '').replaceAll(made, '');
  }
}

async function certificate(
  request: Partial<Parameters<typeof issueCertificate>[1]>,
  nowMs?: number,
) {
  const authority = {
    certificate: readFileSync(join(made, 'one', 'ca.pem'), 'utf8'),
    privateKey: readFileSync(join(made, 'one', 'ca-key.pem'), 'utf8'),
  };
  const leaf = { role: 'tee' as const, name: 'node-1', dns: [], ips: [], days: 1, ...request };
  const issued = await issueCertificate(authority, leaf, nowMs);
  writeFileSync(join(folder, 'cert.pem'), issued.certificate);
  writeFileSync(join(folder, 'key.pem'), issued.privateKey);
}

test('listens on ports that the kernel picks, and says which', async () => {
  await using node = await Node.open(configured(), quiet);
  const { client, peer } = await node.listen();
  expect(client).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(peer).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(peer).not.toBe(client);
});

test('gives everything back: the same data directory can be opened again', async () => {
  const config = configured();
  await (await Node.open(config, quiet))[Symbol.asyncDispose]();
  expect(await complaint(config)).toBe('nothing was thrown');
});

describe('refuses to start', () => {
  test('beside a node that has the data directory', async () => {
    const config = configured();
    await using first = await Node.open(config, quiet);
    expect(await complaint(config)).toMatch(/Another process uses the data directory \/data/);
    await first.listen();
  });

  test('on a port that another process has, naming setting and port', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port } = taken.address() as AddressInfo;
    const words = await complaint(configured({ 'peer.listen': `127.0.0.1:${port}` }));
    taken.close();
    expect(words).toMatch(`peer.listen: cannot listen on 127.0.0.1:${port}: another process has`);
  });

  test.each([
    ['without a genesis', 'cluster_file', 'none.json', /cluster_file: \/none.json cannot be read/],
    ['with a genesis that is none', 'cluster_file', 'one/ca.pem', /\/one\/ca.pem: Not a JSON file/],
    ['without a node key', 'node_key.file', 'none.key', /node_key.file: \/none.key cannot be read/],
    [
      'with another node key',
      'node_key.file',
      'one/node-2/node.key',
      /The identity key .* does not open/,
    ],
    [
      'with the certificate of another node',
      'tls.cert',
      'one/node-2/cert.pem',
      /names spiffe:\/\/quorate\/tee\/node-2, not spiffe:\/\/quorate\/tee\/node-1/,
    ],
    [
      'with the key of another certificate',
      'tls.key',
      'one/node-2/key.pem',
      /\/one\/node-2\/key.pem: is not the key of \/cert.pem/,
    ],
    [
      'with another authority',
      'tls.ca',
      'other/ca.pem',
      /\/other\/ca.pem: does not hold the authority of \/cert.pem/,
    ],
    [
      'as a node that is no member',
      'node_id',
      'node-9',
      /has no member node-9; it has node-1, node-2/,
    ],
    [
      'with the data of another node',
      'data_dir',
      'one/node-2/data',
      /does not open: it is damaged, or of another node/,
    ],
  ])('%s', async (_, setting, value, words) => {
    expect(await complaint(configured({ [setting]: value }))).toMatch(words);
  });

  test('as a node of role mesh, which only follows the log', async () => {
    const config = configured();
    const genesis = readFileSync(config.clusterFile, 'utf8').replace('"tee"', '"mesh"');
    rmSync(config.clusterFile);
    writeFileSync(config.clusterFile, genesis);
    expect(await complaint(config)).toMatch(/node-1 has role mesh; this release runs only/);
  });

  test('with the data of another node, which is left as it was', async () => {
    const data = join(made, 'one', 'node-2', 'data');
    await complaint(configured({ data_dir: data }));
    expect(readdirSync(data)).toEqual(['identity.key']);
  });

  test('with data of another cluster, whatever the rest of its files say', async () => {
    const config = configured();
    await runOnce(config);
    const other = join(made, 'other', 'node-1');
    const words = await complaint({
      ...config,
      clusterFile: join(other, 'cluster.json'),
      tls: {
        ca: join(other, 'ca.pem'),
        cert: join(other, 'cert.pem'),
        key: join(other, 'key.pem'),
      },
    });
    expect(words).toMatch(
      /The data directory \/data belongs to node node-1 of cluster [0-9a-f]{32}, not to node node-1 of cluster/,
    );
  });

  test('when its log is gone, and with it the votes it gave', async () => {
    const config = configured();
    await runOnce(config);
    rmSync(join(folder, 'data', 'store'), { recursive: true });
    await expect(runOnce(config)).rejects.toMatchObject({ reason: 'LOG_LOST' });
  });

  test('with an expired certificate', async () => {
    const config = configured();
    const twoDaysAgo = Date.now() - 2 * 86_400_000;
    await certificate({}, twoDaysAgo);
    expect(await complaint(config)).toMatch(/\/cert.pem: expired on /);
  });

  test('with a client’s certificate', async () => {
    const config = configured();
    await certificate({ role: 'app' });
    expect(await complaint(config)).toMatch(/names spiffe:\/\/quorate\/app\/node-1, not/);
  });

  test('with a node key that is no key', async () => {
    const config = configured();
    writeFileSync(config.nodeKeyFile, 'secret words\n');
    const words = await complaint(config);
    expect(words).toMatch(/must hold 64 lower-case hex characters/);
    expect(words).not.toMatch(/secret words/);
  });

  test('with an identity key that was sealed under another node key', async () => {
    const config = configured();
    rmSync(config.nodeKeyFile);
    createNodeKey(config.nodeKeyFile);
    expect(await complaint(config)).toMatch(/another node, cluster or node key/);
  });
});
