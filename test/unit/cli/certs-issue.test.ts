import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGenesis, Requesters } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { tlsRefusal } from '../../../src/rpc/index.js';
import { PEER_MIDDLE, PEER_MIDDLE_KEY, PEER_ROOT } from '../../vectors/own-authority.js';
import { quorate } from './fake-context.js';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-issue-'));
  await quorate(['certs', 'init', '--nodes', 'a,b,c', '--out', 'cluster'], { folder });
});
afterAll(() => rmSync(folder, { recursive: true }));

const issue = (...flags: string[]) => quorate(['certs', 'issue', ...flags], { folder });
const run = (...argv: string[]) => quorate(argv, { folder });
const namesOf = (...names: string[]) => new X509Certificate(text(...names)).subjectAltName;
const at = (...names: string[]) => join(folder, ...names);
const text = (...names: string[]) => readFileSync(at(...names), 'utf8');
const genesis = () => parseGenesis(readFileSync(at('cluster', 'cluster.json')));

/** How long a certificate is still good, in whole days. */
function daysOf(name: string): number {
  const { validTo } = new X509Certificate(text(name, 'cert.pem'));
  return Math.round((Date.parse(validTo) - Date.now()) / 86_400_000);
}

/** Whom nodes take the holder of a certificate for. */
function namedBy(bundle: string, ...names: string[]): string {
  const requesters = new Requesters(bundle, (...asked) => nodeVerify.certified(...asked));
  const verdict = requesters.judge([new Uint8Array(new X509Certificate(text(...names)).raw)]);
  return verdict.ok ? verdict.value.identity.spiffeId : verdict.refusal;
}

