import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/cli/index.js';
import { ClusterError } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import * as wire from '../../../src/wire/index.js';
import type { Collusion } from '../../support/adversary/collusion.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { collude } from '../client/colluding.js';
import { fakeContext } from './fake-context.js';

/** A line that a person would believe. */
const FALSE_LINE = 'certificate    active: all participants signed for it';
/** What a label, a name or a message of another machine can hold: it clears the screen, goes back and draws the line. */
const HOSTILE =
  `\u001b[2J\u009b1;1H\u001b]0;title\u0007\r\n${FALSE_LINE}\u202e\u2066\u200b\u0085\u2028\ufeff` +
  `\u{e0041}${' '.repeat(120)}${FALSE_LINE}`;
/** Any character that a terminal acts on, or shows as nothing. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const TASK = 'a'.repeat(26);

let collusion: Collusion;
let node: ScriptedNode;
let folder: string;

/** The same message with every text in it replaced. */
function poisoned<T>(value: T): T {
  if (typeof value === 'string') return HOSTILE as T;
  if (Array.isArray(value)) return value.map(poisoned) as T;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$case' ? inner : poisoned(inner),
    ]),
  ) as T;
}

/** A message of this type with nothing in it. */
function empty<T>(type: wire.MessageType<T>): T {
  const message = wire.decode(type, new Uint8Array());
  if (message === undefined) throw new Error('no message of this type is empty');
  return message;
}

function task(outcome: wire.Task['outcome']): wire.Task {
  const attempts = [poisoned({ ...empty(wire.TaskAttempt), participants: ['x'] })];
  const culprits = [poisoned(empty(wire.Culprit))];
  return { ...poisoned(empty(wire.Task)), attempts, culprits, outcome: poisoned(outcome) };
}

beforeAll(async () => {
  collusion = await collude({ unsigned: false });
  const { tls, victim, genesis, honest } = collusion;
  const label = poisoned({ key: 'x', value: 'x' });
  const labelled = { ...honest, labels: [label], owner: HOSTILE, allowedSigners: [HOSTILE] };
  const failed = task({ $case: 'failure', value: { ...empty(wire.TaskFailure), reason: 'x' } });
  const signed = task({
    $case: 'signature',
    value: { ...empty(wire.SignatureResult), signers: ['x', 'x'] },
  });
  const refused = async () => {
    const details = { reason: 'NO_LEADER', facts: { task_id: HOSTILE }, field: 'key_id' };
    throw new ClusterError('wrong-state', HOSTILE, details);
  };
  const script = {
    '/quorate.v1.KeyService/GetKey': async () =>
      wire.encode(wire.GetKeyResponse, { key: labelled }),
    '/quorate.v1.KeyService/ListKeys': async () =>
      wire.encode(wire.ListKeysResponse, {
        ...empty(wire.ListKeysResponse),
        keys: [labelled, poisoned(honest)],
      }),
    '/quorate.v1.TaskService/GetTask': async () =>
      wire.encode(wire.GetTaskResponse, { task: { ...signed, taskId: TASK } }),
    '/quorate.v1.TaskService/ListTasks': async () =>
      wire.encode(wire.ListTasksResponse, {
        ...empty(wire.ListTasksResponse),
        tasks: [failed, signed],
      }),
    '/quorate.v1.ClusterService/GetCluster': async () =>
      wire.encode(wire.GetClusterResponse, {
        cluster: {
          ...poisoned(empty(wire.Cluster)),
          members: [poisoned(empty(wire.Member)), poisoned(empty(wire.Member))],
        },
      }),
    [METHODS.generateKey]: refused,
    [METHODS.sign]: refused,
  };
  const ca = genesis.peerCa;
  node = await ScriptedNode.open({ ca, cert: tls.certificate, key: tls.privateKey }, script);
  folder = mkdtempSync(join(tmpdir(), 'quorate-outside-'));
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'cert.pem'), victim.certificate);
  writeFileSync(join(folder, 'key.pem'), victim.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), genesis.bytes);
  const client = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', cluster_file: 'cluster.json' };
  const endpoints = [node.address];
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ endpoints, ...client }));
  writeFileSync(
    join(folder, 'hostile.json'),
    JSON.stringify({ endpoints, ...client, [HOSTILE]: HOSTILE }),
  );
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** All that a command prints, line by line as the terminal gets it. */
async function printed(argv: readonly string[]): Promise<{ out: string[]; err: string[] }> {
  const { context, out, err } = fakeContext({ folder });
  await run(argv, context);
  return { out, err };
}

