import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientFile } from '../../../src/cli/client-file.js';
import { findConnection } from '../../../src/cli/connection.js';
import type { ConnectionFlags } from '../../../src/cli/connection.js';
import { contextsFile } from '../../../src/cli/contexts.js';
import { fakeContext, quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-contexts-'));
  for (const place of ['one', 'two', '.quorate/dev/operator']) makeClient(place);
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeClient(place: string): void {
  const at = (name: string): string => join(folder, place, name);
  mkdirSync(join(folder, place), { recursive: true });
  for (const name of ['ca.pem', 'cert.pem', 'key.pem', 'cluster.json'])
    writeFileSync(at(name), '', { mode: 0o600 });
  writeClientFile(at('client.json'), {
    endpoints: [`${place.split('/')[0]}:1`],
    ca: at('ca.pem'),
    cert: at('cert.pem'),
    key: at('key.pem'),
    clusterFile: at('cluster.json'),
  });
}

const home = (): Record<string, string> => ({ XDG_CONFIG_HOME: join(folder, 'config') });
const file = (): string => join(folder, 'config', 'quorate', 'config.json');
const run = (...argv: string[]): Promise<Ran> => quorate(argv, { folder, environment: home() });

function endpoints(flags: ConnectionFlags = {}, environment: Record<string, string> = {}) {
  const { context } = fakeContext({ environment: { ...home(), ...environment }, folder });
  return findConnection(flags, context).endpoints;
}

async function addBoth(): Promise<void> {
  for (const name of ['one', 'two']) {
    const { status } = await run('context', 'add', name, '--client-file', `${name}/client.json`);
    expect(status).toBe(0);
  }
}

describe('the cluster that a command calls', () => {
  test('is the context in use, before the development cluster of the working folder', async () => {
    await addBoth();
    expect(endpoints()).toEqual(['.quorate:1']);
    await run('context', 'use', 'two');
    expect(endpoints()).toEqual(['two:1']);
    await run('context', 'use');
    expect(endpoints()).toEqual(['.quorate:1']);
  });

  test('is another where a flag or a variable names one', async () => {
    await addBoth();
    await run('context', 'use', 'two');

    expect(endpoints({}, { QUORATE_CONTEXT: 'one' })).toEqual(['one:1']);
    expect(endpoints({}, { QUORATE_CLIENT_FILE: 'one/client.json' })).toEqual(['one:1']);
    expect(endpoints({ clientFile: 'one/client.json' })).toEqual(['one:1']);
    expect(endpoints({ context: 'one' }, { QUORATE_CONTEXT: 'two' })).toEqual(['one:1']);
    const environment = { QUORATE_CLIENT_FILE: 'two/client.json' };
    expect(endpoints({ context: 'one' }, environment)).toEqual(['one:1']);
    expect(endpoints({}, { QUORATE_ENDPOINTS: 'other:1' })).toEqual(['other:1']);
    expect(endpoints({ endpoint: ['flag:1'] })).toEqual(['flag:1']);
  });

  test('a context that there is not is refused with those that there are', async () => {
    await addBoth();
    expect(() => endpoints({ context: 'three' })).toThrow(
      'There is no context "three"; there is one, two',
    );
    expect((await run('context', 'use', 'three')).status).toBe(2);
    expect((await run('context', 'remove', 'three')).status).toBe(2);
    const both = await run('keys', 'list', '--context', 'one', '--client-file', 'one/client.json');
    expect(both.err).toMatch(/cannot be used with/);
  });
});

test('a context is listed, replaced and forgotten; its files stay', async () => {
  await addBoth();
  await run('context', 'add', 'one', '--client-file', 'two/client.json', '--use');
  const listed = JSON.parse((await run('context', 'list', '--json')).out) as unknown;
  const client = join(folder, 'two', 'client.json');
  expect(listed).toEqual({
    current: 'one',
    contexts: ['one', 'two'].map((name) => ({ name, client_file: client, endpoints: ['two:1'] })),
  });
  expect((await run('context', 'list')).out).toMatch(/^ +NAME.*\n\* {2}one +two:1/);

  await run('context', 'remove', 'one');
  expect(endpoints()).toEqual(['.quorate:1']);
  expect(existsSync(client)).toBe(true);
});

test('a context of flags becomes a client file of its own', async () => {
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, `one/${name}.pem`]);
  const { status } = await run(
    'context',
    'add',
    'mine',
    '--use',
    '--endpoint',
    'flag:1',
    '--cluster-file',
    'one/cluster.json',
    ...files,
  );

  expect(status).toBe(0);
  expect(endpoints()).toEqual(['flag:1']);
  const { context } = fakeContext({ environment: home(), folder });
  expect(findConnection({}, context).key).toBe(join(folder, 'one', 'key.pem'));
  expect((await run('context', 'add', 'half', '--endpoint', 'flag:1')).err).toMatch(/Give --ca/);
});

describe('the file', () => {
  test('is for its owner alone, and one that others may change is refused', async () => {
    await addBoth();
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(file(), '..')).mode & 0o777).toBe(0o700);

    for (const [path, mode] of [
      [file(), 0o620],
      [join(file(), '..'), 0o702],
    ] as const) {
      const before = statSync(path).mode;
      chmodSync(path, mode);
      const { status, out } = await run('keys', 'list', '--json');
      expect([status, JSON.parse(out)]).toMatchObject([
        2,
        { error: { reason: 'CONFIG_FILE_EXPOSED' } },
      ]);
      chmodSync(path, before);
    }
  });

  test('that is none of ours is refused by name, and nothing of it is repeated', async () => {
    await addBoth();
    const good = readFileSync(file(), 'utf8');
    const cases: [string, RegExp][] = [
      ['MIGHAgEAMBMGByqGSM49AgEG', /cannot be read as JSON$/],
      ['[]', /the file must be a JSON object$/],
      [good.replace('"format": 1', '"format": 2'), /format: this release reads 1$/],
      [good.replace('"contexts"', '"clusters"'), /clusters: there is no such field$/],
      [good.replace('"one"', '"One"'), /name must match/],
      [good.replace(join(folder, 'one'), 'one'), /one: client_file must be an absolute path$/],
      [good.replace('"format": 1,', '"format": 1, "current": "three",'), /no such context$/],
    ];
    for (const [text, words] of cases) {
      writeFileSync(file(), text);
      expect(() => endpoints()).toThrow(words);
      expect(() => endpoints()).not.toThrow(/MIGH/);
    }
    // Where a command names all that it needs, the file is not looked at.
    const { ca, cert, key, clusterFile } = paths('one');
    expect(endpoints({ endpoint: ['a:1'], ca, cert, key, clusterFile })).toEqual(['a:1']);
  });

  test('is found by XDG_CONFIG_HOME, else below the home; without one there is none', async () => {
    expect(of({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/quorate/config.json');
    expect(of({ XDG_CONFIG_HOME: 'relative', HOME: '/h' })).toBe('/h/.config/quorate/config.json');
    expect(of({ XDG_CONFIG_HOME: '' })).toBeUndefined();
    const { status, err } = await quorate(['context', 'use', 'x'], { environment: {} });
    expect([status, err]).toEqual([2, expect.stringMatching(/neither is set/)]);
    expect((await quorate(['context', 'list'], { environment: {} })).err).toMatch(/no context/);
  });
});

function of(environment: Record<string, string>): string | undefined {
  return contextsFile({ environment });
}

function paths(place: string) {
  const at = (name: string): string => join(folder, place, name);
  return {
    ca: at('ca.pem'),
    cert: at('cert.pem'),
    key: at('key.pem'),
    clusterFile: at('cluster.json'),
  };
}
