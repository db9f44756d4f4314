import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId } from '../../../src/common/index.js';
import { parseGenesis } from '../../../src/identity/index.js';
import { readConfig } from '../../../src/node/index.js';
import { loadNodeKey, openIdentity } from '../../../src/pki/index.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

let folder = '';
let ran: Ran;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-certs-'));
  const hosts = ['--host', 'b=b.example.org', '--host', 'b=10.0.0.2', '--host', 'c=::1'];
  ran = await quorate(
    ['certs', 'init', '--out', 'made', '--nodes', 'a,b,c', ...hosts, '--unsigned', '--json'],
    { folder },
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => join(folder, 'made', ...names);
const certificate = (...names: string[]) => new X509Certificate(readFileSync(at(...names)));
const daysOf = (place: string) =>
  Math.round((Date.parse(certificate(place, 'cert.pem').validTo) - Date.now()) / 86_400_000);
const genesis = () => parseGenesis(readFileSync(at('cluster.json')));

/** Mode and name of every file of a node's folder. */
function nodeFiles(id: string): string[] {
  return [
    `700 ${id}`,
    `644 ${id}/ca.pem`,
    `644 ${id}/cert.pem`,
    `644 ${id}/cluster.json`,
    `700 ${id}/data`,
    `600 ${id}/data/identity.key`,
    `700 ${id}/data/log`,
    `600 ${id}/data/log/data.mdb`,
    `700 ${id}/data/shares`,
    `600 ${id}/data/shares/data.mdb`,
    `600 ${id}/key.pem`,
    `600 ${id}/node.key`,
    `644 ${id}/node.yaml`,
  ];
}

describe('the files of certs init', () => {
  test('certs init writes exactly the documented files, secrets readable by their owner alone', () => {
    const files = readdirSync(at(), { recursive: true, encoding: 'utf8' })
      .map((name) => ({ name, mode: (statSync(at(name)).mode & 0o777).toString(8) }))
      .map(({ name, mode }) => `${mode} ${name}`)
      .sort();
    const operator = [
      '700 operator',
      ...['ca.pem', 'cert.pem', 'client.json', 'cluster.json'].map(
        (name) => `644 operator/${name}`,
      ),
      '600 operator/key.pem',
    ];
    const top = [
      '644 cluster.json',
      '600 peer-ca-key.pem',
      '644 peer-ca.pem',
      '600 requester-ca-key.pem',
      '644 requester-ca.pem',
    ];
    expect(files).toEqual(
      [...top, ...operator, ...nodeFiles('a'), ...nodeFiles('b'), ...nodeFiles('c')].sort(),
    );
  });

  test('certs init --json prints one object that names the files', () => {
    expect(ran).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(ran.out)).toEqual({
      cluster_id: genesis().clusterId,
      folder: at(),
      nodes: ['a', 'b', 'c'],
      unsigned_requests: true,
      operators_sign: false,
    });
  });
});

describe('the genesis of certs init', () => {
  test('every node gets the same genesis file', () => {
    const top = readFileSync(at('cluster.json'), 'utf8');
    for (const place of ['a', 'b', 'c', 'operator']) {
      expect(readFileSync(at(place, 'cluster.json'), 'utf8')).toBe(top);
    }
  });

  test('the genesis has for each node the identity key that its node key opens', async () => {
    const { members } = genesis();
    for (const member of members) {
      using nodeKey = await loadNodeKey(
        { kind: 'file', path: at(member.nodeId, 'node.key'), where: 'test' },
        member.nodeId,
        {},
        '',
      );
      const signer = openIdentity(
        at(member.nodeId, 'data', 'identity.key'),
        member.nodeId,
        nodeKey.bytes,
      );
      expect(signer.publicKey).toEqual(member.identityKey);
    }
  });
});

describe('the certificates of certs init', () => {
  test('certificates name the node or client, its role and the given hosts', () => {
    expect(certificate('b', 'cert.pem').subjectAltName).toBe(
      'URI:spiffe://quorate/tee/b, DNS:b.example.org, IP Address:10.0.0.2',
    );
    expect(certificate('operator', 'cert.pem').subjectAltName).toBe(
      'URI:spiffe://quorate/operator/operator',
    );
  });

  test('nodes and requesters have certificates of two different authorities', () => {
    const [peers, requesters] = [certificate('peer-ca.pem'), certificate('requester-ca.pem')];
    for (const node of ['a', 'b', 'c']) {
      expect(certificate(node, 'cert.pem').verify(peers.publicKey)).toBe(true);
      expect(readFileSync(at(node, 'ca.pem'), 'utf8')).toBe(genesis().peerCa);
    }
    expect(certificate('operator', 'cert.pem').verify(requesters.publicKey)).toBe(true);
    expect(certificate('operator', 'cert.pem').verify(peers.publicKey)).toBe(false);
    expect(readFileSync(at('operator', 'ca.pem'), 'utf8')).toBe(genesis().peerCa);
    expect(genesis().requesterCa).toBe(readFileSync(at('requester-ca.pem'), 'utf8'));
    expect(genesis().requesterCa).not.toBe(genesis().peerCa);
  });

  test('certificates of certs init are valid for 90 days, those of nodes some days apart', () => {
    expect(['operator', 'a', 'b', 'c'].map(daysOf)).toEqual([90, 90, 87, 84]);
  });
});