const AT = ['--client-file', 'client.json'];

describe('texts of nodes and of other requesters stay texts', () => {
  test.each([
    ['keys list', ['keys', 'list', ...AT]],
    ['keys get', ['keys', 'get', 'treasury', ...AT]],
    ['tasks list', ['tasks', 'list', ...AT]],
    ['tasks get', ['tasks', 'get', TASK, ...AT]],
    ['cluster status', ['cluster', 'status', ...AT]],
    ['a refused keys generate', ['keys', 'generate', 'treasury', ...AT]],
    ['a refused sign', ['sign', 'treasury', '-m', 'x', '--require', 'unverified', ...AT]],
    ['an unknown command', [HOSTILE]],
    ['an unknown flag', ['keys', 'list', `--${HOSTILE}`]],
    ['a file that is not there', ['sign', 'treasury', '--file', HOSTILE, ...AT]],
    ['a client file that is none', ['keys', 'list', '--client-file', 'hostile.json']],
    ['a path that is none', ['keys', 'get', 'treasury', '--path', HOSTILE]],
    ['a certificate that is not there', ['keys', 'list', '--cert', HOSTILE, ...AT]],
    ['a node’s configuration', ['node', '--config', HOSTILE]],
    ['evidence that is none', ['verify-blame', HOSTILE, '--cluster-file', 'cluster.json']],
    ['names of new nodes', ['certs', 'init', '--nodes', HOSTILE]],
  ])('%s prints lines that a terminal only shows', async (_, argv) => {
    const prose = await printed(argv);
    const json = await printed(['--json', ...argv]);

    for (const line of [...prose.out, ...prose.err, ...json.out, ...json.err]) {
      expect(line).not.toMatch(ACTIVE);
      expect(line.trimStart().startsWith(FALSE_LINE)).toBe(false);
    }
    // The text was there to be shown, and no run of blanks moves its end to the beginning of a terminal's row.
    const shown = [...prose.out, ...prose.err].join('\n');
    expect(shown).toContain(String.raw`\u001b[2J`);
    expect(JSON.stringify(json.out.map((line) => JSON.parse(line) as unknown))).toContain(
      'u001b[2J',
    );
  });
});

test('a table and a list of facts show no run of blanks within a text', async () => {
  for (const argv of [
    ['keys', 'get', 'treasury', ...AT],
    ['keys', 'list', ...AT],
  ]) {
    for (const line of (await printed(argv)).out) {
      expect(line).not.toMatch(new RegExp(` {80,}${FALSE_LINE}`));
    }
  }
});

test('an error that nothing caught is told by its words, as text', () => {
  const cli = new URL('../../../src/cli/index.js', import.meta.url).href;
  const script = `
    const { processContext } = await import(${JSON.stringify(cli)});
    processContext();
    const error = Object.assign(new Error(process.env.WORDS), { secret: 'hangs on it' });
    setTimeout(() => { throw error; });`;
  const environment = { ...process.env, WORDS: HOSTILE };
  const argv = ['--input-type=module', '-e', script];
  const { status, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: environment,
  });

  expect(status).toBe(1);
  expect(stderr).toContain(String.raw`quorate: \u001b[2J`);
  expect(stderr.trimEnd()).not.toMatch(ACTIVE);
  expect(stderr).not.toContain('hangs on it');
});

test('no command prints several lines as one, whose line breaks would be escaped', () => {
  const printers = readdirSync('src/cli', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) =>
      /context\.(out|err)\((?:(?!JSON)[^;])*\\n/.test(readFileSync(join('src/cli', file), 'utf8')),
    );

  expect(printers).toEqual([]);
});

test('the command line writes to the terminal in one file alone', () => {
  const writers = readdirSync('src/cli', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) =>
      /\b(process\.std(out|err)|console\.)/.test(readFileSync(join('src/cli', file), 'utf8')),
    );

  expect(writers).toEqual(['command-context.ts']);
});
