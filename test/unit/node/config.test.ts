import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId } from '../../../src/common/index.js';
import { readConfig } from '../../../src/node/index.js';
import { workersByDefault } from '../../../src/machine/index.js';
import type { ConfigSources } from '../../../src/node/index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = join(folder, 'node.yaml');
  writeFileSync(file, text);
  return file;
}

function read(text: string, more: Partial<ConfigSources> = {}) {
  return readConfig({ file: fileWith(text), workingFolder: '/elsewhere', ...more });
}

function message(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error).replaceAll(folder, '');
  }
  return 'nothing was thrown';
}

const WHOLE = `
node_id: node-1
data_dir: data
cluster_file: ../cluster.json
peers: { node-2: node-2.internal:7401, node-3: "[::1]:7401" }
client: { listen: 0.0.0.0:7400, advertise: node-1.example.org:443 }
peer: { listen: 0.0.0.0:7401 }
tls: { ca: ca.pem, cert: cert.pem, key: /run/secrets/key.pem }
node_key: { file: node.key }
`;

describe('a complete configuration file', () => {
  test('a configuration file gives every setting, with paths relative to its folder', () => {
    expect(read(WHOLE)).toEqual({
      nodeId: 'node-1',
      dataDir: join(folder, 'data'),
      clusterFile: join(folder, '..', 'cluster.json'),
      peers: new Map([
        [nodeId('node-2'), 'node-2.internal:7401'],
        [nodeId('node-3'), '[::1]:7401'],
      ]),
      client: { listen: '0.0.0.0:7400', advertise: 'node-1.example.org:443' },
      peer: { listen: '0.0.0.0:7401' },
      probes: { listen: undefined },
      metrics: { listen: undefined },
      gracePeriodMs: 25_000,
      tls: {
        ca: join(folder, 'ca.pem'),
        cert: join(folder, 'cert.pem'),
        key: '/run/secrets/key.pem',
      },
      nodeKey: {
        kind: 'file',
        path: join(folder, 'node.key'),
        where: `${join(folder, 'node.yaml')}:9`,
      },
      store: { kind: 'embedded', mongodb: undefined },
      workers: workersByDefault(),
      presignatures: 16,
      checkpointBytes: 64 * 2 ** 20,
      audit: { filesKept: 256 },
      performanceMonitor: 'on',
      cryptoBackend: 'auto',
      logLevel: 'info',
    });
  });
});

test('a configuration file names its format; without one it is of the first format', () => {
  expect(read(`${WHOLE}\nformat: 1`)).toEqual(read(WHOLE));
  expect(message(() => read(`${WHOLE}format: 2`))).toMatch(
    /node.yaml:10: format: must be 1: a later release wrote this file$/,
  );
});

test('files of the audit log that stay have a default and bounds', () => {
  expect(read(`${WHOLE}\naudit: { kept: 2 }`).audit.filesKept).toBe(2);
  const flags = { 'audit.kept': '1' };
  expect(message(() => read(WHOLE, { flags }))).toMatch(
    /--audit-kept: audit.kept: must be 2 or more/,
  );
});

describe('presignatures', () => {
  test('as many are kept as file, variable or flag say, and sixteen else', () => {
    expect(read(WHOLE).presignatures).toBe(16);
    expect(read(`${WHOLE}\npresignatures: 0`).presignatures).toBe(0);
    const environment = { QUORATE_PRESIGNATURES: '64' };
    expect(read(WHOLE, { environment }).presignatures).toBe(64);
  });

  test('more than the bound of one pool are refused', () => {
    expect(message(() => read(WHOLE, { flags: { presignatures: '65' } }))).toMatch(
      /--presignatures: presignatures: must be 64 at most/,
    );
  });
});

describe('performance_monitor', () => {
  test('the mode comes from file, variable or flag', () => {
    expect(read(`${WHOLE}\nperformance_monitor: observe`).performanceMonitor).toBe('observe');
    const environment = { QUORATE_PERFORMANCE_MONITOR: 'off' };
    expect(read(WHOLE, { environment }).performanceMonitor).toBe('off');
    const flags = { performance_monitor: 'sometimes' };
    expect(message(() => read(WHOLE, { flags }))).toMatch(/must be one of on, observe, off/);
  });
});

