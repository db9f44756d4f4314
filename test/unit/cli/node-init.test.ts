import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGenesis, parseMemberRequest } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { readConfig } from '../../../src/node/index.js';
import { PEER_MIDDLE, RSA_ROOT } from '../../vectors/own-authority.js';
import { quorate } from './fake-context.js';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-node-init-'));
  for (const id of ['a', 'b', 'c']) await run('node', 'init', '--node-id', id);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...argv: string[]) => quorate(argv, { folder });
const at = (...names: string[]) => join(folder, ...names);
const MEMBERS = ['--member', 'a/member.json', 'b/member.json', 'c/member.json'];
const member = (id: string) =>
  parseMemberRequest(new Uint8Array(readFileSync(at(id, 'member.json'))), (...asked) =>
    nodeVerify.identity(...asked),
  );

describe('node init', () => {
  test('node init makes keys and store for their owner only, and one public file', () => {
    const files = readdirSync(at('a'), { recursive: true, encoding: 'utf8' })
      .map((name) => `${(statSync(at('a', name)).mode & 0o777).toString(8)} ${name}`)
      .sort();
    expect(files).toEqual([
      '600 data/identity.key',
      '600 data/log/data.mdb',
      '600 data/shares/data.mdb',
      '600 key.pem',
      '600 node.key',
      '644 member.json',
      '700 data',
      '700 data/log',
      '700 data/shares',
    ]);
  });

  test('node init refuses where an identity, a store or a key is there, and changes nothing', async () => {
    const before = readFileSync(at('a', 'data', 'identity.key'), 'utf8');
    expect(await run('node', 'init', '--node-id', 'a')).toMatchObject({ status: 2 });

    for (const gone of ['member.json', 'key.pem', 'node.key']) rmSync(at('a', gone));
    const again = await run('node', 'init', '--node-id', 'a');
    expect(again).toMatchObject({ status: 6, out: '' });
    expect(again.err).toMatch(/identity\.key is there already/);
    expect(readFileSync(at('a', 'data', 'identity.key'), 'utf8')).toBe(before);

    rmSync(at('a', 'data', 'identity.key'));
    expect((await run('node', 'init', '--node-id', 'a')).err).toMatch(/data\/log is there already/);

    rmSync(at('a'), { recursive: true });
    expect(await run('node', 'init', '--node-id', 'a')).toMatchObject({ status: 0 });
  });

  test('node init takes a node key from a variable and leaves no file of it', async () => {
    const flags = ['--node-id', 'd', '--node-key-passphrase-env', 'WORDS', '--json'];
    const environment = { WORDS: 'six random words are good' };
    const ran = await quorate(['node', 'init', ...flags], { folder, environment });
    expect(ran).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(ran.out)).toMatchObject({ node_id: 'd', folder: at('d') });
    expect(ran.out).not.toContain('random words');
    expect(environment).toEqual({});
    expect(readdirSync(at('d')).sort()).toEqual(['data', 'key.pem', 'member.json']);
  });

  test.each([
    ['no node id', [], /--node-id/],
    ['an id that is none', ['--node-id', 'A'], /"A" must be lower-case/],
    ['a secret in place of its variable', ['--node-id', 'z', '--node-key-env', 'beef'], /capital/],
    ['a variable that is not there', ['--node-id', 'z', '--node-key-env', 'KEY'], /no variable/],
  ])('node init refuses %s and makes nothing', async (_, flags, words) => {
    const ran = await run('node', 'init', ...flags);
    expect(ran).toMatchObject({ status: 2, out: '' });
    expect(ran.err).toMatch(words);
    expect(ran.err).not.toContain('beef');
    expect(readdirSync(folder)).not.toContain('z');
  });
});

