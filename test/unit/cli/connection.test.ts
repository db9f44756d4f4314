import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readClientFile } from '../../../src/client/index.js';
import { writeClientFile } from '../../../src/cli/client-file.js';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findConnection } from '../../../src/cli/connection.js';
import type { ConnectionFlags } from '../../../src/cli/connection.js';
import { openClient } from '../../../src/cli/open-client.js';
import { fakeContext } from './fake-context.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-connection-'));
  for (const place of ['dev/operator', 'mine']) {
    const path = join(folder, place.replace('dev', '.quorate/dev'));
    mkdirSync(path, { recursive: true });
    for (const name of ['ca.pem', 'cert.pem', 'key.pem', 'cluster.json'])
      writeFileSync(join(path, name), '', { mode: 0o600 });
  }
  writeFileSync(join(folder, 'other.pem'), '');
  client('.quorate/dev/operator', ['dev:1', 'dev:2']);
  client('mine', ['mine:1']);
});
afterAll(() => rmSync(folder, { recursive: true }));

function client(place: string, endpoints: string[]): void {
  const at = (name: string) => join(folder, place, name);
  writeClientFile(at('client.json'), {
    endpoints,
    ca: at('ca.pem'),
    cert: at('cert.pem'),
    key: at('key.pem'),
    clusterFile: at('cluster.json'),
  });
}

function find(flags: ConnectionFlags, environment: Record<string, string> = {}, from = folder) {
  const { context } = fakeContext({ environment, folder: from });
  return findConnection(flags, context);
}

describe('the cluster that a command calls', () => {
  test('a command without settings calls the development cluster of the working folder', () => {
    expect(find({})).toEqual({
      endpoints: ['dev:1', 'dev:2'],
      ca: join(folder, '.quorate/dev/operator/ca.pem'),
      cert: join(folder, '.quorate/dev/operator/cert.pem'),
      key: join(folder, '.quorate/dev/operator/key.pem'),
      clusterFile: join(folder, '.quorate/dev/operator/cluster.json'),
    });
  });

  test('a client file comes by flag or by variable, and the flag wins', () => {
    expect(find({ clientFile: 'mine/client.json' }).endpoints).toEqual(['mine:1']);
    const environment = { QUORATE_CLIENT_FILE: 'mine/client.json' };
    expect(find({}, environment).endpoints).toEqual(['mine:1']);
    const flags = { clientFile: '.quorate/dev/operator/client.json' };
    expect(find(flags, environment).endpoints).toEqual(['dev:1', 'dev:2']);
  });

  test('each setting comes from its flag, then its variable, then the client file', () => {
    const environment = { QUORATE_ENDPOINTS: 'env:1, env:2', QUORATE_CA: 'other.pem' };
    expect(find({}, environment).endpoints).toEqual(['env:1', 'env:2']);
    expect(find({}, environment).ca).toBe(join(folder, 'other.pem'));
    expect(find({ endpoint: ['flag:1'], ca: 'mine/ca.pem' }, environment)).toMatchObject({
      endpoints: ['flag:1'],
      ca: join(folder, 'mine/ca.pem'),
      cert: join(folder, '.quorate/dev/operator/cert.pem'),
    });
  });
});

describe('a connection with a setting missing', () => {
  test('a command without any cluster is refused with the ways to name one', () => {
    expect(() => find({}, {}, '/')).toThrow(/Give --endpoint or QUORATE_ENDPOINTS/);
  });

  test('one missing setting is named in the refusal', () => {
    expect(() => find({ endpoint: ['a:1'] }, {}, '/')).toThrow(/Give --ca or QUORATE_CA/);
  });

  test('a missing file is named, and so is a signing key that is no file', () => {
    expect(() => find({ cert: 'no.pem' })).toThrow(/--cert: there is no file .*no.pem$/);
    expect(() => find({ key: 'demo' })).toThrow(
      /--key is the private key of --cert, a key to sign/,
    );
  });

  test('a folder where a file is due is told as one, and an empty path as empty', () => {
    expect(() => find({ key: 'mine' })).toThrow(/^--key: .*\/mine is a folder, not a file/);
    expect(() => find({ ca: '' })).toThrow(/^--ca: is empty/);
    expect(() => find({}, { QUORATE_CLIENT_FILE: 'mine' })).toThrow(
      /\/mine is a folder, not a client.json$/,
    );
    expect(() => find({ clientFile: '' })).toThrow('The path of the client file is empty');
  });

  test('a file that is no client file is refused by name', () => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, '{"endpoints": []}');
    expect(() => readClientFile(file)).toThrow(/bad.json: endpoints: /);
    const whole = { endpoints: ['a:1'], ca: 'a', cert: 'b', key: 'c', cluster_file: 'd' };
    writeFileSync(file, JSON.stringify({ ...whole, format: 2 }));
    expect(() => readClientFile(file)).toThrow(/bad.json: format: /);
    writeFileSync(file, JSON.stringify(whole));
    expect(readClientFile(file).endpoints).toEqual(['a:1']);
    writeFileSync(file, '{');
    expect(() => readClientFile(file)).toThrow(/bad.json: cannot be read as JSON$/);
    // The parser would repeat the beginning of a private key that is named by mistake.
    writeFileSync(file, 'MIGHAgEAMBMGByqGSM49AgEG');
    expect(() => readClientFile(file)).toThrow(/bad.json: cannot be read as JSON$/);
    expect(() => readClientFile(join(folder, 'none.json'))).toThrow(
      /none.json: cannot be read: there is no such file$/,
    );
  });

  test('files with wrong contents are refused by name', () => {
    writeFileSync(join(folder, 'mine', 'cluster.json'), '{}');
    expect(() => openClient(find({ clientFile: 'mine/client.json' }))).toThrow(
      /(TLS cannot use .*ca.pem, .*cert.pem and .*key.pem together: |cluster.json: )/,
    );
  });
});

/** What the system's resolver is told after a command has begun, where its user has told it this before. */
function resolverOptions(options: string | undefined): string | undefined {
  delete process.env['RES_OPTIONS'];
  if (options !== undefined) process.env['RES_OPTIONS'] = options;
  expect(() => openClient(find({ clientFile: 'mine/client.json' }))).toThrow('cluster.json');
  return process.env['RES_OPTIONS'];
}

test('a command bounds the questions of the system’s resolver, unless its user has', () => {
  const before = process.env['RES_OPTIONS'];
  try {
    expect(resolverOptions(undefined)).toBe('timeout:2 attempts:2');
    expect(resolverOptions('ndots:2')).toBe('ndots:2');
  } finally {
    delete process.env['RES_OPTIONS'];
    if (before !== undefined) process.env['RES_OPTIONS'] = before;
  }
});
