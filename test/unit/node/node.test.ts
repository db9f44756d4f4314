import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId } from '../../../src/common/index.js';
import { createCluster } from '../../../src/cli/create-cluster.js';
import { Node, readConfig } from '../../../src/node/index.js';
import type { NodeConfig } from '../../../src/node/index.js';
import { createNodeKey, issueCertificate } from '../../../src/pki/index.js';
import type { Logger } from '../../../src/ports/index.js';
import { PEER_MIDDLE, RSA_ROOT } from '../../vectors/own-authority.js';

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

function keyFileOf({ nodeKey }: NodeConfig): string {
  return nodeKey.kind === 'file' ? nodeKey.path : '';
}

async function complaint(
  config: NodeConfig,
  environment: Record<string, string | undefined> = {},
  logger = quiet,
): Promise<string> {
  try {
    await using node = await Node.open(config, logger, environment);
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
    certificate: readFileSync(join(made, 'one', 'peer-ca.pem'), 'utf8'),
    privateKey: readFileSync(join(made, 'one', 'peer-ca-key.pem'), 'utf8'),
  };
  const leaf = { role: 'tee' as const, name: 'node-1', dns: [], ips: [], days: 1, ...request };
  const issued = await issueCertificate(authority, leaf, nowMs);
  writeFileSync(join(folder, 'cert.pem'), issued.certificate);
  writeFileSync(join(folder, 'key.pem'), issued.privateKey);
}

const pemOf = (name: string) => readFileSync(join(folder, name), 'utf8');
const encrypted = (type: 'pkcs8' | 'sec1') =>
  createPrivateKey(pemOf('key.pem')).export({
    type,
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret words',
  });
const derOf = (name: string) =>
  Buffer.from(pemOf(name).replaceAll(/-----.*-----|\n/g, ''), 'base64');

test('a node listens on ports that the kernel picks, and names them', async () => {
  await using node = await Node.open(configured(), quiet);
  const { client, peer } = await node.listen();
  expect(client).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(peer).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  expect(peer).not.toBe(client);
});

test('a stopped node releases its data directory, which can be opened again', async () => {
  const config = configured();
  await (await Node.open(config, quiet))[Symbol.asyncDispose]();
  expect(await complaint(config)).toBe('nothing was thrown');
});

test('an address of a node that is no member, and a member without one, are warned of', async () => {
  const warned: unknown[] = [];
  const logger = { ...quiet, warn: (...line: unknown[]) => void warned.push(line) };
  await using node = await Node.open(configured(), logger);
  await node.listen();
  await node.start(new Map([[nodeId('node-9'), '127.0.0.1:1']]));
  expect(warned).toContainEqual([
    'An address in peers names no member and is ignored',
    { peer: 'node-9' },
  ]);
  expect(warned).toContainEqual([expect.stringContaining('has no address'), { peer: 'node-2' }]);
});

