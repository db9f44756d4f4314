import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { buildProgram } from '../../../src/cli/program.js';
import { fakeContext } from '../cli/fake-context.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from '../../../src/rpc/limits.js';

const UNIT = 'deploy/quorate.service';
/** Of 10; systemd calls up to 2 well protected. */
const EXPOSURE_MAX = 2;

/** Every line `Name=value`, in order; one name may have many. */
const settings = readFileSync(UNIT, 'utf8')
  .split('\n')
  .filter((line) => /^\w+=/.test(line))
  .map((line) => ({
    name: line.slice(0, line.indexOf('=')),
    value: line.slice(line.indexOf('=') + 1),
  }));
const all = (name: string) =>
  settings.filter((each) => each.name === name).map(({ value }) => value);
const [command = ''] = all('ExecStart');
const [node = '', main = '', ...argv] = command.split(' ');

async function nodeCommand() {
  const program = await buildProgram(fakeContext().context);
  const found = program.commands.find((each) => each.name() === argv[0]);
  if (found === undefined) throw new Error(`there is no command ${argv[0]}`);
  return found;
}

test('the unit starts the program that this package installs', () => {
  const bin = (JSON.parse(readFileSync('package.json', 'utf8')) as { bin: { quorate: string } })
    .bin;
  expect(node).toBe('/usr/bin/node');
  const [, imported = ''] = /new URL\('\.\.\/(.*)', /.exec(readFileSync(bin.quorate, 'utf8')) ?? [];
  expect(main).toBe(`/opt/quorate/${imported}`);
});

test('every option of the unit’s command is one that quorate node takes, each with a value', async () => {
  const known = (await nodeCommand()).options.filter(({ hidden }) => !hidden);
  const flags = argv.slice(1).filter((_, at) => at % 2 === 0);
  const values = argv.slice(1).filter((_, at) => at % 2 === 1);
  expect(flags).toContain('--config');
  expect(values).toHaveLength(flags.length);
  for (const flag of flags) {
    expect(known.filter(({ long, required }) => long === flag && required)).toHaveLength(1);
  }
});

test('the unit gets keys as credentials and keeps data in the unit’s state directory', () => {
  const handed = all('LoadCredential').map((value) => value.split(':')[0]);
  const used = [...command.matchAll(/\$\{CREDENTIALS_DIRECTORY\}\/(\S+)/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(handed));
  expect(argv[argv.indexOf('--node-key-file') + 1]).toMatch(/^\$\{CREDENTIALS_DIRECTORY\}/);
  expect(argv[argv.indexOf('--tls-key') + 1]).toMatch(/^\$\{CREDENTIALS_DIRECTORY\}/);
  expect(argv[argv.indexOf('--data-dir') + 1]).toBe('${STATE_DIRECTORY}');
  expect([all('StateDirectory'), all('StateDirectoryMode')]).toEqual([['quorate'], ['0700']]);
  // A variable would be shown by /proc.
  expect(all('Environment')).toEqual([]);
});

test('the unit waits longer than a node takes to stop, and does not restart after a hopeless error', () => {
  const [seconds] = all('TimeoutStopSec').map(Number);
  expect(seconds).toBeGreaterThan((3 * (STOP_GRACE_MS + STOP_FORCED_MS)) / 1_000);
  expect(all('KillSignal')).toEqual(['SIGTERM']);
  expect(all('RestartPreventExitStatus')).toEqual([`${EXIT.usage} ${EXIT.denied}`]);
});

test.each([
  ['LimitCORE', '0'],
  ['MemorySwapMax', '0'],
  ['NoNewPrivileges', 'yes'],
  ['ProtectSystem', 'strict'],
  ['PrivateTmp', 'yes'],
  ['DynamicUser', 'yes'],
  ['CapabilityBoundingSet', ''],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
  ['UMask', '0077'],
  // V8 could not compile.
  ['MemoryDenyWriteExecute', 'no'],
])('the unit says %s=%s', (name, value) => {
  expect(all(name)).toEqual([value]);
});

/** What systemd says against the unit; nothing on a machine that does not have it, where the settings above must do. */
function complaints(): string[] {
  const verified = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
  if (verified.error !== undefined) return [];
  // A machine may have its Node elsewhere.
  const wrong = verified.stderr
    .split('\n')
    .filter((line) => line.includes('quorate') && !line.includes('is not executable'));
  const offline = ['security', '--offline=true', UNIT];
  const { stdout } = spawnSync('systemd-analyze', offline, { encoding: 'utf8' });
  const [, exposure = '0'] = /exposure level for quorate.service: (\d+\.\d)/.exec(stdout) ?? [];
  return Number(exposure) > EXPOSURE_MAX ? [...wrong, `exposure ${exposure}`] : wrong;
}

test('systemd understands the unit and finds it well protected, where it is installed', () => {
  expect(complaints()).toEqual([]);
});