describe('crypto_backend', () => {
  test('the kind of curve arithmetic comes from file, variable or flag', () => {
    expect(read(`${WHOLE}\ncrypto_backend: wasm`).cryptoBackend).toBe('wasm');
    const environment = { QUORATE_CRYPTO_BACKEND: 'javascript' };
    expect(read(WHOLE, { environment }).cryptoBackend).toBe('javascript');
    expect(read(WHOLE, { flags: { crypto_backend: 'native' } }).cryptoBackend).toBe('native');
  });

  test('a kind that there is none of is refused, with the kinds that there are', () => {
    expect(message(() => read(WHOLE, { flags: { crypto_backend: 'gmp' } }))).toMatch(
      /--crypto-backend: crypto_backend: must be one of auto, native, wasm, javascript/,
    );
  });
});

describe('store', () => {
  const MONGO = `${WHOLE}store: { kind: mongodb, uri: "mongodb://m:27017/?tls=true", database: quorate_1, tls_ca: mongo-ca.pem }`;

  test('a database for key shares comes from the file, with paths relative to its folder', () => {
    expect(read(MONGO).store).toEqual({
      kind: 'mongodb',
      mongodb: {
        uri: { text: 'mongodb://m:27017/?tls=true' },
        database: 'quorate_1',
        tls: { ca: join(folder, 'mongo-ca.pem'), cert: undefined, key: undefined },
      },
    });
  });

  test('a connection string in a file or variable takes the place of the one in the configuration file', () => {
    const flags = { 'store.uri_file': 'uri' };
    expect(read(MONGO, { flags }).store.mongodb?.uri).toEqual({ file: '/elsewhere/uri' });
    const environment = { QUORATE_STORE_URI: 'mongodb://user:S3cret@m/' };
    expect(read(MONGO, { environment }).store.mongodb?.uri).toEqual({
      text: 'mongodb://user:S3cret@m/',
    });
  });

  test.each([
    ['a password in the file', { text: 'uri: "mongodb://user:S3cret@m/", database: d' }],
    ['a password in a flag', { flag: 'mongodb://user:S3cret@m/' }],
    ['no connection string', { flag: 'user:S3cret@m' }],
    ['an unchecked certificate', { flag: 'mongodb://S3cret@m/?tlsAllowInvalidCertificates=true' }],
  ])(
    '%s is refused, and is not shown',
    (_, { text = 'database: d', flag }: { text?: string; flag?: string }) => {
      const flags = { 'store.uri': flag };
      const said = message(() => read(`${WHOLE}store: { kind: mongodb, ${text} }`, { flags }));
      expect(said).toMatch(/store.uri: must/);
      expect(said).not.toContain('S3cret');
    },
  );

  test.each([
    ['store.uri', 'kind: mongodb, database: d'],
    ['store.database', 'kind: mongodb, uri: "mongodb://m/"'],
    ['store.database', 'kind: embedded, uri: "mongodb://m/"'],
    ['store.tls_key', 'kind: mongodb, uri: "mongodb://m/", database: d, tls_cert: c'],
  ])('a database without %s is refused', (field, text) => {
    expect(message(() => read(`${WHOLE}store: { ${text} }`))).toContain(`${field}: is missing`);
  });

  test('a store is of a kind that there is, and a database has a plain name', () => {
    const flags = { 'store.kind': 'mysql' };
    expect(message(() => read(WHOLE, { flags }))).toMatch(/must be one of embedded, mongodb/);
    const wrong = { 'store.database': 'a/b' };
    expect(message(() => read(MONGO, { flags: wrong }))).toMatch(/must name a database/);
  });
});

describe('log_level', () => {
  test('the level of the log comes from file, variable or flag', () => {
    expect(read(WHOLE).logLevel).toBe('info');
    expect(read(`${WHOLE}\nlog_level: warn`).logLevel).toBe('warn');
    expect(read(WHOLE, { environment: { QUORATE_LOG_LEVEL: 'error' } }).logLevel).toBe('error');
    expect(read(WHOLE, { flags: { log_level: 'debug' } }).logLevel).toBe('debug');
  });

  test('a level that there is none of is refused, with the levels that there are', () => {
    expect(message(() => read(WHOLE, { flags: { log_level: 'loud' } }))).toMatch(
      /--log-level: log_level: must be one of debug, info, warn, error/,
    );
  });
});

describe('workers', () => {
  test('the number of workers comes from file, variable or flag, and may be none', () => {
    expect(read(`${WHOLE}\nworkers: 3`).workers).toBe(3);
    expect(read(WHOLE, { environment: { QUORATE_WORKERS: '0' } }).workers).toBe(0);
    expect(read(WHOLE, { flags: { workers: '64' } }).workers).toBe(64);
  });

  test.each(['-1', '65', '1.5', 'many'])('the number of workers is never %s', (count) => {
    expect(message(() => read(WHOLE, { flags: { workers: count } }))).toMatch(
      /--workers: workers: must be/,
    );
  });
});