describe('a node key from the environment', () => {
  const secrets = {
    KEY: '0123456789abcdef'.repeat(4),
    WORDS: 'correct horse battery staple',
  };
  let cluster = '';
  beforeAll(async () => {
    cluster = join(made, 'secret');
    const kinds = [
      ['env', 'KEY'],
      ['passphrase', 'WORDS'],
    ] as const;
    await createCluster(
      {
        folder: cluster,
        nodes: kinds.map(([kind, variable], at) => ({
          id: nodeId(`node-${at + 1}`),
          hosts: ['127.0.0.1'],
          clientListen: '127.0.0.1:0',
          peerListen: '127.0.0.1:0',
          nodeKey: { kind, variable },
        })),
        operator: 'operator',
        days: 1,
        unsigned: true,
      },
      { ...secrets },
    );
  });
  const configOf = (node: string) =>
    readConfig({ file: join(cluster, node, 'node.yaml'), workingFolder: made });

  test.each([
    ['node-1', 'KEY'],
    ['node-2', 'WORDS'],
  ] as const)(
    'the node key in the environment opens %s, and is removed from the environment',
    async (node, variable) => {
      const environment: Record<string, string | undefined> = { ...secrets, OTHER: 'stays' };
      expect(await complaint(configOf(node), environment)).toBe('nothing was thrown');
      expect(variable in environment).toBe(false);
      expect(environment['OTHER']).toBe('stays');
      expect(existsSync(join(cluster, node, 'node.key'))).toBe(false);
    },
  );

  test('a refused node key is removed from the environment, too', async () => {
    const environment: Record<string, string | undefined> = { KEY: 'no key', WORDS: 'wrong words' };
    await complaint(configOf('node-1'), environment);
    await complaint(configOf('node-2'), environment);
    expect(environment).toEqual({});
  });

  test('a missing, malformed or wrong node key is refused without being shown', async () => {
    const none = 'there is no variable of that name, or it is empty';
    expect(await complaint(configOf('node-1'))).toMatch(`node.yaml:19: node_key.env: ${none}`);
    expect(await complaint(configOf('node-2'))).toMatch(`node_key.passphrase_env: ${none}`);
    for (const KEY of [
      'dead',
      'DEAD'.repeat(16),
      `${'dead'.repeat(16)}00`,
      `${'dead'.repeat(15)}defg`,
    ]) {
      const words = await complaint(configOf('node-1'), { KEY });
      expect(words).toMatch(/node.yaml:19: node_key.env: the variable must hold 64 lower-case hex/);
      expect(words.toLowerCase()).not.toContain('dead');
    }
    expect(await complaint(configOf('node-1'), { KEY: 'ab'.repeat(32) })).toMatch(
      /does not open: it is damaged, or of another node or node key/,
    );
  });

  test('a wrong passphrase is refused as one before any file is written', async () => {
    const data = join(cluster, 'node-2', 'data');
    const before = readdirSync(data);
    const words = await complaint(configOf('node-2'), { WORDS: 'Correct horse battery staple' });
    expect(words).toMatch(/passphrase_env: this is not the passphrase .* nothing was written/);
    expect(words).not.toContain('horse');
    expect(readdirSync(data)).toEqual(before);
    await expect(Node.open(configOf('node-2'), quiet, { WORDS: 'wrong' })).rejects.toMatchObject({
      reason: 'WRONG_PASSPHRASE',
    });
  });

  test('a node key of the wrong source is refused as one', async () => {
    const asPassphrase = {
      ...configOf('node-1'),
      nodeKey: { kind: 'passphrase', variable: 'KEY', where: 'here' } as const,
    };
    expect(await complaint(asPassphrase, { ...secrets })).toMatch(
      /sealed under a node key, not under a passphrase/,
    );
    const asKey = {
      ...configOf('node-2'),
      nodeKey: { kind: 'env', variable: 'KEY', where: 'here' } as const,
    };
    expect(await complaint(asKey, { ...secrets })).toMatch(
      /this one was sealed under a passphrase/,
    );
  });

  test('a passphrase has another salt for each data directory, and costs that no setting can lower', () => {
    const path = join(cluster, 'node-2', 'data', 'identity.key');
    const file = JSON.parse(readFileSync(path, 'utf8')) as { passphrase: object };
    expect(file.passphrase).toMatchObject({ kdf: 'scrypt', n: 2 ** 17, r: 8, p: 1 });
    writeFileSync(path, JSON.stringify({ ...file, passphrase: { ...file.passphrase, n: 2 } }));
    const opened = complaint(configOf('node-2'), { ...secrets });
    return expect(opened).resolves.toMatch(/does not open: it is no identity file/);
  });
});

