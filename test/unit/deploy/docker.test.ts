import { afterAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { buildProgram } from '../../../src/cli/program.js';
import { ProbeServer } from '../../../src/machine/index.js';
import { readConfig, SETTINGS } from '../../../src/node/index.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from '../../../src/rpc/limits.js';
import { fakeContext } from '../cli/fake-context.js';
import { optionsOf, pathOf } from './program-options.js';

const folder = mkdtempSync(join(tmpdir(), 'quorate-compose-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each instruction of the Dockerfile, in order, continued lines as one. */
const instructions = readFileSync('deploy/docker/Dockerfile', 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({
    name: line.slice(0, line.indexOf(' ')),
    value: line.slice(line.indexOf(' ') + 1),
  }));
const last = instructions.findLastIndex(({ name }) => name === 'FROM');
const image = (name: string) =>
  instructions.slice(last).flatMap((each) => (each.name === name ? [each.value] : []));

test('each base of the image is an argument, and its last stage runs nothing while it is built', () => {
  const args = instructions.filter(({ name }) => name === 'ARG').map(({ value }) => value);
  const from = instructions.filter(({ name }) => name === 'FROM').map(({ value }) => value);
  expect(from).toEqual(['${BUILD_BASE} AS build', '${BASE}']);
  expect(args.map((value) => value.split('=')[0])).toEqual(['BUILD_BASE', 'BASE']);
  expect(image('RUN')).toEqual([]);
});

test('the image starts the command that this package has, as nobody, without a shell', () => {
  const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: { quorate: string } };
  const files = instructions.slice(0, last).map(({ value }) => value);
  expect(image('ENTRYPOINT')).toEqual(['["/usr/local/bin/quorate"]']);
  expect(files.join('\n')).toContain(
    `ln -s ${join('/opt/quorate', bin.quorate)} /image/usr/local/bin/quorate`,
  );
  expect(image('USER')).toEqual(['65532:65532']);
  expect(image('STOPSIGNAL')).toEqual(['SIGTERM']);
  const ports = SETTINGS.filter(({ path }) => /^(client|peer)\.listen$/.test(path)).map(
    ({ fallback = '' }) => fallback.split(':')[1],
  );
  expect(image('EXPOSE')).toEqual([ports.join(' ')]);
});

test('the files that the image is built from are there, and nothing else comes along', () => {
  const copied = instructions
    .slice(0, last)
    .filter(({ name }) => name === 'COPY')
    .flatMap(({ value }) => value.split(' ').slice(0, -1));
  expect(copied.filter((path) => !existsSync(path))).toEqual([]);
  const lines = readFileSync('deploy/docker/Dockerfile.dockerignore', 'utf8').split('\n');
  expect(lines.filter((line) => line !== '' && !/^[#!]/.test(line))).toEqual(['*']);
  const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(taken.sort()).toEqual([...copied].sort());
});

type Service = {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: readonly [string, string, ...string[]] };
};
const compose = parse(readFileSync('deploy/docker/compose.yaml', 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
};
const services = Object.entries(compose.services).filter(([, { image: of }]) => of === 'quorate');
const nodes = services.filter(([name]) => name.startsWith('node-'));

/** Compose's own defaults: `${NAME:-value}`. */
function environmentOf({ environment = {} }: Service, set: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [
      name,
      text.replace(/\$\{(\w+):-([^}]*)\}/g, (_, each: string, value: string) => set[each] ?? value),
    ]),
  );
}

test('every command and option of the Compose file is one that the program has', async () => {
  const program = await buildProgram(fakeContext().context);
  for (const [name, { command }] of services) {
    const wrong = optionsOf(program, command).unknown;
    expect([name, wrong]).toEqual([name, []]);
  }
});

test('every service of the Compose file that is ours has a root that is read-only, and no rights', () => {
  for (const [name, service] of services) {
    expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']]);
  }
  const graces = nodes.map(([, { stop_grace_period: text = '' }]) => 1_000 * parseInt(text, 10));
  for (const ms of graces) expect(ms).toBeGreaterThan(3 * (STOP_GRACE_MS + STOP_FORCED_MS));
});

test('the health check of the Compose file needs no shell, and asks its node whether it is ready', async () => {
  const checks = nodes.map(([, { healthcheck }]) => healthcheck?.test ?? ['', '']);
  const listens = nodes.map(([, service]) => environmentOf(service)['QUORATE_PROBES_LISTEN'] ?? '');
  const [[form, program, ...words], listen = ''] = [checks[0] ?? ['', ''], listens[0]];
  expect([form, program]).toEqual(['CMD', '/usr/local/bin/node']);
  expect(words.join(' ')).toContain(`http://${listen}/ready`);
  for (const [at] of nodes.entries())
    expect([checks[at], listens[at]]).toEqual([checks[0], listen]);

  let isReady = true;
  const server = new ProbeServer('127.0.0.1:0', { isStarted: () => true, isReady: () => isReady });
  const at = await server.listen();
  const status = async () => {
    const child = spawn(
      process.execPath,
      words.map((word) => word.replace(listen, at)),
    );
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  try {
    expect(await status()).toBe(0);
    isReady = false;
    expect(await status()).toBe(1);
  } finally {
    await server.stop();
  }
});

test('the nodes and the client of the Compose file are told to read what its first service makes', async () => {
  const [, certs] = services.find(([name]) => name === 'certs') ?? [];
  const inFolder = (path: string) => path.replace('/var/lib/quorate', folder);
  const { context, out } = fakeContext({ folder });
  const program = await buildProgram(context);
  await program.parseAsync((certs?.command ?? []).map(inFolder), { from: 'user' });
  expect(out).not.toEqual([]);

  const ids = nodes.map(([name]) => name);
  for (const [name, service] of nodes) {
    const file = inFolder(pathOf(service.command, '--config'));
    const byDefault = readConfig({ file, environment: environmentOf(service), workingFolder: '/' });
    expect(byDefault.nodeId).toBe(name);
    expect(byDefault.store.kind).toBe('embedded');
    expect(existsSync(byDefault.clusterFile)).toBe(true);
    const others = ids.filter((each) => each !== name);
    expect(new Map(byDefault.peers)).toEqual(new Map(others.map((id) => [id, `${id}:7401`])));
    const set = { QUORATE_STORE_KIND: 'mongodb' };
    const mongo = readConfig({
      file,
      environment: environmentOf(service, set),
      workingFolder: '/',
    });
    expect(mongo.store).toMatchObject({
      kind: 'mongodb',
      mongodb: { uri: { text: 'mongodb://mongodb:27017' }, database: `quorate_${name}` },
    });
  }
  const [, client] = services.find(([name]) => name === 'quorate') ?? [];
  expect(existsSync(inFolder(client?.environment?.['QUORATE_CLIENT_FILE'] ?? ''))).toBe(true);
  const known = new Set(SETTINGS.map(({ environment }) => environment));
  const named = nodes.flatMap(([, { environment = {} }]) => Object.keys(environment));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