describe('precedence of settings', () => {
  const environment = { QUORATE_CLIENT_LISTEN: '127.0.0.1:2', QUORATE_DATA_DIR: 'from-env' };

  test('an environment variable wins over the configuration file', () => {
    expect(read(WHOLE, { environment }).client.listen).toBe('127.0.0.1:2');
  });

  test('a flag wins over the environment variable', () => {
    const flags = { 'client.listen': '127.0.0.1:3' };
    expect(read(WHOLE, { environment, flags }).client.listen).toBe('127.0.0.1:3');
  });

  test('the configuration file wins over the default', () => {
    expect(read(WHOLE).peer.listen).toBe('0.0.0.0:7401');
    expect(read('node_id: node-1').peer.listen).toBe('127.0.0.1:7401');
  });

  test('an empty environment variable counts as none', () => {
    expect(read(WHOLE, { environment: { QUORATE_NODE_ID: '' } }).nodeId).toBe('node-1');
  });

  test('paths of the environment stand on the working folder, those of defaults beside the file', () => {
    const config = read('node_id: node-1', { environment });
    expect(config.dataDir).toBe('/elsewhere/from-env');
    expect(config.nodeKey).toMatchObject({ path: join(folder, 'node.key'), where: 'the default' });
  });

  test('a node needs no configuration file', () => {
    const flags = { node_id: 'node-9', peers: 'node-1=a:1,node-2=b:2' };
    const config = readConfig({ flags, workingFolder: '/work' });
    expect(config.dataDir).toBe('/work/data');
    expect([...config.peers]).toEqual([
      ['node-1', 'a:1'],
      ['node-2', 'b:2'],
    ]);
  });
});

describe('the setting of the node key', () => {
  const WITHOUT = WHOLE.replace(/\nnode_key.*\n/, '\n');

  test('the node key comes from a file, a variable, or a passphrase in a variable', () => {
    expect(read(`${WITHOUT}\nnode_key: { file: a.key }`).nodeKey).toMatchObject({
      kind: 'file',
      path: join(folder, 'a.key'),
    });
    expect(read(`${WITHOUT}\nnode_key: { env: NODE_KEY }`).nodeKey).toEqual({
      kind: 'env',
      variable: 'NODE_KEY',
      where: `${join(folder, 'node.yaml')}:10`,
    });
    expect(read(`${WITHOUT}\nnode_key:\n  passphrase_env: WORDS`).nodeKey).toEqual({
      kind: 'passphrase',
      variable: 'WORDS',
      where: `${join(folder, 'node.yaml')}:11`,
    });
  });

  test('the strongest source of settings decides how the node key is given', () => {
    const environment = { QUORATE_NODE_KEY_ENV: 'KEY' };
    expect(read(WHOLE, { environment }).nodeKey).toEqual({
      kind: 'env',
      variable: 'KEY',
      where: 'QUORATE_NODE_KEY_ENV',
    });
    const flags = { 'node_key.passphrase_env': 'WORDS' };
    expect(read(WHOLE, { environment, flags }).nodeKey).toEqual({
      kind: 'passphrase',
      variable: 'WORDS',
      where: '--node-key-passphrase-env',
    });
    const back = { 'node_key.file': 'b.key' };
    expect(read(`${WITHOUT}\nnode_key: { env: KEY }`, { flags: back }).nodeKey).toMatchObject({
      kind: 'file',
      path: '/elsewhere/b.key',
    });
  });

  test.each([
    [
      'two ways in the file',
      () => read(`${WITHOUT}\nnode_key:\n  file: a\n  env: KEY`),
      /\/node.yaml:12: node_key.env: node_key.file is there too; give one of them$/,
    ],
    [
      'two ways in the environment',
      () =>
        read(WHOLE, {
          environment: { QUORATE_NODE_KEY_ENV: 'A', QUORATE_NODE_KEY_PASSPHRASE_ENV: 'B' },
        }),
      /: QUORATE_NODE_KEY_PASSPHRASE_ENV: node_key.passphrase_env: node_key.env is there too/,
    ],
    [
      'two flags',
      () => read(WHOLE, { flags: { 'node_key.env': 'A', 'node_key.file': 'B' } }),
      /: --node-key-env: node_key.env: node_key.file is there too/,
    ],
    [
      'another way',
      () => read(`${WITHOUT}\nnode_key: { vault: x }`),
      /\/node.yaml:10: node_key.vault: no such setting/,
    ],
    [
      'a list',
      () => read(`${WITHOUT}\nnode_key: [a]`),
      /\/node.yaml:10: node_key: expected object, received array$/,
    ],
  ])('a node key given as %s is refused', (_, run, expected) => {
    expect(message(run)).toMatch(expected);
  });

  test.each([
    'ab'.repeat(32),
    'AB'.repeat(32),
    'q83vq83vq83vq83vq83vq83vq83vq83vq83vq83vq80=',
    'six random words',
  ])('a node key in place of its variable’s name is not shown: %s', (secret) => {
    for (const way of ['env', 'passphrase_env']) {
      const words = message(() => read(`${WITHOUT}\nnode_key: { ${way}: "${secret}" }`));
      expect(words).toMatch(new RegExp(`node.yaml:10: node_key.${way}: must name a variable`));
      expect(words).not.toContain(secret);
    }
  });
});