describe('certs init with public halves', () => {
  test('the genesis has the identity keys of the nodes, and each certificate is for its TLS key', async () => {
    const hosts = ['--host', 'a=a.example.org:8400', '--host', 'b=::1', '--host', 'c=[::1]:9000'];
    const variable = ['--node-key-env', 'a=KEY_A'];
    const ran = await run('certs', 'init', '--out', 'made', ...MEMBERS, ...hosts, ...variable);
    expect(ran).toMatchObject({ status: 0 });

    const genesis = parseGenesis(new Uint8Array(readFileSync(at('made', 'cluster.json'))));
    for (const id of ['a', 'b', 'c']) {
      const { identityKey, tlsKey } = member(id);
      expect(genesis.members.find(({ nodeId }) => nodeId === id)?.identityKey).toEqual(identityKey);
      const { publicKey } = new X509Certificate(readFileSync(at('made', id, 'cert.pem')));
      const spki = publicKey.export({ type: 'spki', format: 'der' });
      expect(Uint8Array.from(spki)).toEqual(tlsKey);
      expect(readdirSync(at('made', id)).sort()).toEqual([
        'ca.pem',
        'cert.pem',
        'cluster.json',
        'node.yaml',
      ]);
    }
    const config = readConfig({ file: at('made', 'a', 'node.yaml'), workingFolder: '/' });
    expect(config.client.listen).toBe('0.0.0.0:8400');
    expect(config.nodeKey).toMatchObject({ kind: 'env', variable: 'KEY_A' });
    expect([...config.peers.values()]).toEqual(['[::1]:7401', '[::1]:9001']);
    const client = JSON.parse(readFileSync(at('made', 'operator', 'client.json'), 'utf8'));
    expect(client.endpoints).toEqual(['a.example.org:8400', '[::1]:7400', '[::1]:9000']);
  });

  test.each([
    ['node_id', 'b'],
    ['identity_key', '00'.repeat(32)],
    ['tls_key', '00'.repeat(91)],
    ['proof', '00'.repeat(64)],
    ['role', 'mesh'],
  ])('a public half whose %s was changed on its way is refused', async (field, value) => {
    const before = JSON.parse(readFileSync(at('a', 'member.json'), 'utf8'));
    writeFileSync(at('changed.json'), JSON.stringify({ ...before, [field]: value }));
    const ran = await run('certs', 'init', '--out', 'no', '--member', 'changed.json');
    expect(ran).toMatchObject({ status: 2 });
    expect(ran.err).toMatch(/--member: changed.json: .*proof: Is not a signature/);
    expect(readdirSync(folder)).not.toContain('no');
  });

  test.each([
    [
      'one file twice',
      ['--member', 'a/member.json', 'a/member.json'],
      /two files are of the node a/,
    ],
    ['members and nodes', [...MEMBERS, '--nodes', 'a,b,c'], /give one of them/],
    ['a file that is not there', ['--member', 'x.json'], /x.json cannot be read/],
    ['one node', ['--nodes', 'a'], /one node can never make a key/],
    ['two nodes', ['--member', 'a/member.json', 'b/member.json'], /two nodes tolerates no loss/],
    ['two ports', [...MEMBERS, '--host', 'a=x:1', '--host', 'a=y:2'], /a has two ports, 1 and 2/],
    ['no port', [...MEMBERS, '--host', 'a=x:65535'], /from 1 to 65534/],
    ['an unknown limit', ['--limit', 'keys=1'], /one of open_generate_tasks_max, .*keys_max/],
    ['a limit that is no number', ['--limit', 'keys_max=-1'], /--limit must be name=number/],
    ['a limit above its ceiling', ['--limit', 'keys_max=1000001'], /must be from 1 to 1000000/],
    ['an intermediate authority', ['--peer-ca', 'middle.pem'], /is of an intermediate authority/],
    ['an authority out of the profile', ['--requester-ca', 'rsa.pem'], /not of the profile/],
    ['an authority that is none', ['--requester-ca', 'a/key.pem'], /holds no certificate in PEM/],
    ['an authority that is not there', ['--peer-ca', 'x.pem'], /--peer-ca: x.pem cannot be read/],
  ])('certs init refuses %s and makes nothing', async (_, flags, words) => {
    writeFileSync(at('middle.pem'), PEER_MIDDLE);
    writeFileSync(at('rsa.pem'), RSA_ROOT);
    const ran = await run('certs', 'init', '--out', 'no', ...flags);
    expect(ran).toMatchObject({ status: 2, out: '' });
    expect(ran.err).toMatch(words);
    expect(readdirSync(folder)).not.toContain('no');
  });

  test('with an authority of the owner’s own, the certificate is asked for the key that the node has', async () => {
    const flags = ['--peer-ca', 'made/peer-ca.pem', '--requester-ca', 'made/requester-ca.pem'];
    const own = await run('certs', 'init', '--out', 'own', ...MEMBERS, ...flags);
    expect(own.status).toBe(0);
    const [nodes = '', operator = ''] = own.err.split('Let your authority');
    expect(nodes).toMatch(/`tls_key` in member.json .*beside the key.pem .*has made already:$/m);
    expect(nodes).toContain('  a  spiffe://quorate/tee/a\n');
    expect(nodes).not.toContain('operator');
    expect(operator).toMatch(/and key.pem into the folder:\n {2}operator {2}spiffe:/);
    expect(operator).not.toContain('/tee/');
  });

  test('a cluster of two is made for an operator that says so', async () => {
    const ran = await run(
      'certs',
      'init',
      '--out',
      'two',
      '--nodes',
      'a,b',
      '--allow-no-redundancy',
    );
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.err).toMatch(/destroy the copies here/);
  });
});