describe('certs issue', () => {
  test.each(['app', 'operator', 'auditor'])(
    'certs issue gives an %s every file that a client needs',
    async (role) => {
      const { status, out } = await issue('--role', role, '--name', `${role}-1`, '--json');

      expect(status).toBe(0);
      const files = ['ca.pem', 'cert.pem', 'client.json', 'cluster.json', 'key.pem'];
      expect(readdirSync(at(`${role}-1`)).sort()).toEqual(files);
      expect(JSON.parse(out)).toMatchObject({
        spiffe_id: `spiffe://quorate/${role}/${role}-1`,
        role,
        key_type: 'p256',
        folder: at(`${role}-1`),
        files: expect.arrayContaining(files),
      });
      expect(namedBy(genesis().requesterCa, `${role}-1`, 'cert.pem')).toBe(
        `spiffe://quorate/${role}/${role}-1`,
      );
      expect(namedBy(genesis().peerCa, `${role}-1`, 'cert.pem')).toMatch(/no authority/);
      expect(JSON.parse(text(`${role}-1`, 'client.json'))).toMatchObject({
        endpoints: ['127.0.0.1:7400', '127.0.0.1:7410', '127.0.0.1:7420'],
        key: 'key.pem',
      });
      expect(text(`${role}-1`, 'cluster.json')).toBe(text('cluster', 'cluster.json'));
      expect((statSync(at(`${role}-1`, 'key.pem')).mode & 0o777).toString(8)).toBe('600');
    },
  );

  test('certs issue certifies a node by the peer authority, with its hosts for clients', async () => {
    const hosts = ['--host', 'a.example.org', '--host', '10.0.0.1'];
    const { status } = await issue('--role', 'tee', '--name', 'a', '--out', 'renewed', ...hosts);

    expect(status).toBe(0);
    expect(readdirSync(at('renewed')).sort()).toEqual(['cert.pem', 'key.pem']);
    expect(namedBy(genesis().peerCa, 'renewed', 'cert.pem')).toBe('spiffe://quorate/tee/a');
    expect(new X509Certificate(text('renewed', 'cert.pem')).subjectAltName).toBe(
      'URI:spiffe://quorate/tee/a, DNS:a.example.org, IP Address:10.0.0.1',
    );
  });

  test('a certificate is valid for 30 days, or for the days that --days gives', async () => {
    await issue('--role', 'app', '--name', 'short', '--days', '2');
    await issue('--role', 'app', '--name', 'usual');

    expect([daysOf('short'), daysOf('usual')]).toEqual([2, 30]);
  });

  test('--key-type makes a certificate with an Ed25519 key', async () => {
    await issue('--role', 'app', '--name', 'ed', '--key-type', 'ed25519');

    const certificate = new X509Certificate(text('ed', 'cert.pem'));
    expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519');
    expect(certificate.checkPrivateKey(createPrivateKey(text('ed', 'key.pem')))).toBe(true);
    expect(namedBy(genesis().requesterCa, 'ed', 'cert.pem')).toBe('spiffe://quorate/app/ed');
  });

  test('a client’s file names the requesters whose keys it accepts', async () => {
    const operator = 'spiffe://quorate/operator/operator';
    const flags = ['--role', 'app', '--name', 'accepting', '--requester', operator];

    expect((await issue(...flags)).status).toBe(0);

    expect(JSON.parse(text('accepting', 'client.json'))).toMatchObject({ requesters: [operator] });
    const part = await issue('--role', 'app', '--name', 'part', '--requester', 'operator');
    expect(part).toMatchObject({ status: 2 });
    expect(part.err).toMatch(/--requester must be a whole SPIFFE id, not "operator"/);
  });

  test('an authority outside the cluster folder issues the certificate files alone', async () => {
    const ca = ['--ca', 'cluster/requester-ca.pem', '--ca-key', 'cluster/requester-ca-key.pem'];
    const { status } = await issue('--role', 'app', '--name', 'apart', ...ca);

    expect(status).toBe(0);
    expect(readdirSync(at('apart')).sort()).toEqual(['cert.pem', 'key.pem']);
  });

  test('a node that is renewed keeps the names of its old certificate', async () => {
    await issue('--role', 'tee', '--name', 'b', '--out', 'b-2');
    expect(namesOf('b-2', 'cert.pem')).toBe(namesOf('cluster', 'b', 'cert.pem'));
    expect(namesOf('b-2', 'cert.pem')).toMatch(/DNS:localhost/);

    const hosts = ['--host', 'b.example.org', '--host', '2001:db8::7'];
    await issue('--role', 'tee', '--name', 'b', '--out', 'b-3', ...hosts);
    const renewed = await issue(
      '--role',
      'tee',
      '--name',
      'b',
      '--out',
      'b-4',
      '--renew',
      'b-3/cert.pem',
      '--json',
    );
    expect(namesOf('b-4', 'cert.pem')).toBe(namesOf('b-3', 'cert.pem'));
    expect(JSON.parse(renewed.out)).toMatchObject({ hosts: ['b.example.org', '2001:db8::7'] });
  });

  test('a certificate of a node without names is told as one', async () => {
    const ca = ['--ca', 'cluster/peer-ca.pem', '--ca-key', 'cluster/peer-ca-key.pem'];
    const { status, err } = await issue(
      '--role',
      'tee',
      '--name',
      'a',
      '--out',
      'nameless',
      '--cluster',
      'nowhere',
      ...ca,
    );
    expect(status).toBe(0);
    expect(err).toMatch(/names no host/);
    expect(err).toMatch(/held against its authority alone/);
  });

  test('a node that made its own keys gets a certificate for its TLS key, and no other key', async () => {
    for (const id of ['x1', 'x2', 'x3']) await run('node', 'init', '--node-id', id);
    const members = ['x1', 'x2', 'x3'].map((id) => `${id}/member.json`);
    await run('certs', 'init', '--out', 'own', '--member', ...members);

    const flags = ['--cluster', 'own', '--member', 'x1/member.json', '--out', 'x1-2'];
    expect(await issue(...flags)).toMatchObject({ status: 0 });
    expect(readdirSync(at('x1-2'))).toEqual(['cert.pem']);
    const certificate = new X509Certificate(text('x1-2', 'cert.pem'));
    expect(certificate.checkPrivateKey(createPrivateKey(text('x1', 'key.pem')))).toBe(true);
    expect(certificate.subjectAltName).toMatch(/tee\/x1, .*DNS:localhost/);

    rmSync(at('x2'), { recursive: true });
    await run('node', 'init', '--node-id', 'x2');
    const other = await issue('--cluster', 'own', '--member', 'x2/member.json', '--out', 'x2-2');
    expect(other).toMatchObject({ status: 2 });
    expect(other.err).toMatch(/another identity key of x2/);
  });

  test('an intermediate authority issues a chain that the root of the genesis takes', async () => {
    writeFileSync(at('root.pem'), PEER_ROOT);
    await quorate(['certs', 'init', '--peer-ca', 'root.pem', '--out', 'deep'], { folder });
    writeFileSync(at('middle.pem'), PEER_MIDDLE);
    writeFileSync(at('middle-key.pem'), PEER_MIDDLE_KEY);
    const ca = ['--ca', 'middle.pem', '--ca-key', 'middle-key.pem', '--cluster', 'deep'];
    const ran = await issue('--role', 'tee', '--name', 'node-1', '--out', 'deep-1', ...ca);
    expect(ran).toMatchObject({ status: 0 });
    expect(text('deep-1', 'cert.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    const tls = {
      ca: PEER_ROOT,
      cert: text('deep-1', 'cert.pem'),
      key: text('deep-1', 'key.pem'),
    };
    expect(await tlsRefusal(tls)).toBeUndefined();
  });

  test('the one authority of a development cluster certifies nodes and applications', async () => {
    mkdirSync(at('dev'));
    for (const [file, from] of [
      ['ca.pem', 'requester-ca.pem'],
      ['ca-key.pem', 'requester-ca-key.pem'],
    ] as const)
      writeFileSync(at('dev', file), text('cluster', from));

    for (const role of ['tee', 'app']) {
      const name = `dev-${role}`;
      const { status } = await issue('--cluster', 'dev', '--role', role, '--name', name);
      expect(status).toBe(0);
      expect(namedBy(text('dev', 'ca.pem'), name, 'cert.pem')).toMatch(role);
    }
  });

  test('the text output shows the folder, the expiry and the next step', async () => {
    const { out, err } = await issue('--role', 'app', '--name', 'told');

    expect(out).toMatch(/told\/cert.pem {2}spiffe:\/\/quorate\/app\/told/);
    expect(out).toMatch(/good until +\d{4}-/);
    expect(err).toMatch('quorate keys list --client-file told/client.json');
  });
});

describe('certs issue refuses and writes nothing', () => {
  test('certs issue overwrites none of its files', async () => {
    for (const file of ['cert.pem', 'key.pem', 'ca.pem', 'cluster.json', 'client.json']) {
      const name = `there-${file.replace('.', '-')}`;
      mkdirSync(at(name));
      writeFileSync(at(name, file), 'mine');

      const { status, err } = await issue('--role', 'app', '--name', name);

      expect(status).toBe(2);
      expect(err).toMatch(`${file} is there already, and nothing is ever overwritten`);
      expect(readdirSync(at(name))).toEqual([file]);
    }
  });

  const REQUESTER_KEY = ['--ca-key', 'cluster/requester-ca-key.pem'];
  const PEER = ['--ca', 'cluster/peer-ca.pem', '--ca-key', 'cluster/peer-ca-key.pem'];
  const REQUESTER = ['--ca', 'cluster/requester-ca.pem', ...REQUESTER_KEY];
  const FOREIGN = ['--ca', 'middle.pem', '--ca-key', 'middle-key.pem'];
  const LEAF = ['--ca', 'cluster/operator/cert.pem', '--ca-key', 'cluster/operator/key.pem'];
  test.each([
    ['without a role', ['--name', 'x'], /--role is missing/],
    ['without a name', ['--role', 'app'], /--name is missing/],
    ['for an unknown role', ['--role', 'root', '--name', 'x'], /Allowed choices are app/],
    ['for a name that is no id', ['--role', 'app', '--name', 'X'], /"X" is no id/],
    [
      'for a key of another kind',
      ['--role', 'app', '--name', 'x', '--key-type', 'rsa'],
      /Allowed choices are p256, ed25519/,
    ],
    [
      'for an unlimited number of days',
      ['--role', 'app', '--name', 'x', '--days', '99999'],
      /from 1 to 3650/,
    ],
    [
      'with hosts of an app',
      ['--role', 'app', '--name', 'x', '--host', 'h'],
      /--host is for nodes/,
    ],
    [
      'with a malformed host',
      ['--role', 'tee', '--name', 'a', '--out', 'x', '--host', 'a b'],
      /"a b" is no DNS name or IP address/,
    ],
    [
      'for a node that is no member',
      ['--role', 'tee', '--name', 'x'],
      /has no member x of role tee/,
    ],
    [
      'for a member in another role',
      ['--role', 'mesh', '--name', 'a', '--out', 'x'],
      /no member a/,
    ],
    [
      'without an authority',
      ['--role', 'app', '--name', 'x', '--cluster', 'none'],
      /give --cluster/,
    ],
    [
      'with half of an authority',
      ['--role', 'app', '--name', 'x', '--ca', 'cluster/requester-ca.pem'],
      /--ca and --ca-key go together/,
    ],
    [
      'with the private key of another authority',
      ['--role', 'app', '--name', 'x', '--ca', 'cluster/peer-ca.pem', ...REQUESTER_KEY],
      /is not that of the authority's certificate/,
    ],
    [
      'with an authority that is no certificate',
      ['--role', 'app', '--name', 'x', '--ca', 'cluster/cluster.json', ...REQUESTER_KEY],
      /certificate cannot be read/,
    ],
    ...[[], ['--cluster', 'cluster']].map(
      (named) =>
        [
          `of a requester by the authority of nodes (${named.join(' ')})`,
          ['--role', 'app', '--name', 'x', ...PEER, ...named],
          /Nodes would not take .* with role app: .* in requester_ca/,
        ] as const,
    ),
    [
      'of a node by the authority of requesters',
      ['--role', 'tee', '--name', 'a', '--out', 'x', ...REQUESTER],
      /Nodes would not take .* with role tee: .* in peer_ca/,
    ],
    [
      'by an authority of another cluster, where the folder is named',
      ['--role', 'app', '--name', 'x', '--cluster', 'cluster', ...FOREIGN],
      /no authority that cluster.json names for this role has issued it/,
    ],
    ['with --member and --role', ['--member', 'm.json', '--role', 'tee'], /m.json cannot be read/],
    [
      'with an old certificate of an app',
      ['--role', 'app', '--name', 'x', '--renew', 'cluster/operator/cert.pem'],
      /--renew is for nodes/,
    ],
    [
      'with an old certificate that is not there',
      ['--role', 'tee', '--name', 'a', '--out', 'x', '--renew', 'none.pem'],
      /--renew: there is no file .*none.pem/,
    ],
    [
      'with an authority that is none: a leaf',
      ['--role', 'app', '--name', 'x', ...LEAF],
      /Nodes would not take/,
    ],
  ])('certs issue is refused %s', async (_, flags, words) => {
    writeFileSync(at('middle.pem'), PEER_MIDDLE);
    writeFileSync(at('middle-key.pem'), PEER_MIDDLE_KEY);
    const { status, err } = await issue(...flags);

    expect(err).toMatch(words);
    expect(status).toBe(2);
    expect(existsSync(at('x'))).toBe(false);
  });
});