describe('a node refuses to start', () => {
  test.each([
    ['its node key', 'node.key'],
    ['its certificate’s key', 'key.pem'],
  ])('a node refuses to start when other users may read %s', async (_, name) => {
    for (const mode of [0o640, 0o604, 0o620, 0o602]) {
      const config = configured();
      chmodSync(join(folder, name), mode);
      expect(await complaint(config)).toMatch(
        `/${name}: others than its owner may read or change it (mode ${mode.toString(8)})`,
      );
      rmSync(folder, { recursive: true });
    }
  });

  test('a node refuses to start beside another node in its data directory', async () => {
    const config = configured();
    await using first = await Node.open(config, quiet);
    expect(await complaint(config)).toMatch(/Another process uses the data directory \/data/);
    await first.listen();
  });

  test('a node refuses to start on a port in use, naming setting and port', async () => {
    const said: string[] = [];
    const info = (message: string): void => void said.push(message);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port } = taken.address() as AddressInfo;
    const config = configured({ 'peer.listen': `127.0.0.1:${port}` });
    const words = await complaint(config, {}, { ...quiet, info });
    taken.close();
    expect(words).toMatch(`peer.listen: cannot listen on 127.0.0.1:${port}: another process has`);
    // It has served nobody, so its log does not tell how it stops: it ends with these words.
    expect(said).toEqual(['The node has chosen its curve arithmetic']);
  });

  test.each([
    ['without a genesis', 'cluster_file', 'none.json', /cluster_file: \/none.json cannot be read/],
    [
      'with a genesis that is none',
      'cluster_file',
      'one/peer-ca.pem',
      /\/one\/peer-ca.pem: Not a JSON file/,
    ],
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
      'other/peer-ca.pem',
      /\/other\/peer-ca.pem: does not hold the authority of \/cert.pem/,
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
  ])('a node refuses to start %s', async (_, setting, value, words) => {
    expect(await complaint(configured({ [setting]: value }))).toMatch(words);
  });

  test('a node refuses to start where only signed requests are taken and no authority certifies requesters', async () => {
    const config = configured();
    const before = JSON.parse(readFileSync(config.clusterFile, 'utf8'));
    for (const unsigned of [false, true]) {
      const genesis = { ...before, requester_ca: RSA_ROOT, unsigned };
      rmSync(config.clusterFile);
      writeFileSync(config.clusterFile, JSON.stringify(genesis));
      const refused = /requester_ca holds no authority of the profile .* no request could ever/;
      const words = await complaint(config);
      expect(refused.test(words)).toBe(!unsigned);
    }
  });

  test.each([
    ['an intermediate authority', PEER_MIDDLE, /peer middle" is of an intermediate .* root only/],
    ['a leaf certificate', 'leaf', /is not of an authority/],
    ['no certificate', PEER_MIDDLE.replaceAll(/^[A-Za-z0-9+/=]+$/gm, 'AAAA'), /cannot be read/],
  ])('a node refuses to start where cluster.json trusts %s', async (_, anchor, words) => {
    for (const field of ['peer_ca', 'requester_ca']) {
      const config = configured();
      const before = JSON.parse(readFileSync(config.clusterFile, 'utf8'));
      const pem = anchor === 'leaf' ? readFileSync(config.tls.cert, 'utf8') : anchor;
      rmSync(config.clusterFile);
      writeFileSync(config.clusterFile, JSON.stringify({ ...before, [field]: pem }));
      const said = await complaint(config);
      expect(said).toMatch(`/cluster.json: ${field}: `);
      expect(said).toMatch(words);
      rmSync(folder, { recursive: true });
    }
  });

  test('a node refuses to start in the role mesh, which only follows the log', async () => {
    const config = configured();
    const genesis = readFileSync(config.clusterFile, 'utf8').replace('"tee"', '"mesh"');
    rmSync(config.clusterFile);
    writeFileSync(config.clusterFile, genesis);
    expect(await complaint(config)).toMatch(/node-1 has role mesh; this release runs only/);
  });

  test('a node refuses to start with the data of another node, and leaves it unchanged', async () => {
    const data = join(made, 'one', 'node-2', 'data');
    await complaint(configured({ data_dir: data }));
    expect(readdirSync(data).sort()).toEqual(['identity.key', 'log', 'shares']);
  });

  test('a node refuses to start with data of another cluster, whatever its other files say', async () => {
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

  test('a node refuses to start when its log is gone, and with it the votes it gave', async () => {
    const config = configured();
    await runOnce(config);
    rmSync(join(folder, 'data', 'log'), { recursive: true });
    await expect(runOnce(config)).rejects.toMatchObject({ reason: 'LOG_LOST' });
  });

  test.each(['log', 'shares'])(
    'a node refuses to start without the %s that was made with its identity, at its first start too',
    async (name) => {
      for (const spoil of [
        (path: string) => rmSync(path, { recursive: true }),
        // lmdb takes an empty file for a new store.
        (path: string) => truncateSync(join(path, 'data.mdb')),
      ]) {
        const config = configured();
        spoil(join(folder, 'data', name));
        await expect(Node.open(config, quiet)).rejects.toMatchObject({ reason: 'LOG_LOST' });
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('a node refuses to start with the store of another identity', async () => {
    const config = configured();
    const log = join(folder, 'data', 'log');
    rmSync(log, { recursive: true });
    cpSync(join(made, 'one', 'node-2', 'data', 'log'), log, { recursive: true });
    await expect(Node.open(config, quiet)).rejects.toMatchObject({
      reason: 'DATA_DIRECTORY_FOREIGN',
      message: expect.stringMatching(/belongs to the identity [0-9a-f]{64}, not to this node's/),
    });
  });

  test('a node refuses to start with an expired certificate', async () => {
    const config = configured();
    const twoDaysAgo = Date.now() - 2 * 86_400_000;
    await certificate({}, twoDaysAgo);
    expect(await complaint(config)).toMatch(/\/cert.pem: expired on /);
  });

  test('a node refuses to start with a certificate that is not valid yet', async () => {
    const config = configured();
    await certificate({}, Date.now() + 86_400_000);
    expect(await complaint(config)).toMatch(/\/cert.pem: is not valid before .* clock/);
  });

  test.each<readonly [string, string, () => string | Buffer, RegExp]>([
    ['an encrypted key', 'key.pem', () => encrypted('pkcs8'), /is encrypted/],
    ['a key encrypted in the older way', 'key.pem', () => encrypted('sec1'), /is encrypted/],
    ['an empty key', 'key.pem', () => '', /is empty/],
    ['a key that is cut off', 'key.pem', () => pemOf('key.pem').slice(0, 90), /cut off/],
    ['a key in DER', 'key.pem', () => derOf('key.pem'), /is binary/],
    ['a certificate as key', 'key.pem', () => pemOf('cert.pem'), /holds no private key in PEM/],
    ['an empty certificate', 'cert.pem', () => '\n', /is empty/],
    ['a certificate in DER', 'cert.pem', () => derOf('cert.pem'), /is binary/],
    ['a certificate that is cut off', 'cert.pem', () => pemOf('cert.pem').slice(0, 200), /cut off/],
    [
      'a damaged certificate',
      'cert.pem',
      () => pemOf('cert.pem').replace(/\nMII/, '\nMIA'),
      /read/,
    ],
    ['a key as certificate', 'cert.pem', () => pemOf('key.pem'), /holds no certificate in PEM/],
    ['an empty authority', 'ca.pem', () => '', /is empty/],
    [
      'a chain whose intermediate is cut off',
      'cert.pem',
      () => pemOf('cert.pem') + PEER_MIDDLE.slice(0, 200),
      /cut off/,
    ],
    [
      'a chain in a wrong order',
      'cert.pem',
      () => pemOf('ca.pem') + pemOf('cert.pem'),
      /SPIFFE id/,
    ],
    [
      'a chain with a strange link',
      'cert.pem',
      () => pemOf('cert.pem') + PEER_MIDDLE,
      /ca.pem: does not hold the authority of/,
    ],
  ])('a node refuses to start with %s, and names the file', async (_, name, content, words) => {
    const config = configured();
    const spoiled = content();
    rmSync(join(folder, name));
    writeFileSync(join(folder, name), spoiled, { mode: 0o600 });
    await expect(Node.open(config, quiet)).rejects.toMatchObject({
      code: 'invalid-request',
      reason: 'INVALID_CREDENTIALS',
    });
    const said = await complaint(config);
    expect(said).toMatch(words);
    expect(said).toMatch(/^ClusterError: \/[a-z]+\.pem: /);
    expect(said).not.toMatch(/routines|secret words/);
  });

  test('a node refuses to start with a client’s certificate', async () => {
    const config = configured();
    await certificate({ role: 'app' });
    expect(await complaint(config)).toMatch(/names spiffe:\/\/quorate\/app\/node-1, not/);
  });

  test('a node without an identity key is refused by the file’s name, and nothing is made', async () => {
    const config = configured({ data_dir: join(made, 'nowhere') });
    await expect(Node.open(config, quiet)).rejects.toMatchObject({
      code: 'invalid-request',
      reason: 'IDENTITY_KEY',
      message: expect.stringMatching(/nowhere\/identity.key: there is no such file/),
    });
    expect(existsSync(join(made, 'nowhere'))).toBe(false);
  });

  test('a node refuses to start with a malformed node key', async () => {
    const config = configured();
    writeFileSync(keyFileOf(config), 'secret words\n');
    const words = await complaint(config);
    expect(words).toMatch(/must hold 64 lower-case hex characters/);
    expect(words).not.toMatch(/secret words/);
  });

  test('a node refuses to start with an identity key that was sealed under another node key', async () => {
    const config = configured();
    rmSync(keyFileOf(config));
    createNodeKey(keyFileOf(config))[Symbol.dispose]();
    expect(await complaint(config)).toMatch(/another node or node key/);
  });
});