describe('errors of the configuration name the setting and its place', () => {
  test.each([
    [
      'a missing file',
      () => readConfig({ file: '/no/such.yaml', workingFolder: '/' }),
      /^ClusterError: \/no\/such.yaml: cannot be read: there is no such file$/,
    ],
    ['text that is not YAML', () => read('node_id: [\n'), /\/node.yaml:2: /],
    [
      'an alias of nothing',
      () => read('node_id: *a'),
      /\/node.yaml: has an alias that leads nowhere/,
    ],
    ['a file that is no map', () => read('- a\n- b'), /\/node.yaml: must be a list of settings/],
    [
      'a missing node id',
      () => read('data_dir: x'),
      /\/node.yaml: node_id: is missing; set it here, by QUORATE_NODE_ID, or by --node-id$/,
    ],
    [
      'a bad address',
      () => read('node_id: a\nclient:\n  listen: nowhere'),
      /\/node.yaml:3: client.listen: must be host:port, .* \(it is "nowhere"\)$/,
    ],
    [
      'a port that is too high',
      () => read('node_id: a\npeer: { listen: "a:70000" }'),
      /\/node.yaml:2: peer.listen: must be host:port/,
    ],
    [
      'a number for an id',
      () => read('node_id: 1'),
      /\/node.yaml:1: node_id: must be text: write it in quotes$/,
    ],
    [
      'a bad id',
      () => read('node_id: Node 1'),
      /\/node.yaml:1: node_id: must be lower-case letters/,
    ],
    [
      'an unknown setting',
      () => read('node_id: a\nclinet: { listen: "a:1" }'),
      /\/node.yaml:2: clinet: no such setting; there are node_id, /,
    ],
    [
      'an unknown inner setting',
      () => read('node_id: a\ntls:\n  certificate: x'),
      /\/node.yaml:3: tls.certificate: no such setting/,
    ],
    [
      'a map that is none',
      () => read('node_id: a\nclient: 5'),
      /\/node.yaml:?2?: client: expected object, received number$/,
    ],
    [
      'a bad peer',
      () => read('node_id: a\npeers:\n  Node-2: "a:1"'),
      /\/node.yaml:3: peers.Node-2: must be lower-case letters/,
    ],
    [
      'a setting given twice',
      () => read('node_id: a\nnode_id: b'),
      /\/node.yaml:2: Map keys must be unique/,
    ],
    [
      'a bad variable',
      () => read(WHOLE, { environment: { QUORATE_PEER_LISTEN: 'x' } }),
      /^ClusterError: QUORATE_PEER_LISTEN: peer.listen: must be host:port/,
    ],
    [
      'bad peers in a flag',
      () => read(WHOLE, { flags: { peers: 'node-2' } }),
      /^ClusterError: --peers: "node-2" must be id=host:port$/,
    ],
  ])('an error of the configuration names setting and place: %s', (_, run, expected) => {
    expect(message(run)).toMatch(expected);
  });
});

describe('checkpoint_mib', () => {
  test('the log grows as far between two checkpoints as file, variable or flag say, and 64 MiB else', () => {
    expect(read(`${WHOLE}\ncheckpoint_mib: 1`).checkpointBytes).toBe(2 ** 20);
    const environment = { QUORATE_CHECKPOINT_MIB: '1024' };
    expect(read(WHOLE, { environment }).checkpointBytes).toBe(2 ** 30);
  });

  test.each([
    ['0', /--checkpoint-mib: checkpoint_mib: must be 1 MiB or more/],
    ['1025', /--checkpoint-mib: checkpoint_mib: must be 1024 MiB at most/],
    ['1.5', /--checkpoint-mib: checkpoint_mib: must be whole MiB/],
    ['some', /--checkpoint-mib: checkpoint_mib: must be a number of MiB/],
  ])('%s is refused', (text, words) => {
    expect(message(() => read(WHOLE, { flags: { checkpoint_mib: text } }))).toMatch(words);
  });
});