describe('the configurations of certs init', () => {
  test('each node configuration parses and has the addresses of the other nodes', () => {
    const config = readConfig({ file: at('c', 'node.yaml'), workingFolder: '/' });
    expect(config).toMatchObject({
      nodeId: 'c',
      dataDir: at('c', 'data'),
      clusterFile: at('c', 'cluster.json'),
      client: { listen: '[::]:7400' },
      nodeKey: { kind: 'file', path: at('c', 'node.key') },
    });
    expect(config.peers).toEqual(
      new Map([
        [nodeId('a'), '127.0.0.1:7401'],
        [nodeId('b'), 'b.example.org:7401'],
      ]),
    );
  });

  test("the operator's client file says all that a client needs", () => {
    expect(JSON.parse(readFileSync(at('operator', 'client.json'), 'utf8'))).toEqual({
      format: 1,
      endpoints: ['127.0.0.1:7400', 'b.example.org:7400', '[::1]:7400'],
      ca: 'ca.pem',
      cert: 'cert.pem',
      key: 'key.pem',
      cluster_file: 'cluster.json',
    });
  });
});

describe('certs init refuses and writes nothing', () => {
  test('certs init overwrites no file that exists', async () => {
    const before = readFileSync(at('cluster.json'), 'utf8');
    const { status, err } = await quorate(['certs', 'init', '--out', 'made'], { folder });
    expect(err).toMatch(/made\/cluster.json is there already, and nothing is ever overwritten/);
    expect(err).toMatch(/Choose another folder with --out, or remove this one/);
    expect(status).toBe(2);
    expect(readFileSync(at('cluster.json'), 'utf8')).toBe(before);
  });

  test.each([
    ['a node that is no id', ['--nodes', 'a,B'], /"B" must be lower-case/],
    ['a node named twice', ['--nodes', 'a,a'], /a node is named twice/],
    ['a host for an unknown node', ['--host', 'x=y'], /x is not among the nodes/],
    ['a host without a node', ['--host', 'node-1'], /must be node=host/],
    ['an address with a zone id', ['--host', 'node-1=fe80::1%eth0'], /a zone id means nothing/],
    ['a name that is no host', ['--host', 'node-1=a b'], /"a b" is no DNS name or IP address/],
    ['an operator that is no id', ['--operator', 'Ann O.'], /"Ann O." is no id/],
    ['an unlimited number of days', ['--days', '99999'], /from 1 to/],
  ])('certs init refuses %s', async (_, flags, words) => {
    const { status, err } = await quorate(['certs', 'init', '--out', 'other', ...flags], {
      folder,
    });
    expect(err).toMatch(words);
    expect(status).toBe(2);
    expect(readdirSync(folder)).toEqual(['made']);
  });
});

function init(args: readonly string[], environment: Record<string, string>, out: string) {
  const nodes = ['--out', out, '--nodes', 'a,b,c', '--unsigned'];
  return quorate(['certs', 'init', ...nodes, ...args], { folder, environment });
}

describe('node keys from environment variables', () => {
  const KEYS = ['--node-key-env', 'a=KEY_A', '--node-key-env', 'b=KEY_B'];
  const WORDS = [
    '--node-key-passphrase-env',
    'a=WORDS_A',
    '--node-key-passphrase-env',
    'b=WORDS_B',
  ];

  test('a node key from a variable leaves no file, and the configuration has the variable’s name', async () => {
    const args = ['--node-key-env', 'a=KEY_A', '--node-key-passphrase-env', 'b=WORDS_B'];
    const environment = { KEY_A: 'ab'.repeat(32), WORDS_B: 'six random words are good' };
    expect(await init(args, environment, 'mixed')).toMatchObject({ status: 0 });

    const inA = (name: string) => join(folder, 'mixed', 'a', name);
    expect(readdirSync(inA('.')).sort()).not.toContain('node.key');
    expect(readFileSync(inA('node.yaml'), 'utf8')).toMatch(/node_key:\n {2}env: KEY_A\n/);
    const yaml = readFileSync(join(folder, 'mixed', 'b', 'node.yaml'), 'utf8');
    expect(yaml).toMatch(/node_key:\n {2}passphrase_env: WORDS_B\n/);
    expect(readdirSync(join(folder, 'mixed', 'c'))).toContain('node.key');
    expect(environment).toEqual({});
  });

  test.each([
    ['missing variables', KEYS, {}, 'a: node_key.env: there is no variable of that name'],
    ['malformed keys', KEYS, { KEY_A: 'beef' }, 'a: the variable must hold 64 lower-case hex'],
    [
      'one key for two nodes',
      KEYS,
      { KEY_A: 'ab'.repeat(32), KEY_B: 'ab'.repeat(32) },
      'a and b have the same secret: each node needs its own',
    ],
    ['short passphrases', WORDS, { WORDS_A: 'beef' }, 'a: a passphrase needs at least 16'],
    [
      'a key for an unknown node',
      ['--node-key-env', 'z=KEY'],
      {},
      '--node-key-env: z is not among the nodes',
    ],
    [
      'two keys for one node',
      ['--node-key-env', 'a=KEY', '--node-key-passphrase-env', 'a=WORDS'],
      {},
      'a: give one of --node-key-env and --node-key-passphrase-env',
    ],
    [
      'a key in place of its variable’s name',
      ['--node-key-env', `a=${'beef'.repeat(16)}`],
      {},
      '--node-key-env must be node=VARIABLE',
    ],
  ])('certs init refuses node keys and makes nothing: %s', async (_, args, environment, words) => {
    const refused = await init(args, { ...environment }, 'refused');
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toContain(words);
    expect(refused.err).not.toContain('beef');
    expect(readdirSync(folder)).not.toContain('refused');
  });
});
